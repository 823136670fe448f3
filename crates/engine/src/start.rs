//! Putting an engine together.

use std::sync::Arc;

use cloakroom_store::Store;

use crate::clients::Registry;
use crate::clock::{Clock, StoreTime};
use crate::follow::Follower;
use crate::keys::{DataKeys, KeysError, MasterKeys, Ring};
use crate::memory::{Memory, Seen};
use crate::password::Pool;
use crate::random::Random;
use crate::settings::Settings;
use crate::sign_in::Strangers;
use crate::throttle::Limits;
use crate::tokens::Tokens;
use crate::{Engine, Parts};

/// What an engine is put together from.
pub struct Wiring {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub random: Arc<dyn Random>,
    /// What the stored keys are sealed with.
    pub masters: MasterKeys,
    /// Where passwords are hashed.
    pub passwords: Pool,
    /// How often things may be tried.
    pub limits: Limits,
    /// How it is set up.
    pub settings: Settings,
}

impl Engine {
    /// Loads keys and clients, makes the keys that are missing, and hears the log once.
    pub async fn start(wiring: Wiring) -> Result<Self, KeysError> {
        let Wiring { store, clock, random, masters, passwords, limits, settings } = wiring;
        let time = StoreTime::new(clock);
        let data_keys = DataKeys::load(&*store, &masters, &*random, time.now()).await?;
        let ring = Ring::load(&*store, &data_keys).await?;
        let clients = Registry::new(store.list_clients().await?, &settings.issuer);
        let tokens = Tokens::new(&settings.issuer, Arc::clone(&ring.verifying));
        let memory = Memory::new(settings.remembered_sessions, settings.staleness);
        let engine = Self(Arc::new(Parts {
            store,
            time,
            random,
            settings,
            memory,
            seen: Seen::default(),
            follower: Follower::default(),
            data_keys,
            ring,
            tokens,
            clients,
            passwords,
            limits,
            strangers: Strangers::default(),
        }));
        engine.catch_up().await?;
        engine.rotate_keys_on_schedule().await?;
        Ok(engine)
    }
}
