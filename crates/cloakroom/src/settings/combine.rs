//! Settings that are right each for itself and wrong together. Each refusal says what to do.

use cloakroom_engine::password::Cost;

use super::{
    combine_forward_auth, combine_tls,
    layers::Problem,
    network::{Endpoint, Listen, is_loopback},
    places::Database,
    table::Settings,
    takes::{duration_text, size_text},
};

/// Everything that does not go together.
pub(super) fn problems(settings: &Settings) -> Vec<Problem> {
    let checks = [
        combine_tls::pair,
        combine_tls::scheme,
        plain_http,
        profile_over_http,
        profile_algorithm,
        unnamed_proxy,
        cookie_domain,
        combine_forward_auth::proxies,
        combine_forward_auth::twice,
        combine_forward_auth::cookies,
        combine_forward_auth::level,
        combine_forward_auth::tokens,
        admin_listener,
        combine_tls::mtls_listener,
        combine_tls::header,
        combine_tls::unused,
        body_and_data,
        hash_cost,
        key_times,
        same_keys,
        redis,
    ];
    checks.into_iter().filter_map(|check| check(settings)).map(Problem::together).collect()
}

/// Passwords and cookies in the clear are for this machine only.
fn plain_http(settings: &Settings) -> Option<String> {
    if settings.speaks_tls()
        || settings.danger_plain_http
        || settings.public_url.scheme() == "https"
    {
        return None;
    }
    if !is_loopback(&settings.public_url) {
        return Some(format!(
            "public_url is {}, plain http to another machine: give it https (a proxy in front that holds the \
             certificate), or set danger_plain_http = true and know that everybody on the way can read along",
            settings.public_url
        ));
    }
    (!settings.listen.is_loopback()).then(|| {
        format!(
            "listen is {}, which other machines reach, while public_url is plain http: listen at localhost, or set \
             public_url to the https URL of the proxy in front, or set danger_plain_http = true",
            places(&settings.listen)
        )
    })
}

/// FAPI 2.0 Security Profile §5.2.1: a profile that asks for TLS asks for it on this machine too.
fn profile_over_http(settings: &Settings) -> Option<String> {
    let rules = settings.profile.rules();
    let refused = rules.https_always
        && settings.public_url.scheme() != "https"
        && !settings.danger_plain_http;
    refused.then(|| {
        format!(
            "profile {} asks for https, and public_url is {}: give it https, or set danger_plain_http = true to try the \
             profile out without it",
            rules.name, settings.public_url
        )
    })
}

fn profile_algorithm(settings: &Settings) -> Option<String> {
    let (rules, algorithm) = (settings.profile.rules(), settings.signing_algorithm);
    (!rules.algorithms.contains(algorithm)).then(|| {
        format!(
            "profile {} does not allow signing_algorithm {algorithm}: take ES256 or Ed25519",
            rules.name
        )
    })
}

/// The hop from a proxy is plain http too, and without its name every client has the proxy's address.
fn unnamed_proxy(settings: &Settings) -> Option<String> {
    let https = settings.public_url.scheme() == "https";
    let behind_proxy = https && !settings.speaks_tls() && !settings.listen.is_loopback();
    let refused =
        behind_proxy && settings.trusted_proxies.is_empty() && !settings.danger_plain_http;
    refused.then(|| {
        format!(
            "listen is {}, which other machines reach by plain http: name the proxy that speaks https for them in \
             trusted_proxies (for example 10.0.0.0/8), let the server speak it by tls_certificate and tls_key, or set \
             danger_plain_http = true",
            places(&settings.listen)
        )
    })
}

fn cookie_domain(settings: &Settings) -> Option<String> {
    let domain = settings.cookie_domain.as_ref()?;
    let host = settings.public_url.host_str().unwrap_or_default();
    if !domain.covers(host) {
        return Some(format!(
            "cookie_domain is {}, and the public host {host} is not below it, so that browsers would refuse the \
             cookie: name a domain that {host} ends with, or off",
            domain.as_str()
        ));
    }
    (settings.public_url.scheme() != "https").then(|| {
        "cookie_domain needs an https public_url: its cookie is marked as secure, and browsers keep such a cookie \
         only over https"
            .to_owned()
    })
}

fn admin_listener(settings: &Settings) -> Option<String> {
    let admin = settings.admin_listen.as_ref()?;
    let clash =
        admin.0.iter().find(|one| settings.listen.0.iter().any(|two| one.overlaps(*two)))?;
    Some(format!(
        "admin_listen {clash} is taken by listen {}: give it another port",
        places(&settings.listen)
    ))
}

fn body_and_data(settings: &Settings) -> Option<String> {
    (settings.body_limit < settings.session_data_limit).then(|| {
        format!(
            "body_limit {} is less than session_data_limit {}, so that data within its limit could not be sent: \
             raise the one or lower the other",
            size_text(settings.body_limit),
            size_text(settings.session_data_limit)
        )
    })
}

/// Each may be low, but not both: what a guesser pays is the one times the other.
fn hash_cost(settings: &Settings) -> Option<String> {
    settings.password_hash_cost().is_none().then(|| {
        format!(
            "password_hash_memory {} and password_hash_iterations {} make guessing too cheap: together they must \
             pass over at least 35 MiB, as 7MiB with 5 iterations or 19MiB with 2 do",
            size_text(settings.password_hash_memory),
            settings.password_hash_iterations
        )
    })
}

fn key_times(settings: &Settings) -> Option<String> {
    (settings.key_publish_ahead * 2 > settings.key_rotation_period).then(|| {
        format!(
            "key_publish_ahead {} is more than half of key_rotation_period {}: publish later or rotate less often",
            duration_text(settings.key_publish_ahead),
            duration_text(settings.key_rotation_period)
        )
    })
}

fn same_keys(settings: &Settings) -> Option<String> {
    let same = settings.master_key.is_some() && settings.master_key == settings.master_key_previous;
    same.then(|| {
        "master_key and master_key_previous are the same key: leave the previous one out, or set the new one"
            .to_owned()
    })
}

fn redis(settings: &Settings) -> Option<String> {
    let Some(redis) = &settings.redis else {
        let idle = [
            ("redis_password", settings.redis_password.is_some()),
            ("redis_ca", settings.redis_ca.is_some()),
        ];
        let (key, _) = idle.into_iter().find(|(_, is_set)| *is_set)?;
        return Some(format!(
            "{key} is of no use without redis: set it as well, or leave {key} out"
        ));
    };
    if settings.database == Database::Memory {
        return Some(
            "redis stands beside a database that lasts, and database is memory: leave redis out, or set database"
                .to_owned(),
        );
    }
    (settings.redis_ca.is_some() && redis.is_plain()).then(|| {
        "redis_ca is for TLS, and redis is plain: write rediss in the place of redis".to_owned()
    })
}

impl Settings {
    /// What a new hash costs; nothing where that would be too little.
    pub(crate) fn password_hash_cost(&self) -> Option<Cost> {
        let kib = u32::try_from(self.password_hash_memory >> 10).ok()?;
        Cost::new(kib, self.password_hash_iterations).ok()
    }
}

fn places(listen: &Listen) -> String {
    listen.0.iter().map(Endpoint::to_string).collect::<Vec<_>>().join(", ")
}
