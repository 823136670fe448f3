//! The use cases: load the facts, let `model` decide, carry the decision out.
//!
//! A file for each. This is the only reader of the clock and of randomness. Every act that ends or changes
//! something hands its log rows to `Engine::heard` before it is acknowledged, so that this node's memory
//! refuses from that moment on; other nodes hear of it from the log.

pub mod authorize;
pub mod back_channel;
pub mod begin;
pub mod client_authentication;
pub mod client_credentials;
mod client_keys;
pub mod clients;
pub mod clock;
pub mod device_authorization;
pub mod devices;
pub mod entry;
pub mod events;
mod failures;
pub mod feed;
pub mod fetch;
pub mod follow;
pub mod forms;
pub mod granting;
pub mod guest;
mod held;
pub mod housekeeping;
mod id_token;
pub mod identifying_cookie;
pub mod identity;
pub mod inspect;
pub mod introspect;
pub mod keys;
pub mod links;
pub mod logout;
pub mod memory;
pub mod password;
mod patience;
pub mod people;
pub mod possession;
pub mod profile;
pub mod random;
mod reach;
pub mod reauthenticate;
pub mod redeem_code;
pub mod refresh;
pub mod revoke;
mod rounds;
pub mod secret;
pub mod service;
pub mod session_cookie;
pub mod session_data;
pub mod session_token;
pub mod settings;
pub mod shared_memory;
pub mod sign_in;
pub mod sign_out;
pub mod sign_up;
pub mod start;
pub mod status_lists;
pub mod streams;
pub mod throttle;
pub mod token_exchange;
pub mod tokens;
pub mod userinfo;
pub mod users;
pub mod visitor;
pub mod vitals;

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use cloakroom_jose::Algorithms;
use cloakroom_model::event::{Actor, Event, Kind};
use cloakroom_oauth::profile::Rules;
use cloakroom_store::{Act, Store};
/// What callers of the use cases need of storage's words, so that they need not know storage.
pub use cloakroom_store::{EventFilter, LiveSession, Page, StreamBacklog, UserFilter};

/// A failure of storage, as callers of the use cases meet it.
pub use cloakroom_store::Error as StoreError;

use crate::back_channel::Ends;
use crate::client_keys::PublishedKeys;
use crate::clients::Registry;
use crate::clock::StoreTime;
use crate::entry::PassedTokens;
use crate::feed::Feed;
use crate::follow::Follower;
use crate::keys::{DataKeys, Ring};
use crate::memory::{Memory, Seen};
use crate::password::Pool;
use crate::random::Random;
use crate::settings::Settings;
use crate::shared_memory::Shared;
use crate::streams::Signals;
use crate::throttle::Limits;
use crate::tokens::Tokens;

/// Everything a use case needs. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Parts>);

/// What an engine is made of.
pub struct Parts {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) time: StoreTime,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) settings: Settings,
    pub(crate) memory: Memory,
    pub(crate) seen: Seen,
    pub(crate) shared: Option<Shared>,
    pub(crate) in_common_is_there: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
    pub(crate) follower: Follower,
    pub(crate) feed: Feed,
    pub(crate) ends: Ends,
    pub(crate) signals: Signals,
    pub(crate) data_keys: DataKeys,
    pub(crate) ring: Ring,
    pub(crate) tokens: Tokens,
    /// Those that services behind proxies were handed.
    pub(crate) passed: PassedTokens,
    pub(crate) clients: Registry,
    pub(crate) client_keys: PublishedKeys,
    pub(crate) passwords: Pool,
    pub(crate) limits: Limits,
    pub(crate) statuses: status_lists::Lists,
    /// Held while a client is let in that comes of its own accord.
    pub(crate) letting_in: tokio::sync::Mutex<()>,
    /// When unused ones of them were last forgotten, in milliseconds.
    pub(crate) forgot_unused_at: AtomicI64,
}

impl Deref for Engine {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Engine {
    /// How this engine was set up.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The rules that clients are held to.
    #[must_use]
    pub fn rules(&self) -> &'static Rules {
        self.settings.profile.rules()
    }

    /// How often things may be tried here.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// The present, by the store's clock.
    #[must_use]
    pub fn now(&self) -> cloakroom_model::time::Timestamp {
        self.time.now()
    }

    /// The key set that tokens are verified with, as it is published.
    #[must_use]
    pub fn published_keys(&self) -> keys::Published {
        self.ring.keys().published.clone()
    }

    /// What can be signed with, for whoever verifies by that set.
    #[must_use]
    pub fn signs_with(&self) -> Algorithms {
        self.ring.keys().algorithms().and(self.rules().algorithms)
    }

    /// An act that happens now.
    pub(crate) fn act(&self, kind: Kind, actor: Actor) -> Act {
        let at = self.time.now();
        Act { at, nonce: self.random.nonce(), event: Event::new(at, kind, actor) }
    }
}
