//! An engine on any store, with everything that a test wants to decide for itself.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use cloakroom_engine::Engine;
use cloakroom_engine::clock::Clock;
use cloakroom_engine::feed::Limits;
use cloakroom_engine::keys::{MasterKey, MasterKeys};
use cloakroom_engine::password::{self, Cost, Pool};
use cloakroom_engine::settings::{OwnAccord, Profile, Settings};
use cloakroom_engine::sign_up::SignUp;
use cloakroom_engine::start::{InCommon, Wiring};
use cloakroom_engine::throttle;
use cloakroom_engine::visitor::{Browser, Visitor};
use cloakroom_jose::Algorithm;
use cloakroom_model::password::Password;
use cloakroom_model::policy::key_rotation::KeyRotation;
use cloakroom_model::policy::password::Rules;
use cloakroom_model::session::Carrier;
use cloakroom_store::Store;

use crate::clock::HandClock;
use crate::randomness::Seeded;

/// The public URL of a server under test.
pub const ISSUER: &str = "http://localhost:7117";

/// A password that every rule admits.
pub const PASSWORD: &str = "seven coats and an umbrella";

/// The settings that tests begin with: the defaults, without the fixed delay.
#[must_use]
pub fn settings() -> Settings {
    Settings {
        issuer: ISSUER.to_owned(),
        sign_up_open: true,
        profile: Profile::default(),
        replay_window: Duration::from_secs(30),
        key_rotation: KeyRotation {
            period: Duration::from_hours(90 * 24),
            ahead: Duration::from_hours(24),
        },
        algorithm: Algorithm::Ed25519,
        access_token_ttl: Duration::from_mins(10),
        status_list_ttl: Duration::from_mins(1),
        staleness: Duration::from_secs(2),
        log_interval: Duration::from_millis(200),
        last_seen_flush: Duration::from_secs(5),
        remembered_sessions: 10_000,
        session_limit: None,
        session_data_limit: 64 * 1024,
        password: Rules::default(),
        answer_delay: Duration::ZERO,
        fresh_sign_in: Duration::from_mins(15),
        events_retention: Duration::from_hours(90 * 24),
        followers: Limits::default(),
        own_accord: OwnAccord::default(),
    }
}

/// An engine on `store`, at the time of `clock`, with the randomness of `seed`. Hashes are as cheap as the
/// algorithm allows.
///
/// # Panics
///
/// When the engine does not start.
pub async fn on(store: Arc<dyn Store>, clock: &HandClock, seed: u64, settings: Settings) -> Engine {
    of_many(store, InCommon::default(), clock, seed, settings).await
}

/// The same, of a node that has something in common with others beside the store.
///
/// # Panics
///
/// When the engine does not start.
pub async fn of_many(
    store: Arc<dyn Store>,
    in_common: InCommon,
    clock: &HandClock,
    seed: u64,
    settings: Settings,
) -> Engine {
    let cost = Cost::danger_next_to_nothing();
    Engine::start(Wiring {
        store,
        clock: Arc::new(clock.clone()) as Arc<dyn Clock>,
        random: Arc::new(Seeded::new(seed)),
        masters: MasterKeys { current: master_key(), previous: None },
        passwords: Pool::start(password::Settings::new(cost)).unwrap(),
        limits: throttle::Limits::default(),
        in_common,
        settings,
    })
    .await
    .unwrap()
}

/// The master key of every engine under test, so that two of them can share a store.
#[must_use]
pub fn master_key() -> MasterKey {
    MasterKey::generate(&Seeded::new(7117))
}

/// What Ada says when she signs up: nothing but what she must.
///
/// # Panics
///
/// Never: [`PASSWORD`] is a password.
#[must_use]
pub fn ada(carry: Carrier) -> SignUp {
    SignUp {
        email: "ada@example.com".to_owned(),
        username: None,
        password: Password::new(PASSWORD.to_owned()).unwrap(),
        carry,
        client: None,
        remember: false,
        set_up: None,
        browser: Browser::default(),
    }
}

/// Somebody at a browser on this machine.
#[must_use]
pub fn visitor() -> Visitor {
    Visitor { address: IpAddr::V4(Ipv4Addr::LOCALHOST), device: "Firefox on Linux".to_owned() }
}
