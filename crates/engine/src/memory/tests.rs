use cloakroom_model::id::{ClientId, UserId};
use cloakroom_model::log::{Change, Place};
use cloakroom_model::session::{Carrier, Device, Session};
use cloakroom_model::user::{Email, Life, User};

use super::*;

const NOW: Timestamp = Timestamp(1_000_000_000);
const STEADY: Duration = Duration::from_secs(100);

#[test]
fn a_remembered_session_is_believed_while_no_row_concerns_it() {
    let memory = trusted();
    memory.keep(NAME, entry(&memory, NOW));
    assert!(memory.find(&NAME, NOW).is_some());

    memory.hear(&[row(5, Subject::Session(sid(9)), Change::Ended)]);
    assert!(memory.find(&NAME, NOW).is_some(), "somebody else's end");
    memory.hear(&[row(6, Subject::Session(sid(1)), Change::Changed)]);
    assert!(memory.find(&NAME, NOW).is_none());
}

#[test]
fn a_change_of_the_user_disproves_every_session_of_theirs() {
    let memory = trusted();
    memory.keep(NAME, entry(&memory, NOW));
    memory.hear(&[row(5, Subject::User(user().id), Change::Changed)]);
    assert!(memory.find(&NAME, NOW).is_none());
}

#[test]
fn a_row_that_comes_while_the_store_is_read_disproves_what_was_read() {
    let memory = trusted();
    let noted = memory.note();
    memory.hear(&[row(5, Subject::Session(sid(1)), Change::Ended)]);
    memory.caught_up(5, STEADY);
    memory.keep(NAME, Arc::new(Remembered::new(session(), Some(user()), noted, NOW)));
    assert!(memory.find(&NAME, NOW).is_none());
}

#[test]
fn a_guest_is_looked_up_again_after_a_loss_and_a_user_is_not() {
    let losses = Losses::default();
    let memory = trusted().with_lost_guests(losses.clone());
    let keep = |name, user| {
        memory.keep(name, Arc::new(Remembered::new(session(), user, memory.note(), NOW)));
    };
    let guest = Name::Session(sid(7));
    keep(NAME, Some(user()));
    keep(guest, None);
    let noted_before = memory.note();
    assert!(memory.find(&guest, NOW).is_some());
    losses.add();
    assert!(memory.find(&guest, NOW).is_none());
    assert!(memory.find(&NAME, NOW).is_some());
    memory.keep(guest, Arc::new(Remembered::new(session(), None, noted_before, NOW)));
    assert!(memory.find(&guest, NOW).is_none(), "it was read before the loss was known");
    keep(guest, None);
    assert!(memory.find(&guest, NOW).is_some());
}

#[test]
fn rows_are_heard_in_any_order_and_more_than_once() {
    let memory = trusted();
    memory.hear(&[row(7, Subject::Session(sid(2)), Change::Changed)]);
    memory.keep(NAME, entry(&memory, NOW));
    assert!(memory.find(&NAME, NOW).is_some());
    // An earlier number that is heard later, because another process wrote it.
    memory.hear(&[
        row(6, Subject::Session(sid(1)), Change::Ended),
        row(7, Subject::Session(sid(2)), Change::Changed),
    ]);
    assert!(memory.find(&NAME, NOW).is_none());
}

#[test]
fn what_was_filled_after_a_row_is_believed() {
    let memory = trusted();
    memory.hear(&[row(5, Subject::Session(sid(1)), Change::Changed)]);
    memory.caught_up(5, STEADY);
    memory.keep(NAME, entry(&memory, NOW));
    assert!(memory.find(&NAME, NOW).is_some());
}

#[test]
fn nothing_is_believed_for_longer_than_its_time() {
    let memory = trusted();
    memory.keep(NAME, entry(&memory, NOW));
    assert!(memory.find(&NAME, NOW.plus(MAX_AGE)).is_some());
    assert!(memory.find(&NAME, NOW.plus(MAX_AGE + Duration::from_millis(1))).is_none());
}

#[test]
fn memory_is_trusted_for_two_seconds_after_the_question_not_the_answer() {
    let memory = Memory::new(10, Duration::from_secs(2));
    assert!(!memory.is_trusted(STEADY), "nothing was heard yet");
    memory.caught_up(1, STEADY);
    assert!(memory.is_trusted(STEADY + Duration::from_secs(2)));
    assert!(!memory.is_trusted(STEADY + Duration::from_millis(2_001)));
    memory.caught_up(1, STEADY);
    memory.distrust();
    assert!(!memory.is_trusted(STEADY));
}

#[test]
fn when_the_log_is_lost_nothing_is_believed_and_what_ended_stays_ended() {
    let memory = trusted();
    let ended = Subject::Session(sid(3));
    memory.hear(&[row(900, ended.clone(), Change::Ended)]);
    memory.caught_up(900, STEADY);
    let before = entry(&memory, NOW);
    memory.lose();
    memory.keep(NAME, before);
    assert!(memory.find(&NAME, NOW).is_none(), "from before");
    assert!(!memory.is_trusted(STEADY));
    assert!(memory.has_ended(&ended));

    // The other history has smaller numbers, and they count all the same.
    memory.keep(NAME, entry(&memory, NOW));
    memory.hear(&[row(4, Subject::Session(sid(1)), Change::Ended)]);
    assert!(memory.find(&NAME, NOW).is_none());
}

#[test]
fn a_row_is_forgotten_when_it_concerns_nothing_any_more() {
    let memory = trusted();
    let subject = Subject::Session(sid(3));
    memory.hear(&[row(5, subject.clone(), Change::Ended)]);
    memory.sweep(Timestamp(NOW.plus(CONCERNS_FOR).0 - 1));
    assert!(memory.has_ended(&subject));
    memory.sweep(NOW.plus(CONCERNS_FOR));
    assert!(!memory.has_ended(&subject));
}

#[test]
fn a_use_waits_once_and_is_never_taken_back() {
    let memory = trusted();
    let entry = entry(&memory, NOW);
    let seen = Seen::default();
    let later = NOW.plus(Duration::from_secs(1));
    seen.note(&entry, later);
    seen.note(&entry, NOW);
    seen.note(&entry, later);
    assert_eq!(seen.take().of_users, [(sid(1), later)]);
    assert!(seen.take().of_users.is_empty());
    seen.note(&entry, later.plus(Duration::from_secs(1)));
    assert_eq!(seen.take().of_users.len(), 1, "the next batch");
}

const NAME: Name = Name::Secret(Digest([1; 32]));

fn trusted() -> Memory {
    let memory = Memory::new(10, Duration::from_secs(2));
    memory.caught_up(1, STEADY);
    memory
}

fn entry(memory: &Memory, now: Timestamp) -> Arc<Remembered> {
    Arc::new(Remembered::new(session(), Some(user()), memory.note(), now))
}

fn row(seq: u64, subject: Subject, change: Change) -> Row {
    Row { place: Place { seq, nonce: 1 }, at: NOW, subject, change, until: NOW.plus(CONCERNS_FOR) }
}

fn sid(n: u8) -> SessionId {
    SessionId::from_bytes([n; 16])
}

fn user() -> User {
    User {
        id: UserId::from_bytes([7; 16]),
        email: Email::parse("ada@example.com").unwrap(),
        username: None,
        roles: Vec::new(),
        life: Life::Active,
        generation: 0,
        created_at: NOW,
    }
}

fn session() -> Session {
    Session {
        id: sid(1),
        user: Some(user().id),
        client: ClientId::built_in(),
        carrier: Carrier::Cookie,
        device: Device::default(),
        authentication: None,
        created_at: NOW,
        expires_at: NOW.plus(Duration::from_hours(24)),
        idle: Duration::from_hours(1),
        last_seen_at: NOW,
        remembered: false,
    }
}
