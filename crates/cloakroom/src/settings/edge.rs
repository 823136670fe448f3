//! What the listener speaks: files with certificates, and the header in which proxies write them.

use std::path::PathBuf;

use http::HeaderName;

use super::takes::{Takes, Wrong};

/// A file in PEM.
pub(super) struct PemFile;

impl Takes for PemFile {
    type Value = PathBuf;

    fn expected(&self) -> String {
        "the path of a file in PEM".to_owned()
    }

    fn read(&self, text: &str) -> Result<PathBuf, Wrong> {
        if text.is_empty() { Err(Wrong::Shape) } else { Ok(PathBuf::from(text)) }
    }
}

/// The name of a header that only proxies write.
pub(super) struct ProxyHeader;

impl Takes for ProxyHeader {
    type Value = HeaderName;

    fn expected(&self) -> String {
        "the name of a header".to_owned()
    }

    fn read(&self, text: &str) -> Result<HeaderName, Wrong> {
        text.parse().map_err(|_| Wrong::Shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_has_a_name_that_requests_can_carry() {
        assert_eq!(ProxyHeader.read("Client-Cert").unwrap().as_str(), "client-cert");
        for text in ["", "client cert", "client-cert:"] {
            assert_eq!(ProxyHeader.read(text), Err(Wrong::Shape), "{text}");
        }
    }
}
