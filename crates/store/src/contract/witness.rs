//! Ways to see what became of a scene: what is there, what the log and the events say, and who was first.

use std::future::Future;
use std::sync::Arc;

use cloakroom_model::data::DocumentKey;
use cloakroom_model::event::{Kind, Recorded};
use cloakroom_model::id::UserId;
use cloakroom_model::log::{CONCERNS_FOR, Change, Place, Row, Subject};
use cloakroom_model::user::User;
use serde_json::Value;
use tokio::sync::Barrier;

use super::scene::{at, digest, grant_id, session_id};
use crate::{Act, Changed, EventFilter, FoundSession, LiveGuest, Page, Reading, Store};

/// How many callers a race has.
pub(crate) const CALLERS: u8 = 8;

/// The user as they are now.
pub(super) async fn look_at(store: &dyn Store, id: UserId) -> User {
    store.find_user(id).await.unwrap().expect("the user is there")
}

/// What a document says.
pub(super) async fn value(store: &dyn Store, key: DocumentKey) -> Option<Value> {
    store.read_data(&key).await.unwrap().map(|document| document.value)
}

/// Whether secret `n` opens a session, signed in or not, at the beginning.
pub(super) async fn opens(store: &dyn Store, n: u8) -> bool {
    let session = store.find_session(&digest(n), at(0)).await.unwrap();
    let guest = store.find_guest(&digest(n), at(0)).await.unwrap();
    matches!(session, Some(FoundSession::Live(_))) || matches!(guest, Some(LiveGuest::Live(_)))
}

/// Which of these grants are there.
pub(super) async fn grants_there<const N: usize>(store: &dyn Store, ns: [u8; N]) -> Vec<u8> {
    let mut there = Vec::new();
    for n in ns {
        if store.find_grant(grant_id(n)).await.unwrap().is_some() {
            there.push(n);
        }
    }
    there
}

/// Every event there is, the latest first.
pub(super) async fn events(store: &dyn Store) -> Vec<Recorded> {
    let page = Page { before: None, limit: 1000 };
    store.list_events(&EventFilter { user: None, page }).await.unwrap()
}

/// How many events of a kind there are.
pub(super) async fn count(store: &dyn Store, kind: Kind) -> usize {
    events(store).await.iter().filter(|recorded| recorded.event.kind == kind).count()
}

/// The rows of a change of a user that was done.
#[track_caller]
pub(super) fn changed(changed: Changed) -> Vec<Row> {
    match changed {
        Changed::Done(done) => done.rows,
        refused => panic!("the change was refused: {refused:?}"),
    }
}

pub(super) fn ended(subject: Subject) -> (Subject, Change) {
    (subject, Change::Ended)
}

pub(super) fn session_ended(n: u8) -> (Subject, Change) {
    ended(Subject::Session(session_id(n)))
}

pub(super) fn grant_ended(n: u8) -> (Subject, Change) {
    ended(Subject::Grant(grant_id(n)))
}

pub(super) fn different(subject: Subject) -> (Subject, Change) {
    (subject, Change::Changed)
}

/// A reader of the log.
pub(super) struct Listener {
    place: Place,
}

impl Listener {
    /// Begins after everything that is there.
    pub(super) async fn new(store: &dyn Store) -> Self {
        Self { place: store.read_snapshot().await.unwrap().place }
    }

    /// What was appended since it was asked last.
    pub(super) async fn hear(&mut self, store: &dyn Store) -> Vec<Row> {
        match store.read_log(self.place, 1000).await.unwrap() {
            Reading::Rows { rows, .. } => {
                self.place = rows.last().map_or(self.place, |row| row.place);
                rows
            }
            Reading::Lost => panic!("the log lost a reader's place"),
        }
    }

    /// Holds that an act appended exactly these, in whatever order, and that it answered what the log says.
    pub(super) async fn hears<const N: usize>(
        &mut self,
        store: &dyn Store,
        act: &Act,
        answered: &[Row],
        expected: [(Subject, Change); N],
    ) {
        let heard = self.hear(store).await;
        assert_eq!(heard, answered, "the act answers the rows that it appended");
        for row in &heard {
            assert_eq!(row.place.nonce, act.nonce, "{row:?}");
            assert_eq!((row.at, row.until), (act.at, act.at.plus(CONCERNS_FOR)), "{row:?}");
        }
        let sorted = |mut rows: Vec<(Subject, Change)>| {
            rows.sort_by_key(|(subject, change)| (subject.clone(), *change == Change::Ended));
            rows
        };
        let heard = heard.into_iter().map(|row| (row.subject, row.change)).collect();
        assert_eq!(sorted(heard), sorted(expected.to_vec()));
    }
}

/// Lets [`CALLERS`] callers do something at the same moment; answers what each of them got.
pub(super) async fn at_once<T, F, Doing>(store: &Arc<dyn Store>, doing: F) -> Vec<T>
where
    T: Send + 'static,
    F: Fn(Arc<dyn Store>, u8) -> Doing,
    Doing: Future<Output = T> + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(usize::from(CALLERS)));
    let mut callers = Vec::new();
    for caller in 1..=CALLERS {
        let (doing, barrier) = (doing(Arc::clone(store), caller), Arc::clone(&barrier));
        callers.push(tokio::spawn(async move {
            barrier.wait().await;
            doing.await
        }));
    }
    let mut answers = Vec::new();
    for caller in callers {
        answers.push(caller.await.unwrap());
    }
    answers
}
