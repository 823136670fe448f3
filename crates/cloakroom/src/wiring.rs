//! From the settings to the parts that an engine is put together from.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use cloakroom_engine::{
    clock::SystemClock,
    feed,
    password::{self, Cost},
    settings::{OwnAccord, Settings as EngineSettings},
    throttle::Limits,
};
use cloakroom_fetch::{Outbound, SystemResolver};
use cloakroom_model::policy::{
    key_rotation::KeyRotation,
    limit::Limit,
    password::{MinimumLength, Rules, ServiceWords},
};
use cloakroom_server::{app, layers::client_certificate::Sources};
use url::Url;

use crate::{
    exit::Failure,
    settings::{Settings, SignUp},
};

/// How often the log is read when nothing wakes the reader. With the second that a revocation may take, it leaves
/// room for four readings that come to nothing.
const LOG_INTERVAL: Duration = Duration::from_millis(200);

/// What the engine wants to know, of a server that is called `public_url`.
pub(crate) fn engine_settings(settings: &Settings, public_url: &Url) -> EngineSettings {
    EngineSettings {
        issuer: public_url.origin().ascii_serialization(),
        sign_up_open: settings.sign_up == SignUp::Open,
        profile: settings.profile,
        replay_window: settings.refresh_replay_window,
        key_rotation: KeyRotation {
            period: settings.key_rotation_period,
            ahead: settings.key_publish_ahead,
        },
        algorithm: settings.signing_algorithm,
        access_token_ttl: settings.access_token_ttl,
        status_list_ttl: settings.status_list_ttl,
        staleness: settings.memory_trust,
        log_interval: LOG_INTERVAL,
        last_seen_flush: settings.last_seen_flush,
        remembered_sessions: settings.remembered_sessions as usize,
        session_limit: settings.sessions_per_user.map(|sessions| Limit {
            sessions: sessions as usize,
            when_full: settings.sessions_when_full,
        }),
        session_data_limit: bytes(settings.session_data_limit),
        password: rules(settings, public_url),
        answer_delay: settings.answer_delay,
        fresh_sign_in: settings.fresh_sign_in,
        events_retention: settings.events_retention,
        followers: feed::Limits {
            all: settings.followers as usize,
            of_client: settings.followers_per_client as usize,
        },
        own_accord: OwnAccord {
            registering: settings.client_registration,
            documents: settings.client_metadata_documents,
            limit: settings.open_clients_limit as usize,
            scopes: settings.open_scopes.clone(),
            resources: settings.open_resources.clone(),
            danger_without_pkce: settings.danger_open_without_pkce,
        },
    }
}

/// What the HTTP side wants to know, of a server that is called `public_url`, and `mtls_url` where it asks for
/// certificates.
pub(crate) fn app_settings(
    settings: &Settings,
    public_url: Url,
    mtls_url: Option<Url>,
    client_certificates: Sources,
) -> app::Settings {
    app::Settings {
        public_url,
        trusted_proxies: settings.trusted_proxies.clone(),
        body_limit: bytes(settings.body_limit),
        cookie_domain: settings.cookie_domain.as_ref().map(|domain| domain.as_str().to_owned()),
        forward_auth: settings.forward_auth.clone(),
        mtls_url,
        client_certificates,
    }
}

/// The way to other servers.
pub(crate) fn outbound(settings: &Settings) -> Result<Outbound, Failure> {
    let own = cloakroom_fetch::Settings {
        authority: settings.fetch_ca.clone(),
        danger_private_networks: settings.danger_fetch_private_networks.clone(),
    };
    Outbound::new(own, Arc::new(SystemResolver), Arc::new(SystemClock::new()))
        .map_err(|error| Failure::Refused(error.to_string()))
}

/// The pool of a server.
pub(crate) fn password_pool(settings: &Settings) -> password::Settings {
    // A cost that is too low was refused when the settings were read.
    let cost = settings.password_hash_cost().unwrap_or(Cost::DEFAULT);
    match settings.password_hash_threads.and_then(|threads| NonZeroUsize::new(threads as usize)) {
        Some(threads) => password::Settings::with_threads(cost, threads),
        None => password::Settings::new(cost),
    }
}

/// The pool of a command, which hashes one password at most.
pub(crate) fn password_pool_of_one(settings: &Settings) -> password::Settings {
    let cost = settings.password_hash_cost().unwrap_or(Cost::DEFAULT);
    password::Settings::with_threads(cost, NonZeroUsize::MIN)
}

/// The limits on attempts.
pub(crate) fn limits(settings: &Settings) -> Limits {
    if settings.danger_no_throttle { Limits::danger_none() } else { Limits::default() }
}

/// A size as the rest of the program counts it.
pub(crate) fn bytes(size: u64) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}

fn rules(settings: &Settings, public_url: &Url) -> Rules {
    let minimum = u8::try_from(settings.password_min_length).ok();
    let host = public_url.host_str().unwrap_or_default();
    Rules {
        minimum: minimum.and_then(|length| MinimumLength::new(length).ok()).unwrap_or_default(),
        service: ServiceWords::new(host, settings.context_words.iter().map(String::as_str)),
    }
}

#[cfg(test)]
mod tests {
    use cloakroom_engine::settings::Registering;

    use super::*;
    use crate::settings::{Given, load};

    #[test]
    fn the_defaults_are_those_of_the_parts() {
        let settings = load(&Given::default()).unwrap().settings;
        let engine = engine_settings(&settings, &settings.public_url);
        assert_eq!(engine.issuer, "http://localhost:7117");
        assert_eq!(engine.password.minimum, MinimumLength::DEFAULT);
        let (open, closed) = (engine.own_accord, OwnAccord::default());
        assert!(!open.is_on() && !open.danger_without_pkce && open.resources.is_empty());
        assert_eq!((open.scopes, open.limit), (closed.scopes, closed.limit));
        assert_eq!(password_pool(&settings), password::Settings::new(Cost::DEFAULT));
        assert!(limits(&settings).are_on());
    }

    #[test]
    fn what_an_operator_says_reaches_the_engine() {
        let settings = with(&[
            ("public_url", "https://id.example.com"),
            ("sessions_per_user", "3"),
            ("password_min_length", "12"),
            ("password_hash_memory", "7MiB"),
            ("password_hash_iterations", "5"),
            ("password_hash_threads", "3"),
            ("danger_no_throttle", "true"),
            ("client_registration", "initial-token"),
            ("open_resources", "https://mcp.example.com/mcp, urn:example:files"),
        ]);
        let engine = engine_settings(&settings, &settings.public_url);
        assert_eq!(engine.issuer, "https://id.example.com");
        assert_eq!(engine.session_limit.map(|limit| limit.sessions), Some(3));
        assert_eq!(engine.password.minimum.code_points(), 12);
        assert_eq!(engine.own_accord.registering, Registering::WithToken);
        let resources = ["https://mcp.example.com/mcp", "urn:example:files"];
        assert_eq!(engine.own_accord.resources, resources);
        let pool = password_pool(&settings);
        assert_eq!((pool.cost, pool.threads.get()), (Cost::new(7168, 5).unwrap(), 3));
        assert!(!limits(&settings).are_on());
    }

    fn with(flags: &[(&'static str, &str)]) -> Settings {
        let flags = flags.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        load(&Given { flags, ..Given::default() }).unwrap().settings
    }
}
