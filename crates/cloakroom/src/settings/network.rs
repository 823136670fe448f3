//! Addresses: where the server listens, what it is called, whose word about a client's address it takes.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use ipnet::IpNet;
use url::{Host, Url};

use super::takes::{Takes, Wrong};

/// One place to listen at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Endpoint {
    /// Both loopback addresses, where the machine has both, at one port.
    Localhost(u16),
    /// One address; the unspecified one means all of its family.
    Address(SocketAddr),
}

impl Endpoint {
    /// The port; 0 lets the system choose.
    pub(crate) fn port(self) -> u16 {
        match self {
            Self::Localhost(port) => port,
            Self::Address(address) => address.port(),
        }
    }

    /// The addresses to bind, the one that must succeed first.
    pub(crate) fn addresses(self) -> Vec<SocketAddr> {
        match self {
            Self::Localhost(port) => vec![
                SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
                SocketAddr::from((Ipv6Addr::LOCALHOST, port)),
            ],
            Self::Address(address) => vec![address],
        }
    }

    /// Whether only this machine can reach it.
    pub(crate) fn is_loopback(self) -> bool {
        match self {
            Self::Localhost(_) => true,
            Self::Address(address) => address.ip().is_loopback(),
        }
    }

    /// Whether one socket cannot serve both.
    pub(crate) fn overlaps(self, other: Self) -> bool {
        self.port() != 0
            && self.port() == other.port()
            && self.addresses().iter().any(|mine| {
                other.addresses().iter().any(|theirs| {
                    mine.ip() == theirs.ip()
                        || mine.ip().is_unspecified()
                        || theirs.ip().is_unspecified()
                })
            })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Localhost(port) => write!(f, "localhost:{port}"),
            Self::Address(address) => write!(f, "{address}"),
        }
    }
}

/// Where to listen: at least one place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Listen(pub(crate) Vec<Endpoint>);

impl Listen {
    /// The port of the first place, which the default public URL shares.
    pub(crate) fn port(&self) -> u16 {
        self.0.first().map_or(0, |endpoint| endpoint.port())
    }

    /// Whether only this machine can reach the server.
    pub(crate) fn is_loopback(&self) -> bool {
        self.0.iter().all(|endpoint| endpoint.is_loopback())
    }
}

/// Reads [`Listen`].
pub(super) struct Endpoints;

impl Takes for Endpoints {
    type Value = Listen;

    fn expected(&self) -> String {
        "one or more of localhost:PORT or ADDRESS:PORT, with commas between".to_owned()
    }

    fn read(&self, text: &str) -> Result<Listen, Wrong> {
        text.split(',').map(|item| endpoint(item.trim())).collect::<Result<_, _>>().map(Listen)
    }
}

fn endpoint(text: &str) -> Result<Endpoint, Wrong> {
    if let Some(port) = text.strip_prefix("localhost:") {
        return port.parse().map(Endpoint::Localhost).map_err(|_| Wrong::Shape);
    }
    if let Ok(address) = text.parse() {
        return Ok(Endpoint::Address(address));
    }
    match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') && port.parse::<u16>().is_ok() => {
            Err(Wrong::Because("only `localhost` is known by name here: write the address"))
        }
        _ => Err(Wrong::Shape),
    }
}

/// The URL people and clients reach the server at: a scheme, a host, maybe a port, and nothing else.
pub(super) struct Origin;

impl Takes for Origin {
    type Value = Url;

    fn expected(&self) -> String {
        "an https URL, or an http one while developing, with a host and nothing after it".to_owned()
    }

    fn read(&self, text: &str) -> Result<Url, Wrong> {
        let url = Url::parse(text).map_err(|_| Wrong::Shape)?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(Wrong::Shape);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Wrong::Because("there is a user name in it"));
        }
        // The cookie's `__Host-` prefix asks for `Path=/`, so whoever shares the host shares the cookie.
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(Wrong::Because(
                "there is something after the host: give it a host name of its own",
            ));
        }
        Ok(url)
    }
}

/// What names a service in tokens: an absolute URI without a fragment (RFC 8707 §2).
pub(super) struct Resource;

impl Takes for Resource {
    type Value = String;

    fn expected(&self) -> String {
        "URLs of services".to_owned()
    }

    fn read(&self, text: &str) -> Result<String, Wrong> {
        let url = Url::parse(text).map_err(|_| Wrong::Shape)?;
        if url.fragment().is_some() {
            return Err(Wrong::Because("there is a fragment in it"));
        }
        Ok(text.to_owned())
    }
}

/// Whether the URL's host can only mean this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A domain, in lower case and without a dot in front, that sibling hosts share.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct CookieDomain(String);

impl CookieDomain {
    /// The domain, as the cookie's attribute has it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a cookie for this domain is one that the host may set (RFC 6265 §5.1.3).
    pub(crate) fn covers(&self, host: &str) -> bool {
        host.strip_suffix(&self.0).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

/// Reads [`CookieDomain`].
pub(super) struct Domain;

impl Takes for Domain {
    type Value = CookieDomain;

    fn expected(&self) -> String {
        "a domain above the public host".to_owned()
    }

    fn read(&self, text: &str) -> Result<CookieDomain, Wrong> {
        let Ok(Host::Domain(name)) = Host::parse(text.strip_prefix('.').unwrap_or(text)) else {
            return Err(Wrong::Shape);
        };
        // A browser refuses a cookie for a whole top-level domain, and so nobody would be signed in.
        if !name.contains('.') {
            return Err(Wrong::Because("a single label is not one owner's domain"));
        }
        Ok(CookieDomain(name))
    }
}

/// A network, or a single address as a network of one.
pub(super) struct Network;

impl Takes for Network {
    type Value = IpNet;

    fn expected(&self) -> String {
        "addresses or networks such as 10.0.0.0/8".to_owned()
    }

    fn read(&self, text: &str) -> Result<IpNet, Wrong> {
        let network = text
            .parse::<IpNet>()
            .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
            .map_err(|_| Wrong::Shape)?;
        if network.prefix_len() == 0 {
            return Err(Wrong::Because("it is every address at once: name the networks"));
        }
        Ok(network.trunc())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn localhost_is_both_loopback_addresses() {
        let listen = Endpoints.read("localhost:7117").unwrap();
        assert_eq!(listen.0[0].addresses().len(), 2);
        assert!(listen.is_loopback());
        assert_eq!(listen.port(), 7117);
    }

    #[test]
    fn several_addresses_may_be_listened_at() {
        let listen = Endpoints.read("127.0.0.1:80, [::]:80").unwrap();
        assert_eq!(listen.0.len(), 2);
        assert!(!listen.is_loopback());
    }

    #[test]
    fn a_name_other_than_localhost_is_not_looked_up() {
        assert!(matches!(Endpoints.read("example.com:80"), Err(Wrong::Because(_))));
        for text in ["", "7117", ":7117", "localhost", "localhost:70000", "::1:80x"] {
            assert!(Endpoints.read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn endpoints_overlap_when_one_socket_would_take_the_others_port() {
        let at = |text| Endpoints.read(text).unwrap().0[0];
        assert!(at("localhost:80").overlaps(at("127.0.0.1:80")));
        assert!(at("0.0.0.0:80").overlaps(at("127.0.0.1:80")));
        assert!(!at("127.0.0.1:80").overlaps(at("127.0.0.1:81")));
        assert!(!at("127.0.0.1:0").overlaps(at("127.0.0.1:0")));
        assert!(!at("127.0.0.1:80").overlaps(at("10.0.0.1:80")));
    }

    #[test]
    fn the_public_url_is_an_origin() {
        assert_eq!(
            Origin.read("https://ID.example.com").unwrap().as_str(),
            "https://id.example.com/"
        );
        for text in [
            "id.example.com",
            "ftp://id.example.com",
            "https://",
            "https://a@id.example.com",
            "https://id.example.com/login",
            "https://id.example.com/?a",
            "https://id.example.com/#a",
        ] {
            assert!(Origin.read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_domain_covers_itself_and_what_is_below() {
        let domain = Domain.read(".Example.com").unwrap();
        assert_eq!(domain.as_str(), "example.com");
        assert!(domain.covers("id.example.com"));
        assert!(domain.covers("example.com"));
        assert!(!domain.covers("badexample.com"));
        assert!(!domain.covers("example.org"));
    }

    #[test]
    fn a_single_label_and_an_address_are_no_cookie_domains() {
        for text in ["com", "localhost", "127.0.0.1", "", "a b.com"] {
            assert!(Domain.read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_address_at_once_cannot_be_trusted() {
        assert!(Network.read("10.0.0.0/8").is_ok());
        assert!(Network.read("10.0.0.7").is_ok());
        assert!(matches!(Network.read("0.0.0.0/0"), Err(Wrong::Because(_))));
        assert_eq!(Network.read("10.0.0.0/33"), Err(Wrong::Shape));
    }
}
