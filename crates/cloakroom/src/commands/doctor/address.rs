//! Checks of what the server is called and where it listens.

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use super::Finding;
use crate::{
    probe,
    settings::{Endpoint, Listen, Settings, is_loopback},
};

/// Whether others can mean this server by its public URL.
pub(super) fn public_url(settings: &Settings) -> Finding {
    let url = &settings.public_url;
    if url.scheme() == "https" {
        return Finding::Ok(url.to_string());
    }
    if is_loopback(url) {
        return Finding::Warn(
            format!("{url} can be reached from this machine only"),
            "before others use it, set public_url to the https URL of the proxy in front, or give the server a \
             certificate",
        );
    }
    Finding::Fail(
        format!("{url} is plain http"),
        "put a proxy with a certificate in front, or set tls_certificate and tls_key, and give public_url https",
    )
}

/// Whether browsers will keep the cookies that this public URL makes.
pub(super) fn cookies(settings: &Settings) -> Finding {
    if settings.public_url.scheme() != "https" {
        return Finding::Warn(
            "the cookies have no prefix and are not marked Secure, because public_url is http"
                .to_owned(),
            "use an https public_url in production; existing sessions then sign in again",
        );
    }
    match &settings.cookie_domain {
        None => Finding::Ok("__Host-cloakroom, for the public host alone".to_owned()),
        Some(domain) => Finding::Ok(format!(
            "__Host-cloakroom for the public host, __Secure-cloakroom-id for {}",
            domain.as_str()
        )),
    }
}

/// Whether throttles can tell clients apart.
pub(super) fn proxies(settings: &Settings) -> Finding {
    let behind_proxy = settings.public_url.scheme() == "https" && !settings.speaks_tls();
    if behind_proxy && settings.trusted_proxies.is_empty() {
        return Finding::Warn(
            "public_url is https, so a proxy is in front, but trusted_proxies is none: every client seems to have \
             the proxy's address, and shares its limits"
                .to_owned(),
            "set trusted_proxies to the proxy's address, for example 127.0.0.1",
        );
    }
    let proxies: Vec<_> = settings.trusted_proxies.iter().map(ToString::to_string).collect();
    Finding::Ok(if proxies.is_empty() {
        "none: the peer's address is the client's".to_owned()
    } else {
        proxies.join(", ")
    })
}

/// Whether the port is ours or can be.
pub(super) fn port(settings: &Settings) -> Finding {
    bindable(&settings.listen)
}

/// The same for the listener that asks for certificates.
pub(super) fn mtls_port(settings: &Settings) -> Finding {
    match &settings.mtls_listen {
        None => Finding::Ok("off".to_owned()),
        Some(listen) => bindable(listen),
    }
}

/// The same for the operators' listener.
pub(super) fn admin_port(settings: &Settings) -> Finding {
    match &settings.admin_listen {
        None => Finding::Ok("off".to_owned()),
        Some(listen) => bindable(listen),
    }
}

fn bindable(listen: &Listen) -> Finding {
    for endpoint in &listen.0 {
        if let Some(finding) = obstacle(*endpoint) {
            return finding;
        }
    }
    let places: Vec<_> = listen.0.iter().map(ToString::to_string).collect();
    Finding::Ok(format!("{} can be listened at", places.join(", ")))
}

fn obstacle(endpoint: Endpoint) -> Option<Finding> {
    for (index, address) in endpoint.addresses().into_iter().enumerate() {
        let Err(error) = TcpListener::bind(address) else { continue };
        return match error.kind() {
            // A machine without the second loopback address is no obstacle.
            io::ErrorKind::AddrNotAvailable if index > 0 => None,
            io::ErrorKind::AddrInUse => Some(taken(address)),
            io::ErrorKind::PermissionDenied => Some(Finding::Fail(
                format!("{address} may not be listened at by this user"),
                "use a port from 1024 up, with a proxy in front, or grant CAP_NET_BIND_SERVICE",
            )),
            _ => Some(Finding::Fail(
                format!("{address}: {error}"),
                "set listen to an address of this machine; `ip address` shows them",
            )),
        };
    }
    None
}

/// By a server of ours, which is well, or by somebody else.
fn taken(address: SocketAddr) -> Finding {
    if probe::is_ours(address) {
        return Finding::Ok(format!("a Cloakroom server is at {address}"));
    }
    Finding::Fail(
        format!("{address} is taken by another program"),
        "stop that program, or set listen to another port; `ss -ltnp` shows who has it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Given, load};

    #[test]
    fn a_port_that_somebody_has_is_a_failure_and_a_free_one_is_not() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        assert!(matches!(port(&listening_at(&address.to_string())), Finding::Fail(..)));
        drop(taken);
        assert!(matches!(port(&listening_at(&address.to_string())), Finding::Ok(_)));
    }

    #[test]
    fn an_address_of_another_machine_is_a_failure() {
        // RFC 5737 §3: nobody has this address.
        let settings = with(&[("listen", "192.0.2.1:7117"), ("danger_plain_http", "true")]);
        assert!(matches!(port(&settings), Finding::Fail(..)));
    }

    #[test]
    fn development_addresses_are_a_warning_and_https_is_well() {
        let development = with(&[]);
        assert!(matches!(public_url(&development), Finding::Warn(..)));
        assert!(matches!(cookies(&development), Finding::Warn(..)));
        assert!(matches!(proxies(&development), Finding::Ok(_)));

        let https = [("public_url", "https://id.example.com"), ("trusted_proxies", "127.0.0.1")];
        let production = with(&https);
        assert!(matches!(public_url(&production), Finding::Ok(_)));
        assert!(matches!(cookies(&production), Finding::Ok(_)));
        assert!(matches!(proxies(&production), Finding::Ok(_)));
        assert!(matches!(proxies(&with(&https[..1])), Finding::Warn(..)));
    }

    #[test]
    fn plain_http_for_others_fails_even_where_it_is_allowed() {
        let settings =
            with(&[("public_url", "http://id.example.com"), ("danger_plain_http", "true")]);
        assert!(matches!(public_url(&settings), Finding::Fail(..)));
    }

    fn listening_at(address: &str) -> Settings {
        with(&[("listen", address)])
    }

    fn with(flags: &[(&'static str, &str)]) -> Settings {
        let flags = flags.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        load(&Given { flags, ..Given::default() }).unwrap().settings
    }
}
