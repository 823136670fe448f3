//! What this server is called: the public URL, in the forms in which requests and answers name it.

use http::uri::Authority;
use url::Url;

/// The public URL, taken apart once.
#[derive(Clone, Debug)]
pub struct PublicAddress {
    origin: String,
    host: String,
    https: bool,
}

impl PublicAddress {
    /// From a URL that is an origin: a scheme, a host, perhaps a port.
    #[must_use]
    pub fn new(url: &Url) -> Self {
        let origin = url.origin().ascii_serialization();
        let host = origin.split_once("://").map_or("", |(_, host)| host).to_owned();
        Self { origin, host, https: url.scheme() == "https" }
    }

    /// As browsers write it in `Origin`, and as the issuer is called: without a slash at its end.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The host, with the port where it is not the scheme's own.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether browsers reach it by https.
    #[must_use]
    pub const fn is_https(&self) -> bool {
        self.https
    }

    /// Whether `host` of a request means this server. Case and the scheme's own port make no difference
    /// (RFC 3986 §6.2.2.1, §6.2.3).
    #[must_use]
    pub fn is(&self, host: &str) -> bool {
        if host.eq_ignore_ascii_case(&self.host) {
            return true;
        }
        let own_port = if self.https { ":443" } else { ":80" };
        host.strip_suffix(own_port).is_some_and(|bare| bare.eq_ignore_ascii_case(&self.host))
    }

    /// As [`PublicAddress::is`], of an authority.
    #[must_use]
    pub fn is_authority(&self, authority: &Authority) -> bool {
        self.is(authority.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_few_spellings() {
        let address = address("https://ID.example.com/");
        assert_eq!(
            (address.origin(), address.host()),
            ("https://id.example.com", "id.example.com")
        );
        for same in ["id.example.com", "ID.Example.Com", "id.example.com:443"] {
            assert!(address.is(same), "{same}");
        }
        for other in [
            "",
            "id.example.com:80",
            "example.com",
            "id.example.com.",
            "xid.example.com",
            "u@id.example.com",
        ] {
            assert!(!address.is(other), "{other}");
        }
    }

    #[test]
    fn a_port_belongs_to_the_host() {
        let address = address("http://localhost:7117");
        assert!(address.is("localhost:7117"));
        assert!(!address.is("localhost") && !address.is("localhost:80") && !address.is_https());
        assert!(self::address("http://[::1]:7117").is("[::1]:7117"));
    }

    fn address(text: &str) -> PublicAddress {
        PublicAddress::new(&Url::parse(text).unwrap())
    }
}
