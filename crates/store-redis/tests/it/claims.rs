//! A sign-in with a guest goes through two stores: whatever happens between, its cart is merged once and nothing that was
//! acknowledged is left out.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_model::data::{Document, Owner};
use cloakroom_model::event::{Kind, Reason};
use cloakroom_store::{
    Begin, Begun, Earlier, Elsewhere, Error, Guests as _, LiveGuest, SessionData as _,
    Sessions as _, Written,
};
use cloakroom_store_redis::Settings;
use serde_json::json;
use tokio::sync::Barrier;
use tokio::time::timeout;

use super::scene::{
    Authority, GENEROUS, NOW, Node, REDIS, act, authority, begin, blocking, cart, cart_of,
    come_as_guest, digest, merges, node, put, session_id, settings, sign_in, sign_up, write,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_claimer_that_died_before_its_commit_is_given_up() {
    let Two { node, authority, settings } = two().await;
    let user = sign_up(&node, 1).await;
    come_as_guest(&node, 1).await;
    put(&node, 1, "hat").await;
    let asleep = claimed_long_ago(&node, &settings, 1, 7).await;
    assert!(matches!(node.find_guest(&digest(1), NOW).await.unwrap(), Some(LiveGuest::Live(_))));

    put(&node, 1, "coat").await;
    // It was only asleep: what it would merge is less than what was acknowledged since.
    let late = Begin { earlier: Some(asleep), ..begin(&user, 2, 1) };
    let refused = authority.begin_session(late, &act(Kind::SignedIn)).await;
    assert!(matches!(refused, Err(Error::Busy)), "{refused:?}");
    assert_eq!(merges(&node).await, 0);

    sign_in(&node, &user, 3, 1).await;
    let both = json!({"hat": true, "coat": true});
    assert_eq!(cart_of(&node, Owner::User(user.id)).await, Some(both));
    assert_eq!(merges(&node).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_takes_a_dead_claimers_place() {
    let Two { node, settings, .. } = two().await;
    let user = sign_up(&node, 1).await;
    come_as_guest(&node, 1).await;
    put(&node, 1, "hat").await;
    claimed_long_ago(&node, &settings, 1, 7).await;
    sign_in(&node, &user, 2, 1).await;
    assert_eq!(cart_of(&node, Owner::User(user.id)).await, Some(json!({"hat": true})));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claimer_that_died_after_its_commit_has_merged() {
    for second in ["writes", "signs in", "signs in as another", "signs out"] {
        let Two { node, authority, settings } = two().await;
        let user = sign_up(&node, 1).await;
        let other = sign_up(&node, 2).await;
        come_as_guest(&node, 1).await;
        put(&node, 1, "hat").await;
        let claimer = claimed_long_ago(&node, &settings, 1, 7).await;
        let committed = Begin { earlier: Some(claimer), ..begin(&user, 2, 1) };
        let begun = authority.begin_session(committed, &act(Kind::SignedIn)).await.unwrap();
        assert!(matches!(begun, Begun::Done(_)));

        match second {
            "writes" => {
                let late = node.write_data(write(1, "late"), &act(Kind::ProfileChanged)).await;
                assert_eq!(late.unwrap(), Written::Ended);
            }
            "signs in" => sign_in(&node, &user, 3, 1).await,
            "signs in as another" => sign_in(&node, &other, 3, 1).await,
            _ => {
                let end = act(Kind::SessionEnded);
                let late = node.end_guest(session_id(1), Reason::SignedOut, &end).await.unwrap();
                assert_eq!(late, None);
            }
        }
        assert_eq!(
            cart_of(&node, Owner::User(user.id)).await,
            Some(json!({"hat": true})),
            "{second}"
        );
        assert_eq!(cart_of(&node, Owner::User(other.id)).await, None, "{second}");
        assert_eq!(merges(&node).await, 1, "{second}");
        let found = node.find_guest(&digest(1), NOW).await.unwrap();
        assert!(!matches!(found, Some(LiveGuest::Live(_))), "{second}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_sign_in_gives_the_guest_back() {
    let Two { node, .. } = two().await;
    let mut user = sign_up(&node, 1).await;
    come_as_guest(&node, 1).await;
    put(&node, 1, "hat").await;
    user.generation = 7;
    let stale = node.begin_session(begin(&user, 2, 1), &act(Kind::SignedIn)).await.unwrap();
    assert_eq!(stale, Begun::Stale);
    // At once: it is not waited for the claim.
    let node = node.with_patience(Duration::from_hours(1));
    timeout(GENEROUS, put(&node, 1, "coat")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_wins_over_a_claimer_that_wakes_up() {
    let Two { node, authority, settings } = two().await;
    let user = sign_up(&node, 1).await;
    come_as_guest(&node, 1).await;
    put(&node, 1, "hat").await;
    let asleep = claimed_long_ago(&node, &settings, 1, 7).await;
    let end = act(Kind::SessionEnded);
    let ended = node.end_guest(session_id(1), Reason::SignedOut, &end).await.unwrap();
    assert!(ended.is_some());
    let late = Begin { earlier: Some(asleep), ..begin(&user, 2, 1) };
    let begun = authority.begin_session(late, &act(Kind::SignedIn)).await.unwrap();
    assert!(matches!(begun, Begun::Done(_)));
    assert_eq!(cart_of(&node, Owner::User(user.id)).await, None);
    assert_eq!(merges(&node).await, 0);
}

/// Two nodes write to a cart and sign its owner in, at once; with a patience of nothing, so that claims are given up all
/// the time, and with the usual one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_was_acknowledged_is_merged_once() {
    const WRITERS: u8 = 6;
    const SIGN_INS: u8 = 3;
    for round in 0..60 {
        let authority = authority();
        let settings = blocking(|| settings(&REDIS)).await;
        let hasty = round % 3 != 0;
        let nodes: [Arc<Node>; 2] = std::array::from_fn(|_| {
            let node = node(&authority, &settings);
            Arc::new(if hasty { node.with_patience(Duration::ZERO) } else { node })
        });
        let user = sign_up(&*nodes[0], 1).await;
        come_as_guest(&*nodes[0], 1).await;
        let barrier = Arc::new(Barrier::new(usize::from(WRITERS + SIGN_INS)));
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..WRITERS {
            let (node, barrier) = (Arc::clone(&nodes[usize::from(n % 2)]), Arc::clone(&barrier));
            tasks.spawn(async move {
                barrier.wait().await;
                let mut acknowledged = Vec::new();
                for i in 0..4 {
                    let item = format!("{n}-{i}");
                    match node.write_data(write(1, &item), &act(Kind::ProfileChanged)).await {
                        Ok(Written::Done(_)) => acknowledged.push(item),
                        Ok(Written::Ended) => break,
                        Err(Error::Busy) => {}
                        other => panic!("{other:?}"),
                    }
                }
                acknowledged
            });
        }
        for n in 0..SIGN_INS {
            let (node, barrier) = (Arc::clone(&nodes[usize::from(n % 2)]), Arc::clone(&barrier));
            let user = user.clone();
            tasks.spawn(async move {
                barrier.wait().await;
                loop {
                    match node.begin_session(begin(&user, 10 + n, 1), &act(Kind::SignedIn)).await {
                        Ok(Begun::Done(_)) => return Vec::new(),
                        Err(Error::Busy) => {}
                        other => panic!("{other:?}"),
                    }
                }
            });
        }
        let acknowledged: Vec<String> =
            timeout(GENEROUS, tasks.join_all()).await.unwrap().into_iter().flatten().collect();
        let cart = cart_of(&*nodes[0], Owner::User(user.id)).await.unwrap_or_default();
        for item in &acknowledged {
            assert!(cart.get(item).is_some(), "round {round}: {item} was acknowledged and is lost");
        }
        assert!(merges(&*nodes[0]).await <= 1, "round {round}");
        assert_eq!(
            cart.as_object().map_or(0, serde_json::Map::len),
            acknowledged.len(),
            "round {round}"
        );
        for node in &nodes {
            let found = node.find_guest(&digest(1), NOW).await.unwrap();
            assert!(matches!(found, Some(LiveGuest::Replaced(_))), "round {round}: {found:?}");
        }
    }
}

/// A node, its authority, and the way to its Redis.
struct Two {
    node: Node,
    authority: Authority,
    settings: Settings,
}

async fn two() -> Two {
    let authority = authority();
    let settings = blocking(|| settings(&REDIS)).await;
    Two { node: node(&authority, &settings), authority, settings }
}

/// What a process leaves that died long ago, right after it had claimed guest `n`; and what it would have brought to the
/// authority.
async fn claimed_long_ago(node: &Node, settings: &Settings, n: u8, claim: u128) -> Earlier {
    let room = n % 16;
    let guest = format!("{}:{{{room}}}:guest:{}", settings.prefix, session_id(n));
    let claim_text = format!("{claim:032x}");
    let set = tokio::task::block_in_place(|| {
        REDIS.command(&["HSET", &guest, "c", &claim_text, "ct", "1"]).unwrap()
    });
    assert_eq!(set, "2", "the guest was not claimed");
    let owner = Owner::Session(session_id(n));
    let document: Document = node.read_data(&cart(owner)).await.unwrap().unwrap();
    let elsewhere = Elsewhere {
        secret: Some(digest(n)),
        documents: vec![(cart(owner), document)],
        claim: Some(Elsewhere::mark_of_claim(claim)),
    };
    let user = cloakroom_model::user::User {
        id: cloakroom_model::id::UserId::new(NOW, [1; 10]),
        email: cloakroom_model::user::Email::parse("a@example.com").unwrap(),
        username: None,
        roles: Vec::new(),
        life: cloakroom_model::user::Life::Active,
        generation: 0,
        created_at: NOW,
    };
    let earlier = begin(&user, 99, n).earlier.unwrap();
    Earlier { elsewhere: Some(elsewhere), ..earlier }
}
