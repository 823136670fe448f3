//! What a service is sent that follows the revocation log: events of a stream (WHATWG HTML §9.2), as `docs/feed.md` tells
//! their readers.
//!
//! Subjects are named by digests: who holds a token can tell that a row is about it, and who holds none learns nothing but
//! that something ended. What is encoded is the same for every reader, but for [`heard`].

use std::fmt::Write as _;
use std::time::Duration;

use aws_lc_rs::digest;
use cloakroom_jose::base64url;
use cloakroom_model::log::{Change, Place, Row, Subject};
use cloakroom_model::time::Timestamp;

/// What a client must be allowed, to follow.
pub const SCOPE: &str = "revocations";

/// The media type of the stream.
pub const MEDIA_TYPE: &str = "text/event-stream";

/// Everything follows that still concerns something. Whoever reads it forgets its place, too, until it has read all of it:
/// the field is there and empty.
pub const SNAPSHOT: &str = "event: begin\nid:\ndata: snapshot\n\n";

/// What follows comes after the place that was named.
pub const RESUMED: &str = "event: begin\ndata: resumed\n\n";

/// How many bytes name a subject.
pub const DIGEST_BYTES: usize = 16;

/// Names a subject to whoever knows it.
#[must_use]
pub fn digest(subject: &Subject) -> [u8; DIGEST_BYTES] {
    let mut text = String::with_capacity(96);
    text.push_str("cloakroom revocation\n");
    // Writing to a text does not fail.
    let _ = match subject {
        Subject::Session(id) => write!(text, "session\n{id}"),
        Subject::Grant(id) => write!(text, "grant\n{id}"),
        Subject::Client(id) => write!(text, "client\n{id}"),
        Subject::Key(id) => write!(text, "key\n{}", id.0),
        Subject::User(id) => write!(text, "user\n{id}"),
        Subject::Token(id) => write!(text, "token\n{id}"),
    };
    let whole = digest::digest(&digest::SHA256, text.as_bytes());
    let mut first = [0; DIGEST_BYTES];
    first.copy_from_slice(&whole.as_ref()[..DIGEST_BYTES]);
    first
}

/// A place as readers name it.
#[must_use]
pub fn place(Place { seq, nonce }: Place) -> String {
    format!("{seq}.{nonce:016x}")
}

/// Reads what [`place`] wrote, and nothing else.
pub fn parse_place(text: &str) -> Result<Place, NotAPlace> {
    let (seq, nonce) = text.split_once('.').ok_or(NotAPlace)?;
    let read = Place {
        seq: seq.parse().map_err(|_| NotAPlace)?,
        nonce: u64::from_str_radix(nonce, 16).map_err(|_| NotAPlace)?,
    };
    // One place has one text.
    if place(read) == text { Ok(read) } else { Err(NotAPlace) }
}

/// The text names no place.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected a place that the feed named, such as 7117.00c10a4200c10a42")]
pub struct NotAPlace;

/// Rows of the log, in their order; none where there are none. The reader's place is then that of the last.
#[must_use]
pub fn rows(rows: &[Row]) -> Option<String> {
    let mut event = Rows::ending_at(rows.last()?.place);
    for row in rows {
        event.push(row.until, row.change, &row.subject);
    }
    Some(event.finish())
}

/// One event of rows, as it is written.
#[derive(Debug)]
pub struct Rows {
    text: String,
    until: Option<i64>,
}

impl Rows {
    /// A piece of a snapshot that is not its last.
    #[must_use]
    pub fn of_snapshot() -> Self {
        Self { text: "event: rows\n".to_owned(), until: None }
    }

    /// Rows after which the reader is at `place`.
    #[must_use]
    pub fn ending_at(place: Place) -> Self {
        let place = self::place(place);
        Self { text: format!("event: rows\nid: {place}\n"), until: None }
    }

    /// Adds what happened to a subject; the row may be forgotten at `until`. Rows of one second that come one after the
    /// other share a line.
    pub fn push(&mut self, until: Timestamp, change: Change, subject: &Subject) {
        // Upwards: what is forgotten late does no harm.
        let until = until.plus(Duration::from_millis(999)).seconds();
        if self.until != Some(until) {
            let end = if self.until.is_some() { "\n" } else { "" };
            let _ = write!(self.text, "{end}data: {until}");
            self.until = Some(until);
        }
        self.text.push_str(match change {
            Change::Ended => " -",
            Change::Changed => " ~",
        });
        self.text.push_str(&base64url::encode(&digest(subject)));
    }

    /// The event. One without a row has a line all the same: readers drop an event without data.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.text.push_str(if self.until.is_some() { "\n\n" } else { "data: 0\n\n" });
        self.text
    }
}

/// Everything was sent that was committed until so long after the request was taken in.
#[must_use]
pub fn heard(elapsed: Duration) -> String {
    format!("event: heard\ndata: {}\n\n", elapsed.as_millis())
}

#[cfg(test)]
mod tests {
    use cloakroom_model::id::{ClientId, KeyId, SessionId, UserId};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_subject_is_named_by_its_kind_and_its_id() {
        // printf 'cloakroom revocation\nclient\nshop' | sha256sum | xxd -r -p | head -c 16 | basenc --base64url
        let shop = Subject::Client(ClientId::parse("shop").unwrap());
        assert_eq!(base64url::encode(&digest(&shop)), SHOP);
        let id = [7; 16];
        let others = [
            Subject::Session(SessionId::from_bytes(id)),
            Subject::User(UserId::from_bytes(id)),
            Subject::Key(KeyId("shop".to_owned())),
            Subject::Token("shop".to_owned()),
        ];
        for (index, one) in others.iter().enumerate() {
            assert_ne!(digest(one), digest(&shop));
            assert!(others[..index].iter().all(|other| digest(other) != digest(one)));
        }
    }

    #[test]
    fn rows_of_one_second_share_a_line_and_the_last_names_the_place() {
        let written = rows(&[
            row(5, 1_000, Change::Ended),
            row(6, 1_999, Change::Changed),
            row(9, 2_001, Change::Ended),
        ]);
        assert_eq!(
            written.unwrap(),
            format!(
                "event: rows\nid: 9.00000000000000ab\ndata: 1 -{SHOP}\ndata: 2 ~{SHOP}\ndata: 3 -{SHOP}\n\n"
            )
        );
        assert_eq!(rows(&[]), None);
    }

    #[test]
    fn a_snapshot_of_nothing_has_an_event_all_the_same() {
        let nothing = Rows::ending_at(Place::default()).finish();
        assert_eq!(nothing, "event: rows\nid: 0.0000000000000000\ndata: 0\n\n");
    }

    #[test]
    fn what_is_no_place_is_said_to_be_none() {
        assert_eq!(parse_place("7.00000000000000ff"), Ok(Place { seq: 7, nonce: 255 }));
        for bad in [
            "",
            "7",
            "7.",
            ".00000000000000ff",
            "7.ff",
            "07.00000000000000ff",
            "+7.00000000000000ff",
            "-7.00000000000000ff",
            "7.00000000000000FF",
            "7.00000000000000ff ",
            "7.+0000000000000ff",
            "18446744073709551616.00000000000000ff",
        ] {
            assert_eq!(parse_place(bad), Err(NotAPlace), "{bad:?}");
        }
    }

    #[test]
    fn what_was_heard_is_told_in_whole_milliseconds_downwards() {
        assert_eq!(heard(Duration::from_micros(1999)), "event: heard\ndata: 1\n\n");
    }

    proptest! {
        #[test]
        fn a_place_is_read_as_it_was_written(seq: u64, nonce: u64) {
            let written = Place { seq, nonce };
            prop_assert_eq!(parse_place(&place(written)), Ok(written));
        }

        #[test]
        fn any_text_is_a_place_or_is_not(text in "[0-9a-f.]{0,40}|.*") {
            if let Ok(read) = parse_place(&text) {
                prop_assert_eq!(place(read), text);
            }
        }
    }

    const SHOP: &str = "gSV0zdqhwNUOk3nLxwknNw";

    fn row(seq: u64, until: i64, change: Change) -> Row {
        Row {
            place: Place { seq, nonce: 0xab },
            at: Timestamp(0),
            subject: Subject::Client(ClientId::parse("shop").unwrap()),
            change,
            until: Timestamp(until),
        }
    }
}
