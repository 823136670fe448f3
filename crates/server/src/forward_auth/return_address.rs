//! Where somebody came from who had to sign in, and goes back to: an address at a host that has a rule.
//!
//! It travels in the address of a page, so anybody may have written it. Only [`ReturnAddress`] leads out of this
//! server, and it is not understood but compared: what stands before the path must be, letter for letter, the origin of
//! a host that the operator named. Nothing is decoded, and nothing is repaired.

use std::sync::Arc;

use super::hosts::{Host, Hosts};
use crate::pages::local_path::{LocalPath, encode};
use crate::pages::paths;

/// An address at a host that has a rule.
#[derive(Clone, Debug)]
pub struct ReturnAddress {
    host: Arc<Host>,
    url: String,
}

impl ReturnAddress {
    /// In bytes: what is longer leads to the beginning of its host.
    pub const LONGEST: usize = 2048;

    /// The address at which a request came to a host. What no browser sends leads to the beginning of the host.
    #[must_use]
    pub fn of(host: &Arc<Host>, target: &str) -> Self {
        let target = if is_plain(target) { target } else { "/" };
        let url = format!("{}{target}", host.origin);
        let url = if url.len() > Self::LONGEST { format!("{}/", host.origin) } else { url };
        Self { host: Arc::clone(host), url }
    }

    /// An address that somebody wrote; `None` where it is not surely one of a host that has a rule.
    #[must_use]
    pub fn parse(text: &str, hosts: &Hosts) -> Option<Self> {
        let rest = text.strip_prefix(hosts.scheme())?.strip_prefix("://")?;
        let (name, _) = rest.split_once('/')?;
        let host = hosts.spelled(name)?;
        let fits = text.len() <= Self::LONGEST && is_plain(&rest[name.len()..]);
        fits.then(|| Self { host: Arc::clone(host), url: text.to_owned() })
    }

    /// The address itself, fit for a `Location`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Its host.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The page that leads there, at the server of this origin.
    #[must_use]
    pub fn way(&self, origin: &str) -> String {
        format!("{origin}{}?to={}", paths::ONWARD, encode(&self.url))
    }

    /// The same page, as pages name one another.
    ///
    /// # Panics
    ///
    /// Never: what is encoded is plain, and an address has a limit.
    #[must_use]
    pub fn local(&self) -> LocalPath {
        LocalPath::parse(&self.way("")).expect("an encoded address is a local path")
    }
}

/// A path and perhaps a query, in the letters that browsers leave as they are in them (URL Standard, "path
/// percent-encode set" and "query percent-encode set"): visible ASCII without quotes, angle brackets, backslash and `#`.
fn is_plain(target: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\#".contains(&byte);
    target.starts_with('/') && target.bytes().all(plain)
}
