//! Putting an engine together.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use cloakroom_store::{Counters, Losses, SharedMemory, Store};
use tokio::sync::Mutex;

use crate::back_channel::Ends;
use crate::client_keys::PublishedKeys;
use crate::clients::Registry;
use crate::clock::{Clock, StoreTime};
use crate::feed::Feed;
use crate::follow::Follower;
use crate::keys::{DataKeys, KeysError, MasterKeys, Ring};
use crate::memory::{Memory, Seen};
use crate::password::Pool;
use crate::random::Random;
use crate::settings::Settings;
use crate::shared_memory::Shared;
use crate::status_lists::Lists;
use crate::streams::Signals;
use crate::throttle::Limits;
use crate::tokens::Tokens;
use crate::{Engine, Parts, entry};

/// What an engine is put together from; `M` is what it has of master keys.
pub struct Wiring<M = MasterKeys> {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub random: Arc<dyn Random>,
    /// What the stored keys are sealed with.
    pub masters: M,
    /// Where passwords are hashed.
    pub passwords: Pool,
    /// How often things may be tried.
    pub limits: Limits,
    /// What it has in common with other nodes beside the store.
    pub in_common: InCommon,
    /// How it is set up.
    pub settings: Settings,
}

/// What nodes have in common beside the store, where there is something to keep it in. All of it may be lost, or be away.
#[derive(Clone, Default)]
pub struct InCommon {
    /// Where one finds what another has read.
    pub memory: Option<Arc<dyn SharedMemory>>,
    /// Where attempts are counted for all of them.
    pub counters: Option<Arc<dyn Counters>>,
    /// How often guests may have been lost there.
    pub lost_guests: Losses,
    /// Whether what keeps it is there, as far as is known. Asked for what operators watch alone.
    pub is_there: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
}

impl Engine {
    /// Loads keys and clients, makes the keys that are missing, and hears the log once.
    pub async fn start(wiring: Wiring) -> Result<Self, KeysError> {
        let time = StoreTime::new(Arc::clone(&wiring.clock));
        let now = time.now();
        let data_keys =
            DataKeys::load(&*wiring.store, &wiring.masters, &*wiring.random, now).await?;
        let engine = Self::assemble(wiring, time, data_keys).await?;
        engine.rotate_keys_on_schedule().await?;
        Ok(engine)
    }

    /// An engine for one act beside a server: loads keys and clients and hears the log once, and leaves the
    /// schedule of keys to the server. Without a master key it neither signs nor verifies, and makes no key.
    pub async fn beside(wiring: Wiring<Option<MasterKeys>>) -> Result<Self, KeysError> {
        let time = StoreTime::new(Arc::clone(&wiring.clock));
        let now = time.now();
        let data_keys = match &wiring.masters {
            Some(masters) => DataKeys::load(&*wiring.store, masters, &*wiring.random, now).await?,
            None => DataKeys::none(),
        };
        Self::assemble(wiring, time, data_keys).await
    }

    async fn assemble<M>(
        wiring: Wiring<M>,
        time: StoreTime,
        data_keys: DataKeys,
    ) -> Result<Self, KeysError> {
        let Wiring { store, random, passwords, limits, in_common, settings, .. } = wiring;
        let ring = Ring::load(&*store, &data_keys).await?;
        let clients = Registry::new(store.list_clients().await?, &settings);
        let tokens = Tokens::new(&settings.issuer, Arc::clone(&ring.verifying));
        let statuses = Lists::new(store.find_status_lists().await?.series);
        let limits = match in_common.counters {
            // Names are made with a key, which an engine without a master key has not.
            Some(counters) if !data_keys.are_none() => {
                limits.shared(counters, &data_keys.derive(b"cloakroom shared counters 1"))
            }
            _ => limits,
        };
        let memory = Memory::new(settings.remembered_sessions, settings.staleness)
            .with_lost_guests(in_common.lost_guests);
        let feed = Feed::new(settings.followers);
        let engine = Self(Arc::new(Parts {
            store,
            time,
            random,
            settings,
            memory,
            seen: Seen::default(),
            shared: in_common.memory.map(Shared::new),
            in_common_is_there: in_common.is_there,
            follower: Follower::default(),
            feed,
            ends: Ends::default(),
            signals: Signals::default(),
            data_keys,
            ring,
            tokens,
            passed: entry::no_tokens(),
            clients,
            client_keys: PublishedKeys::default(),
            passwords,
            limits,
            statuses,
            letting_in: Mutex::default(),
            forgot_unused_at: AtomicI64::default(),
        }));
        engine.catch_up().await?;
        Ok(engine)
    }
}
