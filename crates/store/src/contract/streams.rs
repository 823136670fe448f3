//! Promises about streams of signals: whatever happens to a user waits in each that wants it, until its receiver has it.

use std::sync::Arc;

use cloakroom_model::event::{Actor, Event, Kind, Reason};
use cloakroom_model::id::{ClientId, StreamId};
use cloakroom_model::log::Subject;
use cloakroom_model::signal::{
    About, Initiator, Renamed, Signal, SignalNumber, UserSignal, Waiting, Wanted,
};
use cloakroom_model::stream::{Delivery, Status, Stream};
use cloakroom_model::user::{Life, User};

use super::scene::{
    act, act_at, at, client, client_id, disabled, email, ending, session_id, sign_in, sign_up,
    user_id,
};
use super::witness::{CALLERS, Listener, at_once, count, different};
use crate::{Act, ChangePassword, ClaimedStream, Done, InsertStream, Queue, Store, StreamBacklog};

pub async fn a_client_has_one_stream(store: Arc<dyn Store>) {
    assert_eq!(insert(&*store, stream(1, "shop")).await, InsertStream::NoClient);
    register(&*store, ["shop", "blog"]).await;
    let mut listener = Listener::new(&*store).await;
    let made = act(Kind::StreamMade);
    match store.insert_stream(stream(1, "shop"), &made).await.unwrap() {
        InsertStream::Done(Done { rows, .. }) => {
            let changed = different(Subject::Client(client_id("shop")));
            listener.hears(&*store, &made, &rows, [changed]).await;
        }
        refused => panic!("the stream was refused: {refused:?}"),
    }
    assert_eq!(insert(&*store, stream(2, "shop")).await, InsertStream::Taken);
    make(&*store, stream(3, "blog")).await;
    let find = async |name| store.find_stream(&client_id(name)).await.unwrap();
    assert_eq!(find("shop").await, Some(stream(1, "shop")));
    assert_eq!(find("blog").await, Some(stream(3, "blog")));
    assert_eq!(find("another").await, None);
    let nothing = |stream| StreamBacklog { stream, waiting: 0, since: None, failures: 0 };
    let listed = store.list_streams().await.unwrap();
    assert_eq!(listed, [nothing(stream(1, "shop")), nothing(stream(3, "blog"))]);
    assert_eq!(count(&*store, Kind::StreamMade).await, 2);
}

pub async fn of_many_who_make_a_clients_stream_one_does(store: Arc<dyn Store>) {
    register(&*store, ["shop"]).await;
    let answers =
        at_once(&store, |store, n| async move { insert(&*store, stream(n, "shop")).await }).await;
    let made = answers.iter().filter(|answer| matches!(answer, InsertStream::Done(_))).count();
    assert_eq!(made, 1, "{answers:?}");
    assert_eq!(store.list_streams().await.unwrap().len(), 1);
}

pub async fn a_stream_is_replaced_only_as_it_was_seen(store: Arc<dyn Store>) {
    register(&*store, ["shop"]).await;
    let first = stream(1, "shop");
    make(&*store, first.clone()).await;
    let second = Stream { description: Some("another".to_owned()), ..pushed(1, "shop") };
    assert!(replace(&*store, &first, second.clone(), Queue::Keep).await);
    assert!(!replace(&*store, &first, stream(1, "shop"), Queue::Keep).await);
    assert_eq!(store.find_stream(&client_id("shop")).await.unwrap(), Some(second));
    assert_eq!(count(&*store, Kind::StreamChanged).await, 1);
}

pub async fn a_removed_stream_leaves_nothing(store: Arc<dyn Store>) {
    let user = scene(&*store, [stream(1, "shop"), stream(2, "blog")]).await;
    sign_in(&*store, &user, 1).await;
    end(&*store, 1).await;
    let remove = act(Kind::StreamRemoved);
    let (shop, blog) = (client_id("shop"), client_id("blog"));
    let of_another = store.remove_stream(&shop, stream_id(2), &remove).await.unwrap();
    assert_eq!(of_another, None);
    let removed = store.remove_stream(&shop, stream_id(1), &remove).await.unwrap();
    assert!(removed.is_some_and(|done| done.rows.len() == 1));
    assert_eq!(store.remove_stream(&shop, stream_id(1), &remove).await.unwrap(), None);
    assert_eq!(store.find_stream(&shop).await.unwrap(), None);
    assert_eq!(waiting(&*store, 1).await, []);
    assert_eq!(waiting(&*store, 2).await.len(), 1);
    let again = Stream { id: stream_id(1), ..stream(3, "shop") };
    make(&*store, again).await;
    assert_eq!(waiting(&*store, 1).await, [], "not even for one of the same name");
    assert_eq!(count(&*store, Kind::StreamRemoved).await, 1);

    let gone = store.remove_client(&blog, &act(Kind::ClientRemoved)).await.unwrap();
    assert!(gone.is_some());
    assert_eq!(store.find_stream(&blog).await.unwrap(), None);
    assert_eq!(waiting(&*store, 2).await, []);
    let unused = store.remove_unused_client(&shop, &act(Kind::ClientRemoved)).await.unwrap();
    assert_eq!(unused, None, "a stream is a use");
}

pub async fn what_happens_to_a_user_waits_in_order(store: Arc<dyn Store>) {
    let user = scene(&*store, [stream(1, "shop")]).await;
    for n in [1, 2] {
        sign_in(&*store, &user, n).await;
    }
    assert_eq!(waiting(&*store, 1).await, [], "nobody is told of a sign-in");
    end(&*store, 1).await;
    let change = act_of(2, Kind::PasswordChanged);
    let password = ChangePassword {
        user: user.id,
        expected_generation: user.generation,
        password: "hash 2".to_owned(),
        keep: None,
        end_others: true,
        reason: Reason::PasswordChanged,
        link: None,
    };
    store.change_password(password, &change).await.unwrap();
    let rename = act_of(3, Kind::ProfileChanged);
    store.set_names(user.id, user.email.clone(), None, None, &rename).await.unwrap();
    store.set_names(user.id, email(9), None, None, &rename).await.unwrap();
    let disable = act_of(4, Kind::UserDisabled);
    store.set_life(user.id, disabled(), &disable).await.unwrap();
    store.set_life(user.id, Life::Active, &act_of(5, Kind::UserEnabled)).await.unwrap();
    store.delete_user(user.id, None, &act_of(6, Kind::UserDeleted)).await.unwrap();

    let told = |about, why: &str| UserSignal {
        about,
        user: user.id,
        session: None,
        by: Initiator::Admin,
        why: why.to_owned(),
        renamed: None,
    };
    let revoked =
        |n, why| UserSignal { session: Some(session_id(n)), ..told(About::SessionRevoked, why) };
    let renamed = Some(Renamed { was: user.email.clone(), is: email(9) });
    let expected = [
        revoked(1, "signed_out"),
        told(About::CredentialChange, "password_changed"),
        revoked(2, "password_changed"),
        UserSignal { renamed, ..told(About::IdentifierChanged, "profile_changed") },
        told(About::AccountDisabled, "user_disabled"),
        told(About::AccountEnabled, "user_enabled"),
        told(About::AccountPurged, "user_deleted"),
    ];
    let all = store.list_signals(stream_id(1), 100).await.unwrap();
    let signals: Vec<_> = all.iter().map(|it| it.signal.clone()).collect();
    assert_eq!(signals, expected.map(Signal::User));
    assert!(all.is_sorted_by(|one, next| one.number < next.number), "{all:?}");
    assert_eq!((all[0].at, all[6].at), (at(0), at(6)));
    assert_eq!(all[1].number.nonce, change.nonce);
    assert_eq!(store.list_signals(stream_id(1), 2).await.unwrap(), all[..2]);
    let backlog = store.list_streams().await.unwrap().remove(0);
    assert_eq!((backlog.waiting, backlog.since), (7, Some(at(0))));
}

pub async fn each_stream_gets_what_it_wants(store: Arc<dyn Store>) {
    let off = Stream { status: Status::Disabled, ..stream(3, "off") };
    let held = Stream { status: Status::Paused, ..stream(4, "held") };
    let picky = Stream { wants: About::AccountDisabled.into(), ..stream(2, "blog") };
    let user = scene(&*store, [stream(1, "shop"), picky, off, held]).await;
    sign_in(&*store, &user, 1).await;
    store.set_life(user.id, disabled(), &act_of(4, Kind::UserDisabled)).await.unwrap();
    let mut about = Vec::new();
    for n in 1..=4 {
        about.push(waiting(&*store, n).await);
    }
    let both = vec![About::AccountDisabled, About::SessionRevoked];
    assert_eq!(about, [both.clone(), vec![About::AccountDisabled], Vec::new(), both]);
}

pub async fn nobody_is_told_of_who_is_left_out(store: Arc<dyn Store>) {
    let user = scene(&*store, [stream(1, "shop"), stream(2, "blog")]).await;
    let other = sign_up(&*store, 2).await;
    let leave_out = async |n, most| store.leave_out(stream_id(1), user_id(n), most).await.unwrap();
    assert!(leave_out(1, 1).await);
    assert!(leave_out(1, 1).await, "whoever is out may be left out again");
    assert!(!leave_out(2, 1).await, "there is room for one");
    for (user, n) in [(&user, 1), (&other, 2)] {
        sign_in(&*store, user, n).await;
        end(&*store, n).await;
    }
    let told = store.list_signals(stream_id(1), 9).await.unwrap();
    assert_eq!(told.len(), 1);
    assert!(matches!(&told[0].signal, Signal::User(signal) if signal.user == other.id));
    assert_eq!(waiting(&*store, 2).await.len(), 2, "the other stream has its own");
    store.take_in(stream_id(1), user.id).await.unwrap();
    sign_in(&*store, &user, 3).await;
    end(&*store, 3).await;
    assert_eq!(waiting(&*store, 1).await.len(), 2);
    // A user who goes makes room.
    assert!(leave_out(1, 1).await);
    store.delete_user(user.id, None, &act_of(9, Kind::UserDeleted)).await.unwrap();
    assert_eq!(waiting(&*store, 1).await.len(), 2);
    assert!(leave_out(2, 1).await);
}

pub async fn a_signal_waits_until_it_is_forgotten(store: Arc<dyn Store>) {
    let user = scene(&*store, [stream(1, "shop"), stream(2, "blog")]).await;
    for n in [1, 2, 3] {
        sign_in(&*store, &user, n).await;
        end(&*store, n).await;
    }
    let all = store.list_signals(stream_id(1), 9).await.unwrap();
    assert_eq!(all.len(), 3);
    let numbers = [all[0].number, all[2].number, SignalNumber { nonce: 0, ..all[1].number }];
    store.forget_signals(stream_id(1), &numbers).await.unwrap();
    assert_eq!(store.list_signals(stream_id(1), 9).await.unwrap(), all[1..2]);
    assert_eq!(waiting(&*store, 2).await.len(), 3);
}

pub async fn a_stream_is_told_of_itself(store: Arc<dyn Store>) {
    let user = scene(&*store, [stream(1, "shop")]).await;
    sign_in(&*store, &user, 1).await;
    end(&*store, 1).await;
    let state = |state: &str| Signal::Verification { state: Some(state.to_owned()) };
    let add = async |n, signal, most| {
        let act = act_at(at(7), Kind::StreamChanged);
        let added = store.add_signal(stream_id(n), signal, most, &act).await.unwrap();
        (added, act.nonce)
    };
    let (added, nonce) = add(1, state("one"), 2).await;
    assert!(added);
    assert!(add(1, state("two"), 2).await.0);
    assert!(!add(1, state("three"), 2).await.0, "two wait already");
    assert!(!add(9, state("nobody"), 2).await.0);
    sign_in(&*store, &user, 2).await;
    end(&*store, 2).await;
    let all = store.list_signals(stream_id(1), 9).await.unwrap();
    let about: Vec<_> = all.iter().map(|it| it.signal.clone()).collect();
    assert_eq!(about[1..3], [state("one"), state("two")]);
    assert_eq!(all[1], Waiting { at: at(7), number: all[1].number, signal: state("one") });
    assert_eq!((all[1].number.nonce, all[1].number.part), (nonce, SignalNumber::BESIDES));
    assert_eq!(all.len(), 4);
    assert_eq!(count(&*store, Kind::StreamChanged).await, 0, "that is no change of the stream");
}

pub async fn a_stream_that_is_replaced_keeps_or_loses_what_waits(store: Arc<dyn Store>) {
    let user = scene(&*store, [stream(1, "shop")]).await;
    sign_in(&*store, &user, 1).await;
    end(&*store, 1).await;
    let word = |status| Signal::StreamUpdated { status, reason: Some("late".to_owned()) };
    let mut seen = stream(1, "shop");
    for (status, queue, left) in [
        (Status::Paused, Queue::Keep, 1),
        (Status::Enabled, Queue::Tell(word(Status::Enabled)), 2),
        (Status::Disabled, Queue::Empty(Some(word(Status::Disabled))), 1),
        (Status::Enabled, Queue::Empty(None), 0),
    ] {
        let next = Stream { status, ..seen.clone() };
        assert!(replace(&*store, &seen, next.clone(), queue.clone()).await);
        let all = store.list_signals(stream_id(1), 9).await.unwrap();
        assert_eq!(all.len(), left, "{queue:?}");
        if let Queue::Tell(signal) | Queue::Empty(Some(signal)) = queue {
            assert_eq!(all.last().map(|it| it.signal.clone()), Some(signal));
        }
        seen = next;
    }
}

pub async fn a_stream_is_claimed_while_something_waits(store: Arc<dyn Store>) {
    let held = Stream { status: Status::Paused, ..pushed(3, "held") };
    let off = Stream { status: Status::Disabled, ..pushed(4, "off") };
    let streams = [pushed(1, "shop"), stream(2, "blog"), held, off.clone()];
    let user = scene(&*store, streams).await;
    let claim = async |now, until| store.claim_streams(at(now), at(until), 9).await.unwrap();
    assert_eq!(claim(9, 60).await, [], "nothing waits");
    sign_in(&*store, &user, 1).await;
    end(&*store, 1).await;
    let claimed = |failures| ClaimedStream { stream: pushed(1, "shop"), failures };
    assert_eq!(claim(9, 60).await, [claimed(0)]);
    assert_eq!(claim(59, 99).await, [], "somebody is at it");
    // Whoever claimed it first went away without a word.
    assert_eq!(claim(60, 120).await, [claimed(0)]);
    let release = async |lease, failures, try_at| {
        store.release_stream(stream_id(1), at(lease), failures, at(try_at)).await.unwrap();
    };
    release(60, 7, 61).await;
    assert_eq!(claim(70, 130).await, [], "the late one lets nothing go");
    release(120, 2, 80).await;
    assert_eq!(claim(79, 140).await, []);
    assert_eq!(claim(80, 140).await, [claimed(2)]);
    // Another place to post to is tried at once, and its failures are its own.
    let moved = Stream { description: Some("moved".to_owned()), ..pushed(1, "shop") };
    assert!(replace(&*store, &pushed(1, "shop"), moved.clone(), Queue::Keep).await);
    release(140, 3, 600).await;
    assert_eq!(claim(81, 141).await, [ClaimedStream { stream: moved, failures: 0 }]);
    // Of one that was disabled the word goes out.
    let word = Signal::StreamUpdated { status: Status::Disabled, reason: None };
    assert!(replace(&*store, &off, off.clone(), Queue::Empty(Some(word))).await);
    assert_eq!(claim(82, 142).await, [ClaimedStream { stream: off, failures: 0 }]);
}

pub async fn a_claim_is_over_with_what_was_claimed(store: Arc<dyn Store>) {
    let user = scene(&*store, [pushed(1, "shop"), pushed(2, "blog")]).await;
    sign_in(&*store, &user, 1).await;
    end(&*store, 1).await;
    let claim = async |now, until| {
        let claimed = store.claim_streams(at(now), at(until), 9).await.unwrap();
        claimed.into_iter().map(|it| it.stream.id).collect::<Vec<_>>()
    };
    let holds = async |n, until| store.is_claimed(stream_id(n), at(until)).await.unwrap();
    assert!(!holds(1, 60).await, "nobody has claimed it");
    assert_eq!(claim(9, 60).await, [stream_id(1), stream_id(2)]);
    assert!(holds(1, 60).await && holds(2, 60).await);
    assert!(!holds(1, 61).await, "that is another's");
    assert!(!holds(3, 60).await, "there is no such stream");
    // What waits in it is not what is claimed.
    let all = store.list_signals(stream_id(1), 9).await.unwrap();
    store.forget_signals(stream_id(1), &[all[0].number]).await.unwrap();
    assert!(holds(1, 60).await);
    let moved = Stream { description: Some("moved".to_owned()), ..pushed(1, "shop") };
    assert!(replace(&*store, &pushed(1, "shop"), moved, Queue::Keep).await);
    assert!(!holds(1, 60).await, "it was replaced");
    // Who was too slow has lost it to somebody else, who lets it go.
    assert_eq!(claim(60, 120).await, [stream_id(2)]);
    assert!(!holds(2, 60).await && holds(2, 120).await);
    store.release_stream(stream_id(2), at(120), 0, at(70)).await.unwrap();
    assert!(!holds(2, 120).await);
    assert_eq!(claim(70, 130).await, [stream_id(2)]);
    assert!(holds(2, 130).await);
    let gone = act(Kind::StreamRemoved);
    assert!(store.remove_stream(&client_id("blog"), stream_id(2), &gone).await.unwrap().is_some());
    assert!(!holds(2, 130).await, "it was removed");
}

pub async fn of_many_who_claim_each_is_given_others(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    for n in 1..=CALLERS {
        let name = format!("client-{n}");
        register(&*store, [name.as_str()]).await;
        make(&*store, pushed(n, &name)).await;
    }
    sign_in(&*store, &user, 1).await;
    end(&*store, 1).await;
    let answers =
        at_once(
            &store,
            |store, _| async move { store.claim_streams(at(9), at(60), 1).await.unwrap() },
        )
        .await;
    assert!(answers.iter().all(|claimed| claimed.len() == 1), "{answers:?}");
    let mut ids: Vec<_> = answers.into_iter().flatten().map(|it| it.stream.id).collect();
    ids.sort_unstable();
    assert_eq!(ids, (1..=CALLERS).map(stream_id).collect::<Vec<_>>());
}

pub async fn no_end_that_follows_a_stream_is_missing_from_it(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    register(&*store, ["shop"]).await;
    for n in 1..=CALLERS {
        sign_in(&*store, &user, n).await;
    }
    // Session 1 ends after the stream was acknowledged, while the others end beside its making.
    at_once(&store, |store, n| async move {
        if n == 1 {
            make(&*store, stream(1, "shop")).await;
        }
        end(&*store, n).await;
    })
    .await;
    let all = store.list_signals(stream_id(1), 99).await.unwrap();
    let is_first = |it: &Waiting| matches!(&it.signal, Signal::User(signal) if signal.session == Some(session_id(1)));
    assert_eq!(all.iter().filter(|it| is_first(it)).count(), 1, "{all:?}");
}

/// User 1, and these streams with their clients.
async fn scene<const N: usize>(store: &dyn Store, streams: [Stream; N]) -> User {
    for stream in streams {
        register(store, [stream.client.as_str()]).await;
        make(store, stream).await;
    }
    sign_up(store, 1).await
}

async fn register<const N: usize>(store: &dyn Store, names: [&str; N]) {
    for name in names {
        store.insert_client(client(name), None, &act(Kind::ClientAdded)).await.unwrap();
    }
}

async fn insert(store: &dyn Store, stream: Stream) -> InsertStream {
    store.insert_stream(stream, &act(Kind::StreamMade)).await.unwrap()
}

async fn make(store: &dyn Store, stream: Stream) {
    let made = insert(store, stream).await;
    assert!(matches!(made, InsertStream::Done(_)), "{made:?}");
}

async fn replace(store: &dyn Store, seen: &Stream, stream: Stream, queue: Queue) -> bool {
    let change = act(Kind::StreamChanged);
    store.replace_stream(seen, stream, queue, &change).await.unwrap()
}

/// Ends session `n`.
async fn end(store: &dyn Store, n: u8) {
    let ended = store.end_session(session_id(n), Reason::SignedOut, &ending()).await.unwrap();
    assert!(ended.is_some());
}

/// What the signals about users that wait in stream `n` are about.
async fn waiting(store: &dyn Store, n: u8) -> Vec<About> {
    let all = store.list_signals(stream_id(n), 99).await.unwrap();
    all.into_iter()
        .filter_map(|waiting| match waiting.signal {
            Signal::User(signal) => Some(signal.about),
            _ => None,
        })
        .collect()
}

/// An act about user 1, some seconds after the beginning.
fn act_of(seconds: u64, kind: Kind) -> Act {
    let act = act_at(at(seconds), kind);
    Act { event: Event { user: Some(user_id(1)), actor: Actor::Operator, ..act.event }, ..act }
}

fn stream_id(n: u8) -> StreamId {
    StreamId::new(at(0), [n; 10])
}

/// A stream that its client polls, and that wants everything.
fn stream(n: u8, client: &str) -> Stream {
    Stream {
        id: stream_id(n),
        client: ClientId::parse(client).unwrap(),
        delivery: Delivery::Poll,
        events_requested: None,
        wants: About::ALL.into_iter().collect::<Wanted>(),
        description: None,
        status: Status::Enabled,
        reason: None,
        created_at: at(0),
    }
}

/// The same, pushed.
fn pushed(n: u8, client: &str) -> Stream {
    let endpoint = format!("https://{client}.example.com/events");
    Stream { delivery: Delivery::Push { endpoint, authorization: None }, ..stream(n, client) }
}
