//! Redis loses everything, or comes back with what it had long ago, or is away: guests are lost at worst, and nobody who
//! ended is revived.

use std::time::Duration;

use cloakroom_model::data::Owner;
use cloakroom_model::event::{Kind, Reason};
use cloakroom_model::grant::{Details, Grant};
use cloakroom_model::id::GrantId;
use cloakroom_model::log::Place;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{
    Ends, Error, FoundSession, Guests as _, LiveGuest, Reading, ReplaceSecret, Replacing,
    Revocations as _, SessionData as _, Sessions as _, Store,
};
use cloakroom_testservers::redis::Settings as Shape;
use cloakroom_testservers::{Redis, Wire};
use serde_json::json;
use tokio::time::timeout;

use super::scene::{
    GENEROUS, NOW, Node, act, authority, blocking, cart_of, come_as_guest, count, digest, merges,
    node, put, session, session_id, settings, settings_at, sign_in, sign_up, write,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_by_cookie_lies_in_redis_and_one_by_tokens_does_not() {
    let redis = start().await;
    let settings = settings(&redis);
    let node = node(&authority(), &settings);
    come_as_guest(&node, 1).await;
    put(&node, 1, "hat").await;
    let with_tokens = session(2, None);
    let grant = Some(grant(2));
    node.insert_guest(with_tokens, Some(digest(2)), grant, &act(Kind::GuestCame)).await.unwrap();

    let authority = node.authority();
    assert_eq!(authority.find_guest_by_id(session_id(1)).await.unwrap(), None);
    assert!(authority.find_guest_by_id(session_id(2)).await.unwrap().is_some());
    for n in [1, 2] {
        assert!(is_live(&node, n).await);
        assert!(node.find_guest_by_id(session_id(n)).await.unwrap().is_some());
    }
    let keys = command(&redis, &["KEYS", "*"]);
    let mut keys: Vec<&str> = keys.lines().collect();
    keys.sort_unstable();
    let prefix = format!("{}:{{1}}:", settings.prefix);
    let secret = format!("{prefix}secret:{}", "01".repeat(32));
    let guest = format!("{prefix}guest:{}", session_id(1));
    let expected = [guest.as_str(), &format!("{prefix}mark"), secret.as_str()];
    assert_eq!(
        keys.iter().filter(|key| key.starts_with(&prefix)).copied().collect::<Vec<_>>(),
        expected
    );
    // Neither stays for ever.
    for key in [guest, secret] {
        let left: i64 = command(&redis, &["PTTL", &key]).parse().unwrap();
        assert!((1..=70 * 60_000).contains(&left), "{key} is kept for {left} ms");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_redis_has_forgotten_guests_and_nothing_else() {
    let redis = start().await;
    let node = node(&authority(), &settings(&redis));
    let user = sign_up(&node, 1).await;
    come_as_guest(&node, 1).await;
    sign_in(&node, &user, 2, 1).await;
    come_as_guest(&node, 3).await;
    put(&node, 3, "hat").await;

    let redis = redis_does(redis, Redis::start_empty).await;
    // Nobody asked, and yet it is known that what a node remembers of guests is worth nothing.
    until_counted(&node, 1).await;
    assert_eq!(node.find_guest(&digest(3), NOW).await.unwrap(), None);
    assert_eq!(cart_of(&node, Owner::Session(session_id(3))).await, None);
    assert!(is_signed_in(&node, 2).await);
    // The same without a start: only the room itself shows it.
    come_as_guest(&node, 4).await;
    assert!(is_live(&node, 4).await);
    let before = node.connection().losses().count();
    command(&redis, &["FLUSHALL"]);
    assert!(!is_live(&node, 4).await);
    assert_eq!(node.connection().losses().count(), before + 1);
    come_as_guest(&node, 4).await;
    assert!(is_live(&node, 4).await);
}

async fn until_counted(node: &Node, losses: u64) {
    let counted = async {
        while node.connection().losses().count() < losses {
            tokio::task::yield_now().await;
        }
    };
    timeout(GENEROUS, counted).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_redis_revives_nobody_and_merges_nothing_twice() {
    let redis = start().await;
    let (authority, settings) = (authority(), settings(&redis));
    let [first, second] = [(); 2].map(|()| node(&authority, &settings));
    let user = sign_up(&first, 1).await;
    let other = sign_up(&first, 2).await;
    for n in [1, 2, 3] {
        come_as_guest(&first, n).await;
        put(&first, n, "hat").await;
        assert!(is_live(&second, n).await);
    }
    let (redis, old) = blocking(move || {
        let old = redis.snapshot().unwrap();
        (redis, old)
    })
    .await;
    sign_in(&first, &user, 11, 1).await;
    let _rows = first
        .end_guest(session_id(2), Reason::SignedOut, &act(Kind::SessionEnded))
        .await
        .unwrap()
        .unwrap();
    assert!(!is_live(&first, 1).await && !is_live(&second, 1).await);
    assert_eq!(merges(&first).await, 1);

    let copy = old.clone();
    let redis = redis_does(redis, move |redis| redis.restore(&copy)).await;
    for node in [&first, &second] {
        timeout(GENEROUS, node.connection().there()).await.unwrap();
    }
    // Whoever has not heard of it yet merges nothing, whoever signs in.
    sign_in(&second, &other, 12, 1).await;
    assert_eq!(cart_of(&second, Owner::User(other.id)).await, None);
    assert_eq!(merges(&second).await, 1);

    let redis = redis_does(redis, move |redis| redis.restore(&old)).await;
    for node in [&first, &second] {
        timeout(GENEROUS, node.connection().there()).await.unwrap();
        hear(node).await;
    }
    // One that was just started has verified nothing yet.
    let third = node(&authority, &settings);
    for node in [&third, &first, &second] {
        assert!(!is_live(node, 1).await && !is_live(node, 2).await);
        assert_eq!(node.find_guest_by_id(session_id(1)).await.unwrap(), None);
        let late = node.write_data(write(1, "late"), &act(Kind::ProfileChanged)).await.unwrap();
        assert_eq!(late, cloakroom_store::Written::Ended);
        assert!(is_live(node, 3).await, "who did not end is there as it was");
    }
    drop(redis);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_is_older_than_the_log_is_forgotten() {
    let redis = start().await;
    let node = node(&authority(), &settings(&redis));
    let user = sign_up(&node, 1).await;
    for n in [1, 17] {
        come_as_guest(&node, n).await;
    }
    // The place of the mark is the first row of the log, so that it can be forgotten.
    sign_in(&node, &user, 10, 9).await;
    node.end_session(session_id(10), Reason::SignedOut, &act(Kind::SessionEnded)).await.unwrap();
    hear(&node).await;
    let (redis, old) = blocking(move || {
        let old = redis.snapshot().unwrap();
        (redis, old)
    })
    .await;
    sign_in(&node, &user, 11, 1).await;
    hear(&node).await;
    assert!(is_live(&node, 17).await);
    node.prune_log(Timestamp(i64::MAX / 2)).await.unwrap();

    let redis = redis_does(redis, move |redis| redis.restore(&old)).await;
    timeout(GENEROUS, node.connection().there()).await.unwrap();
    for n in [1, 17] {
        assert!(!is_live(&node, n).await, "guest {n}");
    }
    come_as_guest(&node, 33).await;
    assert!(is_live(&node, 33).await);
    drop(redis);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_history_of_the_authority_takes_every_guest_along() {
    let redis = start().await;
    let settings = settings(&redis);
    let before = node(&authority(), &settings);
    let user = sign_up(&before, 1).await;
    come_as_guest(&before, 1).await;
    come_as_guest(&before, 2).await;
    sign_in(&before, &user, 10, 2).await;
    hear(&before).await;
    assert!(is_live(&before, 1).await);

    // A backup that was restored knows neither of the end nor of the place.
    let after = node(&authority(), &settings);
    let user = sign_up(&after, 1).await;
    sign_in(&after, &user, 10, 9).await;
    after.end_session(session_id(10), Reason::SignedOut, &act(Kind::SessionEnded)).await.unwrap();
    assert!(!is_live(&after, 1).await && !is_live(&after, 2).await);
    // And a node that goes on hears that its place is lost.
    let lost = after.read_log(Place { seq: 1, nonce: 1 }, 10).await.unwrap();
    assert_eq!(lost, Reading::Lost);
    come_as_guest(&after, 1).await;
    assert!(is_live(&after, 1).await);
}

/// Every room is verified again, and its mark lies in the log that the other server has too.
#[tokio::test(flavor = "multi_thread")]
async fn guests_stay_when_a_replica_takes_over_that_lacks_nothing() {
    let redis = start().await;
    let authority = authority();
    let node = node(&authority, &settings(&redis));
    let user = sign_up(&node, 1).await;
    come_as_guest(&node, 1).await;
    put(&node, 1, "hat").await;
    sign_in(&node, &user, 10, 9).await;
    hear(&node).await;

    authority.0.fail_over_to(authority.0.replica().unwrap()).unwrap();
    hear(&node).await;
    assert!(is_live(&node, 1).await && is_signed_in(&node, 10).await);
    assert!(cart_of(&node, Owner::Session(session_id(1))).await.is_some());
    assert_eq!(node.connection().losses().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_redis_holds_back_no_news() {
    let (redis, wire) = blocking(|| {
        let redis = Redis::start().unwrap();
        let wire = Wire::to(redis.port()).unwrap();
        (redis, wire)
    })
    .await;
    let mut settings = settings_at(&redis.url_at(wire.port()));
    // Whoever waits for an answer of Redis waits for ever.
    settings.answer = Duration::from_hours(1);
    let node = node(&authority(), &settings);
    timeout(GENEROUS, node.connection().there()).await.unwrap();
    let user = sign_up(&node, 1).await;
    sign_in(&node, &user, 10, 9).await;
    let _silent = blocking(move || wire.silence().map(|()| wire).unwrap()).await;
    node.end_session(session_id(10), Reason::SignedOut, &act(Kind::SessionEnded)).await.unwrap();
    assert!(node.connection().is_there(), "nobody has found out yet");
    timeout(GENEROUS, hear(&node)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_guests_wait_and_whoever_shows_who_they_are_goes_on() {
    let shape = Shape { append_only: true, ..Shape::default() };
    let redis = blocking(move || Redis::start_with(shape).unwrap()).await;
    let node = node(&authority(), &settings(&redis));
    let user = sign_up(&node, 1).await;
    for n in [1, 2] {
        come_as_guest(&node, n).await;
    }
    put(&node, 1, "coat").await;
    sign_in(&node, &user, 10, 9).await;
    // A rewritten append-only file is on the disk.
    let redis = redis_does(redis, |redis| {
        redis.command(&["BGREWRITEAOF"])?;
        cloakroom_testservers::eventually("a rewritten file", || {
            let about = redis.command(&["INFO", "persistence"])?;
            let done = about.contains("aof_rewrite_in_progress:0")
                && about.contains("aof_rewrite_scheduled:0");
            Ok(done.then_some(()))
        })?;
        redis.kill()
    })
    .await;

    let guest = session(3, None);
    let came = act(Kind::GuestCame);
    let refused = node.insert_guest(guest, Some(digest(3)), None, &came).await;
    assert!(matches!(refused, Err(Error::OutOfReach(_))), "{refused:?}");
    let unknown = node.find_guest(&digest(1), NOW).await;
    assert!(matches!(unknown, Err(Error::OutOfReach(_))), "{unknown:?}");
    let unwritten = node.write_data(write(1, "hat"), &act(Kind::ProfileChanged)).await;
    assert!(matches!(unwritten, Err(Error::OutOfReach(_))), "{unwritten:?}");

    assert!(is_signed_in(&node, 10).await);
    sign_in(&node, &user, 12, 10).await;
    assert!(is_signed_in(&node, 12).await && !is_signed_in(&node, 10).await);
    assert_eq!(cart_of(&node, Owner::Session(session_id(12))).await, None);
    assert_eq!(count(&node, Kind::GuestNotMerged).await, 0);
    // Who was a guest signs in without the cart, and takes over a session without the guest.
    sign_in(&node, &user, 11, 1).await;
    assert!(is_signed_in(&node, 11).await);
    let replace = ReplaceSecret {
        session: session_id(12),
        secret: digest(13),
        link: None,
        earlier: Some(session_id(1)),
        elsewhere: None,
        authentication: None,
        expected_generation: None,
    };
    let replaced = node.replace_secret(replace, &act(Kind::SecretReplaced)).await.unwrap();
    assert!(matches!(replaced, Replacing::Done(_)), "{replaced:?}");
    assert_eq!(cart_of(&node, Owner::User(user.id)).await, None);
    assert_eq!((count(&node, Kind::GuestNotMerged).await, merges(&node).await), (1, 0));
    // Who is a guest can sign out.
    let end = node.end_guest(session_id(2), Reason::SignedOut, &act(Kind::SessionEnded)).await;
    assert!(end.unwrap().is_some());
    timeout(GENEROUS, hear(&node)).await.unwrap();

    let redis = redis_does(redis, Redis::start_again).await;
    timeout(GENEROUS, node.connection().there()).await.unwrap();
    assert!(is_live(&node, 1).await && !is_live(&node, 2).await);
    // The cart that was left behind is whole, and merged by the next sign-in in its browser, once.
    put(&node, 1, "hat").await;
    sign_in(&node, &user, 14, 1).await;
    sign_in(&node, &user, 15, 1).await;
    let both = json!({"coat": true, "hat": true});
    assert_eq!(cart_of(&node, Owner::User(user.id)).await, Some(both));
    assert!(!is_live(&node, 1).await);
    assert_eq!((count(&node, Kind::GuestNotMerged).await, merges(&node).await), (1, 1));
    drop(redis);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_the_log_takes_what_ended_along() {
    let redis = start().await;
    let (authority, settings) = (authority(), settings(&redis));
    let node = node(&authority, &settings);
    for n in [1, 2] {
        come_as_guest(&node, n).await;
    }
    // As another process leaves it that died after its commit.
    let end = act(Kind::SessionEnded);
    let _rows = authority
        .end_guest_elsewhere(session_id(1), Reason::SignedOut, &end)
        .await
        .unwrap()
        .unwrap();
    let there = ["EXISTS", &format!("{}:{{1}}:guest:{}", settings.prefix, session_id(1))];
    assert_eq!(command(&redis, &there), "1");
    hear(&node).await;
    assert_eq!(command(&redis, &there), "0");
    assert!(!is_live(&node, 1).await && is_live(&node, 2).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_everybodys_reaches_the_guests_of_every_node() {
    let redis = start().await;
    let (authority, settings) = (authority(), settings(&redis));
    let [first, second] = [(); 2].map(|()| node(&authority, &settings));
    for n in 1..=20 {
        come_as_guest(&first, n).await;
    }
    let act = act(Kind::SessionEnded);
    let done = first.end_sessions(Ends::Everybodys, Reason::Restored, &act).await.unwrap();
    assert!(!done.rows.is_empty(), "those who remember a guest are told to look again");
    for n in 1..=20 {
        assert!(!is_live(&first, n).await && !is_live(&second, n).await, "guest {n}");
    }
    come_as_guest(&second, 21).await;
    assert!(is_live(&first, 21).await);
}

async fn start() -> Redis {
    blocking(|| Redis::start().unwrap()).await
}

/// Lets something be done to a server; gives it back.
async fn redis_does(
    redis: Redis,
    doing: impl FnOnce(&Redis) -> cloakroom_testservers::Result<()> + Send + 'static,
) -> Redis {
    blocking(move || {
        doing(&redis).unwrap();
        redis
    })
    .await
}

fn command(redis: &Redis, words: &[&str]) -> String {
    tokio::task::block_in_place(|| redis.command(words).unwrap())
}

async fn is_live(store: &dyn Store, n: u8) -> bool {
    matches!(store.find_guest(&digest(n), NOW).await.unwrap(), Some(LiveGuest::Live(_)))
}

async fn is_signed_in(store: &dyn Store, n: u8) -> bool {
    matches!(store.find_session(&digest(n), NOW).await.unwrap(), Some(FoundSession::Live(_)))
}

/// Reads the log to its end, as a node does that was just started.
async fn hear(node: &Node) {
    let mut place = Place::default();
    loop {
        match node.read_log(place, 100).await.unwrap() {
            Reading::Rows { rows, .. } => match rows.last() {
                Some(row) => place = row.place,
                None => return,
            },
            Reading::Lost => place = node.read_snapshot().await.unwrap().place,
        }
    }
}

fn grant(n: u8) -> Grant {
    Grant {
        id: GrantId::new(NOW, [n; 10]),
        user: None,
        session: Some(session_id(n)),
        client: super::scene::client(),
        scope: Vec::new(),
        audience: Vec::new(),
        created_at: NOW,
        expires_at: NOW.plus(Duration::from_hours(24)),
        idle: Duration::from_hours(1),
        last_used_at: NOW,
        data_key: 1,
        counter: 0,
        rotations: Vec::new(),
        bound: false,
        details: Details::default(),
    }
}
