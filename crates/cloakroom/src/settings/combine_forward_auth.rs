//! Rules of hosts behind proxies that are right each for itself, and that no browser could ever satisfy.

use cloakroom_model::policy::entry::Rule;
use cloakroom_model::session::Acr;

use super::network::is_loopback;
use super::table::Settings;

/// Who is believed about requests must be named.
pub(super) fn proxies(settings: &Settings) -> Option<String> {
    (!settings.forward_auth.is_empty() && settings.trusted_proxies.is_empty()).then(|| {
        "forward_auth answers trusted_proxies alone, and there are none: name the proxy that asks, for example \
         trusted_proxies = 127.0.0.1"
            .to_owned()
    })
}

/// Two rules of one host would leave it to chance which holds.
pub(super) fn twice(settings: &Settings) -> Option<String> {
    let rules = &settings.forward_auth;
    let is_again =
        |(index, rule): (usize, &Rule)| rules[..index].iter().any(|other| other.host == rule.host);
    let again = rules.iter().enumerate().find(|pair| is_again(*pair))?.1;
    Some(format!("forward_auth has two rules for {}: make one of them", again.host))
}

/// A browser must bring something there by which it is known, and not more than that.
pub(super) fn cookies(settings: &Settings) -> Option<String> {
    let public = settings.public_url.host_str().unwrap_or_default();
    let name = |rule: &Rule| rule.host.split(':').next().unwrap_or_default().to_owned();
    if settings.public_url.scheme() != "https" {
        if !is_loopback(&settings.public_url) {
            return (!settings.forward_auth.is_empty()).then(|| {
                "forward_auth needs an https public_url, or while developing one at localhost"
                    .to_owned()
            });
        }
        let other = settings.forward_auth.iter().find(|rule| name(rule) != public)?;
        return Some(format!(
            "forward_auth names {}, and without https a browser is known at {public} alone: name the service \
             {public} with its port while developing, or give public_url https",
            other.host
        ));
    }
    settings.forward_auth.iter().find_map(|rule| {
        let (host, name) = (&rule.host, name(rule));
        if name == public {
            return Some(format!(
                "forward_auth names {host}, the host of public_url, where a service would get the session's own \
                 cookie: give the service a host name of its own"
            ));
        }
        let covered = settings.cookie_domain.as_ref().is_some_and(|domain| domain.covers(&name));
        (!covered).then(|| match &settings.cookie_domain {
            None => format!(
                "forward_auth names {host}, where no browser brings a cookie: set cookie_domain to the domain that \
                 {host} and {public} are both below"
            ),
            Some(domain) => format!(
                "forward_auth names {host}, which is not below cookie_domain {}, so that no browser brings a cookie \
                 there: give the service a name below it",
                domain.as_str()
            ),
        })
    })
}

/// What nobody can reach keeps everybody out.
pub(super) fn level(settings: &Settings) -> Option<String> {
    let rule = settings.forward_auth.iter().find(|rule| rule.level > Some(Acr::Aal1))?;
    Some(format!(
        "forward_auth asks for level={} at {}, and a sign-in here has one factor: write level=aal1, or leave it out",
        rule.level.map_or("", Acr::as_str),
        rule.host
    ))
}

/// A service's token is for it alone, and in its hands.
pub(super) fn tokens(settings: &Settings) -> Option<String> {
    let rules = settings.profile.rules();
    let issuer = settings.public_url.origin().ascii_serialization();
    settings.forward_auth.iter().find_map(|rule| {
        let service = rule.service.as_ref()?;
        if service.audience.trim_end_matches('/') == issuer {
            return Some(format!(
                "forward_auth has audience={} at {}, which is Cloakroom itself: name the service",
                service.audience, rule.host
            ));
        }
        (rules.bound_always && service.passes.is_some()).then(|| {
            format!(
                "forward_auth has pass at {}, and profile {} binds every token to a key, which no service could prove: \
                 leave pass out",
                rule.host, rules.name
            )
        })
    })
}
