//! A check of whether the public URL leads anywhere, seen from this machine.
//!
//! It goes as far as a connection. Whether a certificate is right, and whether the one who answers is this server,
//! only a browser on another machine can tell.

use std::net::{TcpStream, ToSocketAddrs as _};

use super::Finding;
use crate::{probe::PATIENCE, settings::Settings};

/// Whether somebody takes connections where the public URL points.
pub(super) fn public_url(settings: &Settings) -> Finding {
    const WHERE: &str = "see that its name points to the proxy in front, that the proxy runs, and that no firewall is \
                         between; from inside some networks it is well all the same";
    let url = &settings.public_url;
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return Finding::Fail(format!("{url} has no host"), "set public_url");
    };
    if port == 0 {
        return Finding::Ok("the system chooses the port when the server starts".to_owned());
    }
    // An IPv6 address stands in brackets in a URL and without them elsewhere.
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let addresses = match (name, port).to_socket_addrs() {
        Ok(addresses) => addresses,
        Err(error) => return Finding::Warn(format!("{host} is not found: {error}"), WHERE),
    };
    let mut failed = format!("{host} has no address");
    for address in addresses {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(_) => return Finding::Ok(format!("somebody answers at {address}")),
            Err(error) => failed = format!("nobody answers at {address}: {error}"),
        }
    }
    if url.scheme() == "http" {
        return Finding::Ok(format!("{failed}: no server runs"));
    }
    Finding::Warn(failed, WHERE)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::settings::{Given, load};

    #[test]
    fn a_name_that_leads_nowhere_is_a_warning() {
        // RFC 6761 §6.4: no such name exists.
        assert!(matches!(public_url(&called("https://id.invalid")), Finding::Warn(..)));
    }

    #[test]
    fn whoever_takes_connections_answers() {
        let somebody = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", somebody.local_addr().unwrap());
        assert!(
            matches!(public_url(&called(&url)), Finding::Ok(text) if text.contains("answers at"))
        );
    }

    fn called(url: &str) -> Settings {
        let flags = vec![("public_url", url.to_owned())];
        load(&Given { flags, ..Given::default() }).unwrap().settings
    }
}
