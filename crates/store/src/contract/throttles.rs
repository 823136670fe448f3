//! Promises about counts of failures: an attacker on unknown devices fills one count, and the owner's devices
//! have their own.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_model::event::Kind;
use cloakroom_model::policy::throttle::{KNOWN_DEVICES, STRANGERS_REMEMBERED};
use cloakroom_model::time::Timestamp;
use cloakroom_model::user::User;

use super::scene::{act, act_at, at, begin, digest, sign_up, user_id};
use super::witness::{CALLERS, at_once, count};
use crate::{AccountFailures, Begin, Begun, Store};

/// The device that signed user 1 in, one that nobody knows, and none.
const DEVICES: [Option<u8>; 3] = [Some(50), Some(99), None];

pub async fn unknown_devices_count_together_and_known_ones_apart(store: Arc<dyn Store>) {
    let (user, other) = two_users(&*store).await;
    let fail = async |device: Option<u8>, seconds| {
        let device = device.map(digest);
        store.count_failure(user.id, device.as_ref(), at(seconds)).await.unwrap()
    };

    assert_eq!(fail(Some(99), 1).await, unknown(1, Some(1)));
    assert_eq!(fail(None, 2).await, unknown(2, Some(2)));
    assert_eq!(fail(Some(50), 3).await, known(1, Some(3)));
    // Another user's device is unknown here.
    assert_eq!(fail(Some(51), 4).await, unknown(3, Some(4)));
    assert_eq!(fail(Some(50), 5).await, known(2, Some(5)));

    let expected = [known(2, Some(5)), unknown(3, Some(4)), unknown(3, Some(4))];
    assert_eq!(failures(&*store, &user).await, expected);
    assert_eq!(failures(&*store, &other).await, [unknown(0, None); 3]);
}

pub async fn no_failure_is_left_out_of_the_count(store: Arc<dyn Store>) {
    let (user, _) = two_users(&*store).await;
    let answers = at_once(&store, |store, caller| {
        let id = user.id;
        async move {
            let device = digest(if caller % 2 == 0 { 50 } else { 99 });
            store.count_failure(id, Some(&device), at(1)).await.unwrap()
        }
    })
    .await;
    let half = u32::from(CALLERS / 2);
    let expected = [known(half, Some(1)), unknown(half, Some(1)), unknown(half, Some(1))];
    assert_eq!(failures(&*store, &user).await, expected);
    // Each caller is told a state of its own.
    for known_device in [true, false] {
        let mut told: Vec<_> = answers
            .iter()
            .filter(|answer| answer.known_device == known_device)
            .map(|answer| answer.in_a_row)
            .collect();
        told.sort_unstable();
        assert_eq!(told, (1..=half).collect::<Vec<_>>());
    }
}

pub async fn a_success_forgets_the_failures_of_its_own_device(store: Arc<dyn Store>) {
    let (user, _) = two_users(&*store).await;
    fail_everywhere(&*store, &user).await;
    store.forget_failures(user.id, Some(&digest(50))).await.unwrap();
    let expected = [known(0, None), unknown(2, Some(1)), unknown(2, Some(1))];
    assert_eq!(failures(&*store, &user).await, expected);

    fail_everywhere(&*store, &user).await;
    store.forget_failures(user.id, Some(&digest(99))).await.unwrap();
    let expected = [known(1, Some(1)), unknown(0, None), unknown(0, None)];
    assert_eq!(failures(&*store, &user).await, expected);
    store.forget_failures(user_id(7), None).await.unwrap();
}

pub async fn an_operator_clears_every_failure_of_a_user(store: Arc<dyn Store>) {
    let (user, other) = two_users(&*store).await;
    fail_everywhere(&*store, &user).await;
    fail_everywhere(&*store, &other).await;
    assert!(store.clear_failures(user.id, &act(Kind::ThrottleCleared)).await.unwrap());
    let expected = [known(0, None), unknown(0, None), unknown(0, None)];
    assert_eq!(failures(&*store, &user).await, expected);
    assert_eq!(failures(&*store, &other).await, [unknown(3, Some(1)); 3]);

    assert!(!store.clear_failures(user_id(7), &act(Kind::ThrottleCleared)).await.unwrap());
    assert_eq!(count(&*store, Kind::ThrottleCleared).await, 1);
}

pub async fn strangers_failures_are_forgotten_after_a_long_time_and_a_known_devices_are_not(
    store: Arc<dyn Store>,
) {
    let (user, _) = two_users(&*store).await;
    fail_everywhere(&*store, &user).await;
    let fail = async |device: u8, at: Timestamp| {
        store.count_failure(user.id, Some(&digest(device)), at).await.unwrap().in_a_row
    };
    let almost = before(later(1));
    assert_eq!([fail(50, almost).await, fail(99, almost).await], [2, 3]);
    // From the last of them on, which is the one just now.
    assert_eq!(fail(99, later(1)).await, 4);
    let over = later(1).plus(STRANGERS_REMEMBERED);
    assert_eq!([fail(50, over).await, fail(99, over).await], [3, 1]);
    assert_eq!(store.find_failures(user.id, None).await.unwrap().last_at, Some(over));
}

pub async fn at_a_name_that_nobody_has_failures_count_as_at_one_that_somebody_has(
    store: Arc<dyn Store>,
) {
    let (user, _) = two_users(&*store).await;
    let [name, other] = [digest(70), digest(71)];
    let times = [at(1), at(2), before(later(2)), later(2), later(3).plus(STRANGERS_REMEMBERED)];
    for time in times {
        let somebody = store.count_failure(user.id, None, time).await.unwrap();
        let nobody = store.count_failure_of_nobody(&name, time).await.unwrap();
        assert_eq!(nobody, somebody);
        assert_eq!(store.find_failures_of_nobody(&name).await.unwrap(), somebody);
        assert_eq!(store.find_failures(user.id, None).await.unwrap(), somebody);
    }
    let told = store.find_failures_of_nobody(&name).await.unwrap();
    assert_eq!(told, unknown_at(1, times[4]), "the fifth began anew");
    assert_eq!(store.find_failures_of_nobody(&other).await.unwrap(), unknown(0, None));
}

pub async fn no_failure_at_a_name_that_nobody_has_is_left_out_of_the_count(store: Arc<dyn Store>) {
    let answers = at_once(&store, |store, _| async move {
        store.count_failure_of_nobody(&digest(70), at(1)).await.unwrap()
    })
    .await;
    let all = u32::from(CALLERS);
    let found = store.find_failures_of_nobody(&digest(70)).await.unwrap();
    assert_eq!(found, unknown(all, Some(1)));
    let mut told: Vec<_> = answers.iter().map(|answer| answer.in_a_row).collect();
    told.sort_unstable();
    assert_eq!(told, (1..=all).collect::<Vec<_>>());
}

pub async fn names_that_nobody_has_are_forgotten_when_their_failures_count_no_more(
    store: Arc<dyn Store>,
) {
    for (name, seconds) in [(70, 1), (71, 1), (71, 2)] {
        store.count_failure_of_nobody(&digest(name), at(seconds)).await.unwrap();
    }
    store.expire_failures_of_nobody(at(0)).await.unwrap();
    let find = async |name: u8| store.find_failures_of_nobody(&digest(name)).await.unwrap();
    assert_eq!([find(70).await, find(71).await], [unknown(1, Some(1)), unknown(2, Some(2))]);
    store.expire_failures_of_nobody(at(1)).await.unwrap();
    assert_eq!([find(70).await, find(71).await], [unknown(0, None), unknown(2, Some(2))]);
    store.expire_failures_of_nobody(at(2)).await.unwrap();
    assert_eq!(find(71).await, unknown(0, None));
}

pub async fn a_device_is_known_until_it_was_not_seen_for_long(store: Arc<dyn Store>) {
    let (user, _) = two_users(&*store).await;
    store.count_failure(user.id, Some(&digest(50)), at(1)).await.unwrap();
    // Seen again, ten seconds later: its count is its own affair.
    signs_in_from(&*store, &user, 3, 50, 10).await;
    signs_in_from(&*store, &user, 4, 52, 5).await;

    store.expire_devices(at(10)).await.unwrap();
    assert_eq!(failures(&*store, &user).await[0], known(1, Some(1)));
    let gone = store.find_failures(user.id, Some(&digest(52))).await.unwrap();
    assert_eq!(gone, unknown(0, None));
    store.expire_devices(at(11)).await.unwrap();
    assert_eq!(failures(&*store, &user).await, [unknown(0, None); 3]);
}

pub async fn of_very_many_devices_those_seen_last_are_known(store: Arc<dyn Store>) {
    let (user, other) = two_users(&*store).await;
    let is_known = async |user: &User, device: u8| {
        store.find_failures(user.id, Some(&digest(device))).await.unwrap().known_device
    };
    let many = u8::try_from(KNOWN_DEVICES).unwrap();
    for n in 0..many {
        signs_in_from(&*store, &user, 100 + n, 100 + n, 1 + u64::from(n)).await;
    }
    assert!(!is_known(&user, 50).await && is_known(&user, 100).await);

    // Whoever is seen again is not among those that were seen longest ago.
    signs_in_from(&*store, &user, 98, 100, 300).await;
    signs_in_from(&*store, &user, 99, 99, 301).await;
    assert!(!is_known(&user, 101).await);
    for device in [100, 102, 99 + many, 99] {
        assert!(is_known(&user, device).await, "{device}");
    }
    assert!(is_known(&other, 51).await);
}

/// User 1, whom device 50 signed in, and user 2, whom device 51 did.
async fn two_users(store: &dyn Store) -> (User, User) {
    let (user, other) = (sign_up(store, 1).await, sign_up(store, 2).await);
    signs_in_from(store, &user, 1, 50, 0).await;
    signs_in_from(store, &other, 2, 51, 0).await;
    (user, other)
}

async fn signs_in_from(store: &dyn Store, user: &User, n: u8, device: u8, seconds: u64) {
    let begin = Begin { device: Some(digest(device)), ..begin(user, n) };
    let answer = store.begin_session(begin, &act_at(at(seconds), Kind::SignedIn)).await.unwrap();
    assert!(matches!(answer, Begun::Done(_)), "{answer:?}");
}

/// One failure from each of [`DEVICES`].
async fn fail_everywhere(store: &dyn Store, user: &User) {
    for device in DEVICES {
        let device = device.map(digest);
        store.count_failure(user.id, device.as_ref(), at(1)).await.unwrap();
    }
}

/// What is known of each of [`DEVICES`].
async fn failures(store: &dyn Store, user: &User) -> [AccountFailures; 3] {
    let mut found = [AccountFailures::default(); 3];
    for (found, device) in found.iter_mut().zip(DEVICES) {
        let device = device.map(digest);
        *found = store.find_failures(user.id, device.as_ref()).await.unwrap();
    }
    found
}

fn known(in_a_row: u32, last: Option<u64>) -> AccountFailures {
    AccountFailures { known_device: true, in_a_row, last_at: last.map(at) }
}

fn unknown(in_a_row: u32, last: Option<u64>) -> AccountFailures {
    AccountFailures { known_device: false, in_a_row, last_at: last.map(at) }
}

fn unknown_at(in_a_row: u32, last: Timestamp) -> AccountFailures {
    AccountFailures { known_device: false, in_a_row, last_at: Some(last) }
}

/// When what unknown devices did in this second counts no more.
fn later(seconds: u64) -> Timestamp {
    at(seconds).plus(STRANGERS_REMEMBERED)
}

/// The moment before.
fn before(moment: Timestamp) -> Timestamp {
    moment.minus(Duration::from_millis(1))
}
