//! Many nodes on one store: what each of them hears, and what it does when it cannot hear.

mod behind;
mod failover;
mod hearing;
mod idle;
mod sharing;
mod throttles;

use std::sync::Arc;

use cloakroom_engine::Engine;
use cloakroom_engine::begin::SignedIn;
use cloakroom_engine::settings::Settings;
use cloakroom_model::session::Carrier;
use cloakroom_store::memory::Memory;
use cloakroom_testkit::clock::HandClock;
use cloakroom_testkit::engine::{ada, on, visitor};
use cloakroom_testkit::faulty::Faulty;

/// Two nodes on one store; the second one's way there can be cut.
pub(crate) struct Nodes {
    pub(crate) clock: HandClock,
    pub(crate) store: Arc<Memory>,
    pub(crate) way: Arc<Faulty<Memory>>,
    pub(crate) here: Engine,
    pub(crate) there: Engine,
}

impl Nodes {
    pub(crate) async fn start(settings: Settings) -> Self {
        let clock = HandClock::default();
        let store = Arc::new(Memory::new(clock.for_store()));
        let way = Arc::new(Faulty::new(Arc::clone(&store)));
        let here = on(Arc::clone(&store) as _, &clock, 1, settings.clone()).await;
        let there = on(Arc::clone(&way) as _, &clock, 2, settings).await;
        Self { clock, store, way, here, there }
    }

    /// Ada, signed in at the first node.
    pub(crate) async fn ada(&self, carry: Carrier) -> SignedIn {
        self.here.sign_up(ada(carry), &visitor()).await.unwrap()
    }
}
