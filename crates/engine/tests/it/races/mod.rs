//! Two nodes on one store, and clients that do everything at once. A seed decides who goes on at each step; a
//! failing run prints its seed, and `CLOAKROOM_RACE_SEED` runs it again.

mod exchange;
mod refresh;
mod registry;
mod sign_out;

use std::env;
use std::sync::Arc;

use cloakroom_engine::Engine;
use cloakroom_engine::begin::SignedIn;
use cloakroom_engine::sign_up::SignUp;
use cloakroom_engine::visitor::Browser;
use cloakroom_model::password::Password;
use cloakroom_model::session::Carrier;
use cloakroom_store::memory::Memory;
use cloakroom_testkit::clock::HandClock;
use cloakroom_testkit::engine::{PASSWORD, on, settings, visitor};
use cloakroom_testkit::interleaved::Interleaved;

/// Two nodes on one store.
pub(crate) struct Cluster {
    pub(crate) store: Arc<Memory>,
    pub(crate) clock: HandClock,
    pub(crate) nodes: [Engine; 2],
}

impl Cluster {
    pub(crate) async fn start(seed: u64) -> Self {
        let clock = HandClock::default();
        let store = Arc::new(Memory::new(clock.for_store()));
        let node = async |seed| {
            let interleaved = Arc::new(Interleaved(Arc::clone(&store)));
            on(interleaved, &clock, seed, settings()).await
        };
        let nodes = [node(seed).await, node(seed ^ 0xffff).await];
        Self { store, clock, nodes }
    }

    /// Ada, signed in at the first node.
    pub(crate) async fn ada(&self, carry: Carrier) -> SignedIn {
        let wish = SignUp {
            email: "ada@example.com".to_owned(),
            username: None,
            password: Password::new(PASSWORD.to_owned()).unwrap(),
            carry,
            client: None,
            remember: false,
            set_up: None,
            browser: Browser::default(),
        };
        self.nodes[0].sign_up(wish, &visitor()).await.unwrap()
    }
}

/// Runs `race` under every seed: `CLOAKROOM_RACES` of them (1,000 unless it says otherwise).
pub(crate) fn seeds() -> Box<dyn Iterator<Item = u64>> {
    let number = |name| env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    match number("CLOAKROOM_RACE_SEED") {
        Some(seed) => Box::new(std::iter::once(seed)),
        None => Box::new(0..number("CLOAKROOM_RACES").unwrap_or(1_000)),
    }
}
