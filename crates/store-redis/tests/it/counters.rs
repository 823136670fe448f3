//! Counts that nodes share.

use std::time::Duration;

use cloakroom_model::policy::throttle::{Rate, Verdict};
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Counters as _, Spend};
use cloakroom_store_redis::RedisCounters;
use cloakroom_testkit::randomness::Seeded;
use tokio::task::JoinSet;

use crate::server::{Server, connection};

const NOW: Timestamp = Timestamp(1_800_000_000_000);

#[tokio::test]
async fn it_decides_as_the_rate_does() {
    let server = Server::start();
    let counters = RedisCounters::new(connection(&server, "one"));
    for seed in 0..40_u8 {
        let (random, name) = (Seeded::new(seed.into()), Digest([seed; 32]));
        let burst = u32::try_from(random.below(20)).unwrap() + 1;
        let rate = Rate::new(burst, Duration::from_secs(60 + random.below(10_000) as u64));
        let (mut spent, mut now) = (None, NOW);
        for step in 0..60 {
            // Now and then the clock of another node is a little behind.
            now = match random.below(10) {
                0 => now.minus(Duration::from_millis(random.below(2_000) as u64)),
                1 => now.plus(rate.period() / 2),
                _ => now.plus(Duration::from_millis(random.below(1_000) as u64)),
            };
            let expected = match rate.decide(spent, now) {
                Verdict::Admit(after) => {
                    spent = Some(after);
                    Spend::Admitted
                }
                Verdict::Wait(wait) => Spend::Wait(wait),
            };
            let answer = counters.spend(&name, rate, now).await.unwrap();
            assert_eq!(answer, expected, "seed {seed}, step {step}, {rate:?}");
        }
    }
}

#[tokio::test]
async fn of_many_at_once_no_more_than_the_burst_are_admitted() {
    let server = Server::start();
    let rate = Rate::new(10, Duration::from_hours(1));
    let mut asking = JoinSet::new();
    for node in 0..4 {
        let counters = RedisCounters::new(connection(&server, "one"));
        asking.spawn(async move {
            let mut admitted = 0;
            for _ in 0..25 {
                let spend = counters.spend(&Digest([1; 32]), rate, NOW).await;
                admitted += usize::from(spend.unwrap() == Spend::Admitted);
            }
            (node, admitted)
        });
    }
    let admitted: usize = asking.join_all().await.into_iter().map(|(_, admitted)| admitted).sum();
    assert_eq!(admitted, 10);
    let counters = RedisCounters::new(connection(&server, "one"));
    let next = counters.spend(&Digest([1; 32]), rate, NOW).await.unwrap();
    assert_eq!(next, Spend::Wait(Duration::from_mins(6)));
    let other = counters.spend(&Digest([2; 32]), rate, NOW).await.unwrap();
    assert_eq!(other, Spend::Admitted, "another name");
}

#[tokio::test]
async fn what_has_come_back_is_forgotten() {
    let server = Server::start();
    let connection = connection(&server, "one");
    let counters = RedisCounters::new(connection.clone());
    let rate = Rate::new(100, Duration::from_secs(2));
    counters.spend(&Digest([1; 32]), rate, NOW).await.unwrap();
    let mut keys = redis::cmd("KEYS");
    keys.arg("one:count:*");
    let gone = async { while !connection.ask::<Vec<String>>(&keys).await.unwrap().is_empty() {} };
    tokio::time::timeout(crate::server::GENEROUS, gone).await.expect("it stays");
}
