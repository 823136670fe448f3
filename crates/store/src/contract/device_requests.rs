//! Promises about devices that wait: one person answers each, patience is asked for, and one grant comes of it.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_model::authorization::{DeviceAnswer, DeviceRequest};
use cloakroom_model::event::{Kind, Reason};
use cloakroom_model::grant::Grant;

use super::scene::{
    act, act_at, at, client, client_id, come_as_guest, digest, disabled, ending, grant, redeem,
    relying_party, session_id, sign_in, sign_up, user_id,
};
use super::witness::{CALLERS, at_once, changed, count, events, grants_there};
use crate::{AnswerDeviceRequest, Ends, InsertDeviceRequest, PollDeviceRequest, Redeem, Store};

pub async fn a_device_is_found_by_what_a_person_types(store: Arc<dyn Store>) {
    let before = events(&*store).await;
    wait(&*store, 90).await;
    let just_before = at(60).minus(Duration::from_millis(1));
    let found = store.find_device_request(&digest(190), just_before).await.unwrap();
    assert_eq!(found, Some(request(90)));
    assert_eq!(store.find_device_request(&digest(190), at(60)).await.unwrap(), None);
    assert_eq!(store.find_device_request(&digest(90), at(0)).await.unwrap(), None);
    store.expire_device_requests(just_before).await.unwrap();
    assert_eq!(there(&*store).await, [90]);
    store.expire_device_requests(at(60)).await.unwrap();
    assert!(there(&*store).await.is_empty());
    assert_eq!(events(&*store).await, before, "there are too many to tell of each");
}

pub async fn of_many_devices_with_one_code_to_type_one_waits(store: Arc<dyn Store>) {
    let answers = at_once(&store, |store, caller| async move {
        let request = DeviceRequest { digest: digest(90 + caller), ..request(90) };
        store.insert_device_request(request).await.unwrap()
    })
    .await;
    let first = answers.iter().position(|it| *it == InsertDeviceRequest::Done).unwrap();
    let taken = answers.iter().filter(|it| **it == InsertDeviceRequest::Taken).count();
    assert_eq!(taken, usize::from(CALLERS) - 1);
    let waits = store.find_device_request(&digest(190), at(0)).await.unwrap().unwrap();
    assert_eq!(waits.digest, digest(91 + u8::try_from(first).unwrap()));
}

pub async fn a_device_is_answered_once(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    for n in [90, 91, 92] {
        wait(&*store, n).await;
    }
    let answer = async |n: u8, answer, seconds| {
        let act = act_at(at(seconds), Kind::DeviceAllowed);
        store.answer_device_request(&digest(100 + n), answer, &act).await.unwrap()
    };
    assert_eq!(answer(90, allowed(1, 1), 59).await, AnswerDeviceRequest::Done);
    assert_eq!(answer(91, DeviceAnswer::Denied, 0).await, AnswerDeviceRequest::Done);
    let gone = [
        ("allowed before", 90, DeviceAnswer::Denied, 0),
        ("denied before", 91, allowed(1, 1), 0),
        ("too late", 92, allowed(1, 1), 60),
        ("never asked", 99, allowed(1, 1), 0),
        ("no answer", 92, DeviceAnswer::Pending, 0),
    ];
    for (why, n, what, seconds) in gone {
        assert_eq!(answer(n, what, seconds).await, AnswerDeviceRequest::Gone, "{why}");
    }
    let mut answers = Vec::new();
    for n in [190, 191, 192] {
        answers.push(store.find_device_request(&digest(n), at(0)).await.unwrap().unwrap().answer);
    }
    assert_eq!(answers, [allowed(1, 1), DeviceAnswer::Denied, DeviceAnswer::Pending]);
    assert_eq!(count(&*store, Kind::DeviceAllowed).await, 2, "each answer is told");
}

pub async fn of_many_who_answer_a_device_one_does(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    for n in 1..=CALLERS {
        sign_in(&*store, &user, n).await;
    }
    wait(&*store, 90).await;
    let answers = at_once(&store, |store, caller| async move {
        let answer = allowed(1, caller);
        store.answer_device_request(&digest(190), answer, &act(Kind::DeviceAllowed)).await.unwrap()
    })
    .await;
    let done = |it: &AnswerDeviceRequest| *it == AnswerDeviceRequest::Done;
    assert_eq!(answers.iter().filter(|it| done(it)).count(), 1, "{answers:?}");
    let first = u8::try_from(answers.iter().position(done).unwrap()).unwrap();
    let request = store.find_device_request(&digest(190), at(0)).await.unwrap().unwrap();
    assert_eq!(request.answer, allowed(1, 1 + first));
}

pub async fn nobody_who_is_out_lets_a_device_in(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let other = sign_up(&*store, 2).await;
    sign_in(&*store, &user, 1).await;
    sign_in(&*store, &user, 2).await;
    sign_in(&*store, &other, 4).await;
    come_as_guest(&*store, 3).await;
    store.end_session(session_id(2), Reason::SignedOut, &ending()).await.unwrap();
    changed(store.set_life(other.id, disabled(), &act(Kind::UserDisabled)).await.unwrap());
    wait(&*store, 90).await;
    let table = [
        ("an ended session", allowed(1, 2)),
        ("another user's session", allowed(2, 1)),
        ("a guest's session", allowed(1, 3)),
        ("a disabled user", allowed(2, 4)),
        ("nobody", allowed(7, 1)),
    ];
    for (who, answer) in table {
        let act = act(Kind::DeviceAllowed);
        let answered = store.answer_device_request(&digest(190), answer, &act).await.unwrap();
        assert_eq!(answered, AnswerDeviceRequest::Pointless, "{who}");
    }
    let found = store.find_device_request(&digest(190), at(0)).await.unwrap();
    assert_eq!(found, Some(request(90)));
    assert_eq!(count(&*store, Kind::DeviceAllowed).await, 0);
    answer(&*store, 90, allowed(1, 1)).await;
}

pub async fn who_asks_too_early_waits_longer(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    for n in [90, 91] {
        wait(&*store, n).await;
    }
    let poll = async |n: u8, client: &str, seconds| {
        let client = client_id(client);
        store.poll_device_request(&digest(n), &client, at(seconds)).await.unwrap()
    };
    let too_early =
        |seconds| PollDeviceRequest::TooEarly { interval: Duration::from_secs(seconds) };
    assert_eq!(poll(90, "blog", 1).await, PollDeviceRequest::Gone, "another client's");
    assert_eq!(poll(99, "shop", 1).await, PollDeviceRequest::Gone);
    let table = [
        (0, PollDeviceRequest::Pending),
        (5, PollDeviceRequest::Pending),
        (9, too_early(10)),
        (18, too_early(15)),
        (33, PollDeviceRequest::Pending),
        (47, too_early(20)),
    ];
    for (seconds, told) in table {
        assert_eq!(poll(90, "shop", seconds).await, told, "after {seconds} seconds");
    }
    // An answer is worth more than patience.
    answer(&*store, 90, allowed(1, 1)).await;
    answer(&*store, 91, DeviceAnswer::Denied).await;
    for _ in 0..2 {
        let PollDeviceRequest::Allowed(found) = poll(90, "shop", 48).await else {
            panic!("it was allowed")
        };
        assert_eq!((found.digest, found.answer), (digest(90), allowed(1, 1)));
        assert_eq!(poll(91, "shop", 48).await, PollDeviceRequest::Denied);
    }
    for n in [90, 91] {
        assert_eq!(poll(n, "shop", 60).await, PollDeviceRequest::Expired);
        assert_eq!(poll(n, "blog", 60).await, PollDeviceRequest::Gone, "another client's");
    }
    store.expire_device_requests(at(60)).await.unwrap();
    assert_eq!(poll(90, "shop", 60).await, PollDeviceRequest::Gone);
}

pub async fn of_many_questions_at_once_one_is_not_too_early(store: Arc<dyn Store>) {
    wait(&*store, 90).await;
    let told = at_once(&store, |store, _| async move {
        let shop = client_id("shop");
        store.poll_device_request(&digest(90), &shop, at(1)).await.unwrap()
    })
    .await;
    let pending = told.iter().filter(|it| **it == PollDeviceRequest::Pending).count();
    assert_eq!(pending, 1, "{told:?}");
    let found = store.find_device_request(&digest(190), at(1)).await.unwrap().unwrap();
    assert_eq!(found.interval, DeviceRequest::INTERVAL * u32::from(CALLERS));
}

pub async fn a_device_that_was_let_in_gets_one_grant(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    sign_in(&*store, &user, 2).await;
    for n in [90, 91, 92] {
        wait(&*store, n).await;
    }
    answer(&*store, 90, allowed(1, 1)).await;
    answer(&*store, 91, DeviceAnswer::Denied).await;
    let right = grant(10, Some(user.id), None);
    let of = async |redeem: Redeem, seconds| {
        let act = act_at(at(seconds), Kind::GrantMade);
        store.redeem_device_request(redeem, &act).await.unwrap()
    };
    let table = [
        ("denied", 91, 0, right.clone()),
        ("not answered", 92, 0, right.clone()),
        ("never asked", 99, 0, right.clone()),
        ("too late", 90, 60, right.clone()),
        ("another client", 90, 0, Grant { client: client_id("blog"), ..right.clone() }),
        ("another user", 90, 0, Grant { user: Some(user_id(2)), ..right.clone() }),
        ("another session", 90, 0, Grant { session: Some(session_id(2)), ..right.clone() }),
    ];
    for (why, n, seconds, grant) in table {
        assert_eq!(of(redeem(n, grant), seconds).await, None, "{why}");
        assert!(grants_there(&*store, [10]).await.is_empty(), "{why}");
    }
    let party = Some(relying_party(1, "shop"));
    let with_party = Redeem { relying_party: party, ..redeem(90, right.clone()) };
    let done = of(with_party, 59).await.unwrap();
    assert_eq!(store.find_grant(right.id).await.unwrap(), Some(*done.value));
    let parties = store.list_relying_parties(session_id(1)).await.unwrap();
    assert_eq!(parties, [relying_party(1, "shop")]);
    assert_eq!(of(redeem(90, grant(11, Some(user.id), None)), 59).await, None);
    assert_eq!(there(&*store).await, [91, 92]);
    assert_eq!(count(&*store, Kind::GrantMade).await, 1);
}

pub async fn of_many_who_come_for_a_devices_grant_one_gets_it(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    wait(&*store, 90).await;
    answer(&*store, 90, allowed(1, 1)).await;
    let answers = at_once(&store, |store, caller| async move {
        let redeem = redeem(90, grant(100 + caller, Some(user_id(1)), None));
        store.redeem_device_request(redeem, &act(Kind::GrantMade)).await.unwrap()
    })
    .await;
    assert_eq!(answers.iter().flatten().count(), 1);
    assert_eq!(store.list_grants_of_user(user.id).await.unwrap().len(), 2);
}

pub async fn devices_go_with_what_they_hang_from(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let gone = sign_up(&*store, 2).await;
    store.insert_client(client("shop"), None, &act(Kind::ClientAdded)).await.unwrap();
    for (n, user) in [(1, &user), (2, &gone), (3, &user)] {
        sign_in(&*store, user, n).await;
    }
    for n in 90..=94 {
        wait(&*store, n).await;
    }
    let of_blog = DeviceRequest { client: client_id("blog"), ..request(95) };
    store.insert_device_request(of_blog).await.unwrap();
    for (n, answered) in [(90, allowed(1, 1)), (91, allowed(2, 2)), (92, allowed(1, 3))] {
        answer(&*store, n, answered).await;
    }
    answer(&*store, 93, DeviceAnswer::Denied).await;
    answer(&*store, 95, allowed(1, 3)).await;

    store.end_session(session_id(1), Reason::SignedOut, &ending()).await.unwrap();
    assert_eq!(there(&*store).await, [91, 92, 93, 94, 95]);
    changed(store.delete_user(gone.id, None, &act(Kind::UserDeleted)).await.unwrap());
    assert_eq!(there(&*store).await, [92, 93, 94, 95]);
    let shop = client_id("shop");
    let of_both = store.end_grants_of_user_at(user.id, &shop, Reason::Operator, &ending()).await;
    let _rows = of_both.unwrap();
    assert_eq!(there(&*store).await, [93, 94, 95]);
    let removed = store.remove_client(&shop, &act(Kind::ClientRemoved)).await.unwrap();
    assert!(removed.is_some());
    assert_eq!(there(&*store).await, [95]);
    let everybodys = store.end_sessions(Ends::Everybodys, Reason::Restored, &ending()).await;
    let _rows = everybodys.unwrap();
    assert!(there(&*store).await.is_empty());
}

pub async fn an_end_wins_over_the_answers_it_races(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    for n in 91..=90 + CALLERS {
        wait(&*store, n).await;
    }
    at_once(&store, |store, caller| async move {
        if caller == CALLERS / 2 {
            let (id, reason) = (session_id(1), Reason::SignedOut);
            assert!(store.end_session(id, reason, &ending()).await.unwrap().is_some());
        } else {
            let (code, act) = (digest(190 + caller), act(Kind::DeviceAllowed));
            store.answer_device_request(&code, allowed(1, 1), &act).await.unwrap();
        }
    })
    .await;
    for n in 191..=190 + CALLERS {
        let found = store.find_device_request(&digest(n), at(0)).await.unwrap();
        let answer = found.map(|request| request.answer);
        assert!(matches!(answer, None | Some(DeviceAnswer::Pending)), "{n}: {answer:?}");
    }
}

/// A device of the client `shop` that waits for a minute, with a code to type of its own.
pub(super) fn request(n: u8) -> DeviceRequest {
    DeviceRequest {
        digest: digest(n),
        user_code: digest(100 + n),
        client: client_id("shop"),
        request: format!(r#"{{"scope":"{n}"}}"#),
        address: "192.0.2.1".to_owned(),
        created_at: at(0),
        expires_at: at(60),
        answer: DeviceAnswer::Pending,
        interval: DeviceRequest::INTERVAL,
        polled_at: None,
    }
}

fn allowed(user: u8, session: u8) -> DeviceAnswer {
    DeviceAnswer::Allowed { user: user_id(user), session: session_id(session) }
}

async fn wait(store: &dyn Store, n: u8) {
    let inserted = store.insert_device_request(request(n)).await.unwrap();
    assert_eq!(inserted, InsertDeviceRequest::Done);
}

async fn answer(store: &dyn Store, n: u8, answer: DeviceAnswer) {
    let act = act(Kind::DeviceAllowed);
    let answered = store.answer_device_request(&digest(100 + n), answer, &act).await.unwrap();
    assert_eq!(answered, AnswerDeviceRequest::Done);
}

/// Which of the devices wait.
async fn there(store: &dyn Store) -> Vec<u8> {
    let mut there = Vec::new();
    for n in 90..100 {
        if store.find_device_request(&digest(100 + n), at(0)).await.unwrap().is_some() {
            there.push(n);
        }
    }
    there
}
