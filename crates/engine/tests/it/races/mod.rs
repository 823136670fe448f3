//! Two nodes on one store, and clients that do everything at once. A seed decides who goes on at each step; a
//! failing run prints its seed, and `CLOAKROOM_RACE_SEED` runs it again.
//!
//! On the memory store a seed is one run for ever. Over a network it decides the order of those who can go on, and the
//! network decides who can: the same promises, in fewer schedules that nobody chose.

mod exchange;
mod refresh;
mod registry;
mod sign_out;

use std::env;
use std::sync::Arc;

use cloakroom_engine::Engine;
use cloakroom_engine::begin::SignedIn;
use cloakroom_engine::start::InCommon;
use cloakroom_model::session::Carrier;
use cloakroom_store::Store;
use cloakroom_store::memory::Memory;
use cloakroom_testkit::clock::HandClock;
use cloakroom_testkit::engine::{ada, of_many, settings, visitor};
use cloakroom_testkit::interleaved::{Interleaved, Turns};

use crate::servers;

/// What the nodes stand on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum On {
    Memory,
    Postgres,
    PostgresWithRedis,
}

/// On how many schedules of the memory store one comes over a network, where each needs a database of its own.
const MEMORYS_FOR_ONE: u64 = 100;

/// And however many are asked for, at most so many come over a network.
const MOST_OVER_A_NETWORK: u64 = 100;

/// Makes a test of each race for everything that nodes can stand on.
macro_rules! on_every_cluster {
    ($($race:ident)*) => {
        mod on_memory {
            $(#[tokio::test]
            async fn $race() {
                super::$race(crate::races::On::Memory).await;
            })*
        }

        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $race() {
                super::$race(crate::races::On::Postgres).await;
            })*
        }

        mod on_postgres_with_redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $race() {
                super::$race(crate::races::On::PostgresWithRedis).await;
            })*
        }
    };
}
pub(crate) use on_every_cluster;

impl On {
    /// Runs a race under every seed: `CLOAKROOM_RACES` of them (1,000 unless it says otherwise), and over a network one for
    /// each hundred, and no more than a hundred. Prints how many.
    pub(crate) fn seeds(self) -> Box<dyn Iterator<Item = u64>> {
        let number = |name| env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
        if let Some(seed) = number("CLOAKROOM_RACE_SEED") {
            return Box::new(std::iter::once(seed));
        }
        let schedules = number("CLOAKROOM_RACES").unwrap_or(1_000);
        let schedules = match self {
            Self::Memory => schedules,
            Self::Postgres | Self::PostgresWithRedis => {
                schedules.div_ceil(MEMORYS_FOR_ONE).min(MOST_OVER_A_NETWORK)
            }
        };
        println!("{schedules} schedules on {self:?}");
        Box::new(0..schedules)
    }

    pub(crate) async fn start(self, seed: u64) -> Cluster {
        let clock = HandClock::default();
        let stores = match self {
            Self::Memory => {
                let store: Arc<dyn Store> = Arc::new(Memory::new(clock.for_store()));
                [(); 2].map(|()| (Arc::clone(&store), InCommon::default()))
            }
            Self::Postgres => {
                let database = servers::Database::create().await;
                [database.node(&clock).await, database.node(&clock).await]
            }
            Self::PostgresWithRedis => {
                let (database, redis) = (servers::Database::create().await, servers::redis());
                let node = async || database.node_with_redis(&redis, &clock).await;
                [node().await, node().await]
            }
        };
        let store = Arc::clone(&stores[0].0);
        let [here, there] = stores.map(|(store, in_common)| {
            let interleaved: Arc<dyn Store> = Arc::new(Interleaved(store));
            (interleaved, in_common)
        });
        let here = of_many(here.0, here.1, &clock, seed, settings()).await;
        let there = of_many(there.0, there.1, &clock, seed ^ 0xffff, settings()).await;
        Cluster { on: self, store, clock, nodes: [here, there] }
    }
}

/// Two nodes on one store.
pub(crate) struct Cluster {
    on: On,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: HandClock,
    pub(crate) nodes: [Engine; 2],
}

impl Cluster {
    /// Runs tasks to their ends, in turns that their seed decides.
    pub(crate) async fn run(&self, turns: Turns<'_>) {
        if self.on == On::Memory {
            turns.run();
        } else {
            turns.run_over_a_network().await;
        }
    }

    /// Ada, signed in at the first node.
    pub(crate) async fn ada(&self, carry: Carrier) -> SignedIn {
        self.nodes[0].sign_up(ada(carry), &visitor()).await.unwrap()
    }
}
