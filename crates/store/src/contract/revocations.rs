//! Promises about the log: numbers are the order of commits, a reader misses nothing, and a reader that could
//! have missed something is told that it is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use cloakroom_model::event::Kind;
use cloakroom_model::log::{CONCERNS_FOR, Change, Place, Row, Subject};
use cloakroom_model::time::Timestamp;

use super::scene::{act, act_at, at, session_id, user_id};
use super::witness::{CALLERS, Listener, at_once, count, different, ended};
use crate::{Reading, Store};

/// How many rows each caller of the race appends.
const EACH: usize = 20;

pub async fn a_reader_goes_on_from_its_place(store: Arc<dyn Store>) {
    let mut appended = Vec::new();
    for n in 1..=5 {
        appended.push(tell(&*store, n, at(0)).await);
    }
    let mut place = Place::default();
    let mut read = Vec::new();
    for expected in [2, 2, 1, 0] {
        let page = rows(&*store, place, 2).await;
        assert_eq!(page.len(), expected);
        place = page.last().map_or(place, |row| row.place);
        read.extend(page);
    }
    assert_eq!(read, appended);
    let last = tell(&*store, 6, at(0)).await;
    assert_eq!(rows(&*store, place, 2).await, [last]);
}

pub async fn every_row_has_a_number_above_all_before_it(store: Arc<dyn Store>) {
    let mut before = 0;
    for n in 1..=5 {
        // Times may stand still or step back; numbers may not.
        let row = tell(&*store, n, at(u64::from(9 - n))).await;
        assert!(row.place.seq > before, "{row:?} after {before}");
        before = row.place.seq;
    }
}

pub async fn no_row_appears_behind_a_reader(store: Arc<dyn Store>) {
    let writers = Arc::new(AtomicU8::new(CALLERS - 1));
    let answers = at_once(&store, |store, caller| {
        let writers = Arc::clone(&writers);
        async move {
            if caller == 1 {
                return read_until(&*store, || writers.load(Ordering::SeqCst) == 0).await;
            }
            let mut wrote = Vec::new();
            for _ in 0..EACH {
                wrote.push(tell(&*store, caller, at(0)).await);
            }
            writers.fetch_sub(1, Ordering::SeqCst);
            wrote
        }
    })
    .await;

    let read = &answers[0];
    assert!(read.is_sorted_by(|a, b| a.place.seq < b.place.seq));
    for (caller, wrote) in (1..=CALLERS).zip(&answers).skip(1) {
        let subject = Subject::Session(session_id(caller));
        let of_caller: Vec<_> = read.iter().filter(|row| row.subject == subject).collect();
        assert_eq!(of_caller, wrote.iter().collect::<Vec<_>>(), "caller {caller}");
    }
}

pub async fn a_reader_in_another_history_is_lost(store: Arc<dyn Store>) {
    let first = tell(&*store, 1, at(0)).await.place;
    let last = tell(&*store, 2, at(0)).await.place;
    assert_eq!(rows(&*store, first, 9).await.len(), 1);
    assert_eq!(rows(&*store, last, 9).await, []);

    let elsewhere = [
        Place { nonce: first.nonce ^ 1, ..first },
        Place { nonce: last.nonce ^ 1, ..last },
        Place { seq: last.seq + 1, ..last },
        Place { seq: first.seq, nonce: last.nonce },
        Place { seq: 0, nonce: 7 },
    ];
    for place in elsewhere {
        let reading = store.read_log(place, 9).await.unwrap();
        assert_eq!(reading, Reading::Lost, "{place:?}");
    }
}

pub async fn forgotten_rows_are_holes_and_a_reader_on_one_is_lost(store: Arc<dyn Store>) {
    let early = at(0).minus(CONCERNS_FOR);
    let kept = tell(&*store, 1, at(0)).await;
    let hole = tell(&*store, 2, early).await;
    let after = tell(&*store, 3, at(0)).await;

    store.prune_log(early).await.unwrap();
    assert_eq!(rows(&*store, Place::default(), 9).await.len(), 3, "all of them concern something");
    store.prune_log(at(1)).await.unwrap();

    assert_eq!(rows(&*store, kept.place, 9).await, [after]);
    assert_eq!(store.read_log(hole.place, 9).await.unwrap(), Reading::Lost);
}

pub async fn the_last_row_is_never_forgotten(store: Arc<dyn Store>) {
    let late = at(1).plus(CONCERNS_FOR);
    store.prune_log(late).await.unwrap();
    assert_eq!(rows(&*store, Place::default(), 9).await, []);
    tell(&*store, 1, at(0)).await;
    let last = tell(&*store, 2, at(0)).await;

    store.prune_log(late).await.unwrap();

    assert_eq!(store.read_snapshot().await.unwrap().place, last.place);
    assert_eq!(rows(&*store, last.place, 9).await, []);
    // Who never read anything has missed the row that is gone.
    assert_eq!(store.read_log(Place::default(), 9).await.unwrap(), Reading::Lost);
    let next = tell(&*store, 3, at(0)).await;
    assert!(next.place.seq > last.place.seq);
    assert_eq!(rows(&*store, last.place, 9).await, [next]);
}

pub async fn a_snapshot_is_a_place_to_go_on_from(store: Arc<dyn Store>) {
    let empty = store.read_snapshot().await.unwrap();
    assert_eq!((empty.place, empty.rows), (Place::default(), Vec::new()));

    let first = tell(&*store, 1, at(0)).await;
    // Nothing that a row of 1970 concerns can still be presented.
    tell(&*store, 2, Timestamp(0)).await;
    let third = tell(&*store, 3, at(0)).await;
    let last = tell(&*store, 4, Timestamp(0)).await;
    let snapshot = store.read_snapshot().await.unwrap();
    assert_eq!((snapshot.place, snapshot.rows), (last.place, vec![first, third]));
    assert!(snapshot.now > Timestamp(0) && snapshot.now <= at(0), "{:?}", snapshot.now);

    let next = tell(&*store, 5, at(0)).await;
    let Reading::Rows { rows, now, timeline } = store.read_log(snapshot.place, 9).await.unwrap()
    else {
        panic!("the place of a snapshot is in the log");
    };
    assert_eq!(rows, [next]);
    assert!(now >= snapshot.now);
    assert_eq!(timeline, snapshot.timeline);
}

pub async fn a_single_token_ends_as_long_as_any_token_lives(store: Arc<dyn Store>) {
    let mut log = Listener::new(&*store).await;
    let end = act(Kind::GrantEnded);
    let token = Subject::Token("jti \"1\"".to_owned());
    let done = store.announce(token.clone(), Change::Ended, &end).await.unwrap();
    log.hears(&*store, &end, &done.rows, [ended(token)]).await;
    assert_eq!(done.rows[0].until, at(0).plus(CONCERNS_FOR));
}

pub async fn whatever_changes_can_be_announced(store: Arc<dyn Store>) {
    let mut log = Listener::new(&*store).await;
    let announce = act(Kind::ClientChanged);
    let done = store.announce(Subject::User(user_id(1)), Change::Changed, &announce).await.unwrap();
    log.hears(&*store, &announce, &done.rows, [different(Subject::User(user_id(1)))]).await;
    assert_eq!(count(&*store, Kind::ClientChanged).await, 1);
}

/// Follows the log from its first row until nothing is there to come and nothing is left.
async fn read_until(store: &dyn Store, is_all: impl Fn() -> bool) -> Vec<Row> {
    let (mut place, mut read) = (Place::default(), Vec::new());
    loop {
        // Asked before reading, so that what the last writer wrote is still read.
        let is_all = is_all();
        let page = rows(store, place, 7).await;
        if is_all && page.is_empty() {
            return read;
        }
        place = page.last().map_or(place, |row| row.place);
        read.extend(page);
        tokio::task::yield_now().await;
    }
}

/// Appends a row about session `n`.
async fn tell(store: &dyn Store, n: u8, at: Timestamp) -> Row {
    let act = act_at(at, Kind::SessionEnded);
    let subject = Subject::Session(session_id(n));
    let done = store.announce(subject, Change::Changed, &act).await.unwrap();
    let [row] = done.rows.try_into().unwrap();
    assert_eq!((row.change, row.place.nonce, row.at), (Change::Changed, act.nonce, at));
    row
}

async fn rows(store: &dyn Store, place: Place, limit: usize) -> Vec<Row> {
    match store.read_log(place, limit).await.unwrap() {
        Reading::Rows { rows, .. } => rows,
        Reading::Lost => panic!("{place:?} is in the log"),
    }
}
