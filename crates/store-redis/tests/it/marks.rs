//! Marks in a Redis that forgot: what might have been used is refused, and what was made since is not.

use std::time::Duration;

use cloakroom_model::secret::Digest;
use cloakroom_store::Marks as _;
use cloakroom_testservers::Redis;
use tokio::time::timeout;

use super::scene::{GENEROUS, NOW, Node, authority, blocking, node, settings};

/// What a proof lasts.
const LASTS: Duration = Duration::from_secs(121);

#[tokio::test(flavor = "multi_thread")]
async fn what_was_used_before_redis_forgot_is_refused_after_it() {
    let redis = blocking(|| Redis::start().unwrap()).await;
    let (authority, settings) = (authority(), settings(&redis));
    let [first, second] = [(); 2].map(|()| node(&authority, &settings));
    // All in one room. Nobody ever used anything: nothing is in doubt.
    assert!(used(&first, 1, 0, 1).await);
    assert!(!used(&second, 1, 0, 2).await);
    let long = mark(9);
    let end = NOW.plus(Duration::from_mins(50));
    assert!(first.mark_once(long, end, NOW).await.unwrap());

    let redis = blocking(move || {
        redis.kill().unwrap();
        redis.start_again().unwrap();
        redis
    })
    .await;
    for node in [&first, &second] {
        timeout(GENEROUS, node.connection().there()).await.unwrap();
    }
    // A proof of before, used or not, and one made after.
    assert!(!used(&second, 1, 0, 10).await);
    assert!(!used(&first, 2, 5, 10).await);
    assert!(used(&first, 3, 12, 13).await);
    assert!(!used(&second, 3, 12, 14).await);
    // What lasts longer the authority knows; also when it has only a moment left.
    assert!(!second.mark_once(long, end, NOW.plus(Duration::from_secs(20))).await.unwrap());
    assert!(!first.mark_once(long, end, end.minus(Duration::from_secs(1))).await.unwrap());
    drop(redis);
}

/// Uses a proof that was made at one second and comes at another.
async fn used(node: &Node, n: u8, made: u64, comes: u64) -> bool {
    let until = NOW.plus(Duration::from_secs(made)).plus(LASTS);
    node.mark_once(mark(n), until, NOW.plus(Duration::from_secs(comes))).await.unwrap()
}

/// A digest of room 0.
fn mark(n: u8) -> Digest {
    let mut bytes = [n; 32];
    bytes[0] = 16;
    Digest(bytes)
}
