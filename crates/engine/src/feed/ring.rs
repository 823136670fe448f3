//! The last rows of the log, encoded once for everybody who follows.

use std::collections::VecDeque;

use bytes::Bytes;
use cloakroom_model::log::{Place, Row};
use cloakroom_oauth::feed;

/// How much is kept, counting what a piece costs beside its text. At a hundred rows a second, each read by itself, those of
/// the last four minutes.
const KEPT_BYTES: u64 = 4 << 20;

/// What a place and a piece cost beside the text.
const PLACE_BYTES: u64 = 16;
const PIECE_BYTES: u64 = 96;

/// The least that the text of a row takes: its change, and a digest of sixteen bytes in base64url.
const ROW_BYTES: u64 = 24;

/// More rows than that are never kept.
const MOST_ROWS: usize = (KEPT_BYTES / (ROW_BYTES + PLACE_BYTES)) as usize;

/// So many rows of a snapshot make a piece.
const PIECE_ROWS: usize = 500;

/// Pieces of one history, without a gap from `start` to the last of them.
#[derive(Default)]
pub(super) struct Ring {
    /// Which history it is, counted since this process began; readers of another one begin again.
    history: u64,
    /// The place before the first piece; `None` before the first history is there, and between one and the next.
    start: Option<Place>,
    pieces: VecDeque<Piece>,
    /// The cost of all that was ever in it.
    passed: u64,
}

/// What one reading of the log found.
struct Piece {
    /// The place of each row, in order; never empty.
    places: Box<[Place]>,
    text: Bytes,
    /// The cost of it and of all before it.
    passed: u64,
}

/// What comes next for a reader.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Next {
    /// This, and then what is after its last row.
    Piece(Bytes, u64),
    /// Nothing yet.
    Nothing,
    /// Nobody knows: what the reader has is from another history, or from too long ago.
    Gone,
}

impl Ring {
    /// Begins another history with what a snapshot holds, so that who was there before this process can go on here.
    pub(super) fn begin(&mut self, end: Place, rows: &[Row]) {
        self.forget();
        // There may be millions, and a node that starts does not encode those that it would not keep.
        let rows = &rows[rows.len().saturating_sub(MOST_ROWS)..];
        // The first row that is kept is where a reader may be. What is not in a snapshot concerns nothing any more.
        let (start, rest) = match rows {
            [first, rest @ ..] => (first.place, rest),
            [] => (end, rows),
        };
        self.start = Some(start);
        for rows in rest.chunks(PIECE_ROWS) {
            self.push(rows);
        }
        self.end_at(end);
    }

    /// Forgets everything: the log is another one.
    pub(super) fn forget(&mut self) {
        self.history += 1;
        self.start = None;
        self.pieces.clear();
    }

    /// Adds what a reading found after the last place.
    pub(super) fn push(&mut self, rows: &[Row]) {
        let Some(text) = feed::rows(rows) else { return };
        self.add(rows.iter().map(|row| row.place).collect(), text.into());
        while self.cost() > KEPT_BYTES
            && let Some(oldest) = self.pieces.pop_front()
        {
            self.start = oldest.places.last().copied();
        }
    }

    /// Which history this is and where it is now; `None` where there is none.
    pub(super) fn end(&self) -> Option<(u64, Place)> {
        let start = self.start?;
        Some((self.history, self.pieces.back().and_then(Piece::end).unwrap_or(start)))
    }

    /// The history that goes on from a place, if it is one of those that are kept.
    pub(super) fn find(&self, place: Place) -> Option<u64> {
        // Before the first row every history is the same.
        let named = (place.seq > 0).then_some(place)?;
        let found = if self.start? == named {
            true
        } else {
            let piece = self.pieces.get(self.after(named.seq - 1))?;
            piece
                .places
                .binary_search_by_key(&named.seq, |place| place.seq)
                .is_ok_and(|index| piece.places[index] == named)
        };
        found.then_some(self.history)
    }

    /// What follows the row of this number. Some rows from before it may come with it.
    pub(super) fn next(&self, history: u64, seq: u64) -> Next {
        match self.start {
            Some(start) if history == self.history && seq >= start.seq => (),
            _ => return Next::Gone,
        }
        match self.pieces.get(self.after(seq)) {
            Some(piece) => match piece.end() {
                Some(end) => Next::Piece(piece.text.clone(), end.seq),
                None => Next::Nothing,
            },
            None => Next::Nothing,
        }
    }

    /// Whether a reader at this place is in no hurry: more than half of what is kept is before it.
    pub(super) fn is_recent(&self, history: u64, place: Place) -> bool {
        let Some(start) = self.start.filter(|_| history == self.history) else { return false };
        if place.seq < start.seq {
            return false;
        }
        let before = match self.after(place.seq) {
            0 => self.passed - self.cost(),
            after => self.pieces[after - 1].passed,
        };
        self.passed - before <= KEPT_BYTES / 2
    }

    /// The index of the first piece that has a row after this number.
    fn after(&self, seq: u64) -> usize {
        self.pieces.partition_point(|piece| piece.end().is_none_or(|end| end.seq <= seq))
    }

    fn cost(&self) -> u64 {
        let first = self.pieces.front().map_or(self.passed, |piece| piece.passed - piece.cost());
        self.passed - first
    }

    fn add(&mut self, places: Box<[Place]>, text: Bytes) {
        let mut piece = Piece { places, text, passed: 0 };
        self.passed += piece.cost();
        piece.passed = self.passed;
        self.pieces.push_back(piece);
    }

    /// The last place of a snapshot may be of a row that is not in it, since that concerns nothing any more.
    fn end_at(&mut self, end: Place) {
        if self.end().is_some_and(|(_, last)| last != end) {
            let nothing = feed::Rows::ending_at(end).finish();
            self.add([end].into(), nothing.into());
        }
    }
}

impl Piece {
    fn end(&self) -> Option<Place> {
        self.places.last().copied()
    }

    fn cost(&self) -> u64 {
        self.text.len() as u64 + self.places.len() as u64 * PLACE_BYTES + PIECE_BYTES
    }
}

#[cfg(test)]
mod tests {
    use cloakroom_model::id::SessionId;
    use cloakroom_model::log::{Change, Subject};
    use cloakroom_model::time::Timestamp;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn who_was_at_a_place_goes_on_after_it() {
        let ring = ring(10, &[11, 12, 15], &[20]);
        let history = ring.find(at(12)).unwrap();
        let Next::Piece(first, place) = ring.next(history, 12) else { panic!("a piece") };
        assert_eq!(first, feed::rows(&rows(&[11, 12, 15])).unwrap(), "and some of it again");
        assert_eq!(place, 15);
        let Next::Piece(second, place) = ring.next(history, 15) else { panic!("a piece") };
        assert_eq!((second, place), (feed::rows(&rows(&[20])).unwrap().into(), 20));
        assert_eq!(ring.next(history, 20), Next::Nothing);
    }

    #[test]
    fn a_place_that_is_not_in_this_history_is_not_found() {
        let mut ring = ring(10, &[11, 12, 15], &[20]);
        for known in [10, 11, 12, 15, 20] {
            assert!(ring.find(at(known)).is_some(), "{known}");
        }
        for unknown in [0, 1, 9, 13, 14, 19, 21] {
            assert_eq!(ring.find(at(unknown)), None, "{unknown}");
        }
        assert_eq!(
            ring.find(Place { seq: 12, nonce: 1 }),
            None,
            "of a history that ended otherwise"
        );
        assert_eq!(
            ring.find(Place { seq: 10, nonce: 1 }),
            None,
            "of a history that ended otherwise"
        );
        let (before, _) = ring.end().unwrap();
        ring.forget();
        assert_eq!((ring.end(), ring.find(at(12))), (None, None));
        ring.begin(at(12), &rows(&[11, 12]));
        assert_eq!(ring.next(before, 12), Next::Gone, "its reader must forget what it was told");
    }

    #[test]
    fn nobody_can_tell_that_he_saw_the_beginning_of_this_history() {
        let ring = ring(0, &[1], &[2]);
        assert_eq!(ring.find(Place::default()), None);
    }

    #[test]
    fn a_snapshot_lets_those_go_on_who_knew_its_rows() {
        let mut ring = Ring::default();
        ring.begin(at(9), &rows(&[3, 4, 7]));
        let (history, end) = ring.end().unwrap();
        assert_eq!(end, at(9));
        for known in [3, 4, 7, 9] {
            assert_eq!(ring.find(at(known)), Some(history), "{known}");
        }
        let Next::Piece(text, place) = ring.next(history, 3) else { panic!("a piece") };
        assert_eq!((text, place), (feed::rows(&rows(&[4, 7])).unwrap().into(), 7));
        let Next::Piece(text, place) = ring.next(history, 7) else { panic!("the place") };
        assert_eq!((text.as_ref(), place), (feed::Rows::ending_at(at(9)).finish().as_bytes(), 9));
    }

    #[test]
    fn what_is_kept_has_an_end_and_the_oldest_goes_first() {
        let mut ring = Ring::default();
        ring.begin(at(1), &[]);
        let (history, _) = ring.end().unwrap();
        let mut last = 1;
        while ring.next(history, 1) != Next::Gone {
            last += 1;
            ring.push(&rows(&[last]));
            assert!(ring.cost() <= KEPT_BYTES);
            assert!(last < 100_000, "nothing is ever forgotten");
        }
        assert!(last > 10_000, "{last}");
        assert_eq!(ring.find(at(1)), None);
        assert!(ring.find(at(2)).is_some(), "where the oldest ended, a reader can still be");
        assert!(!ring.is_recent(history, at(2)) && !ring.is_recent(history, at(1)));
        assert!(ring.is_recent(history, at(last)) && ring.is_recent(history, at(last - 100)));
        assert!(!ring.is_recent(history + 1, at(last)));
    }

    proptest! {
        /// Whoever begins anywhere and reads to the end has every row after its place, in order.
        #[test]
        fn no_row_is_left_out(readings in proptest::collection::vec(1..5_u64, 1..20), from in 0..60_u64) {
            let mut ring = Ring::default();
            ring.begin(at(1), &[]);
            let mut last = 1;
            for count in &readings {
                let seqs: Vec<u64> = (1..=*count).map(|n| last + n).collect();
                last += count;
                ring.push(&rows(&seqs));
            }
            let Some(history) = ring.find(at(from)) else {
                prop_assert!(from < 1 || from > last);
                return Ok(());
            };
            let (mut seq, mut all) = (from, String::new());
            while let Next::Piece(text, next) = ring.next(history, seq) {
                prop_assert!(next > seq);
                seq = next;
                all.push_str(std::str::from_utf8(&text).unwrap());
            }
            prop_assert_eq!(seq, last);
            for seq in from + 1..=last {
                let digest = feed::digest(&row(seq).subject);
                prop_assert!(all.contains(&cloakroom_jose::base64url::encode(&digest)), "{}", seq);
            }
        }
    }

    fn ring(start: u64, first: &[u64], second: &[u64]) -> Ring {
        let mut ring = Ring::default();
        ring.begin(at(start), &[]);
        ring.push(&rows(first));
        ring.push(&rows(second));
        ring
    }

    fn at(seq: u64) -> Place {
        Place { seq, nonce: seq * 1000 }
    }

    fn rows(seqs: &[u64]) -> Vec<Row> {
        seqs.iter().map(|seq| row(*seq)).collect()
    }

    fn row(seq: u64) -> Row {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&seq.to_be_bytes());
        Row {
            place: at(seq),
            at: Timestamp(0),
            subject: Subject::Session(SessionId::from_bytes(id)),
            change: Change::Ended,
            until: Timestamp(1000),
        }
    }
}
