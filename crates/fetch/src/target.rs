//! What of a URL is asked for, and which URLs never are.

use cloakroom_engine::fetch::FetchError;
use url::{Host, Position, Url};

/// A URL, taken apart for a request.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    /// A name, or an address in whichever way it was written.
    pub(crate) host: Host<&'a str>,
    pub(crate) port: u16,
    /// For `Host`: with the port where it is not https's own.
    pub(crate) authority: &'a str,
    /// For the request's first line: the path and what is asked of it.
    pub(crate) path: &'a str,
}

impl<'a> Target<'a> {
    /// Takes it apart, or says why it is never asked for.
    pub(crate) fn of(url: &'a Url) -> Result<Self, FetchError> {
        if url.scheme() != "https" {
            return Err(FetchError::Url("it is not https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FetchError::Url("there is a user name in it"));
        }
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(FetchError::Url("it has no host"));
        };
        // Below lie the services of the system, which speak other protocols and may be confused by this one.
        if port != 443 && port < 1024 {
            return Err(FetchError::Url("its port is another service's"));
        }
        Ok(Self {
            host,
            port,
            authority: &url[Position::BeforeHost..Position::AfterPort],
            path: &url[Position::BeforePath..Position::AfterQuery],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_asked_for_without_what_is_for_browsers() {
        let url = Url::parse("https://keys.example.com/a/b?c=d#e").unwrap();
        let target = Target::of(&url).unwrap();
        assert_eq!((target.authority, target.path), ("keys.example.com", "/a/b?c=d"));
        assert_eq!((target.host, target.port), (Host::Domain("keys.example.com"), 443));
        let url = Url::parse("https://keys.example.com:8443").unwrap();
        let target = Target::of(&url).unwrap();
        assert_eq!((target.authority, target.path), ("keys.example.com:8443", "/"));
    }

    #[test]
    fn other_schemes_user_names_and_low_ports_are_refused() {
        assert!(Target::of(&Url::parse("https://example.com:1024/").unwrap()).is_ok());
        for url in [
            "http://example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "gopher://example.com:1024/",
            "data:,x",
            "https://user@example.com/",
            "https://:secret@example.com/",
            "https://example.com:0/",
            "https://example.com:25/",
            "https://example.com:80/",
            "https://example.com:1023/",
        ] {
            let refused = Target::of(&Url::parse(url).unwrap()).unwrap_err();
            assert!(matches!(refused, FetchError::Url(_)), "{url}");
        }
    }
}
