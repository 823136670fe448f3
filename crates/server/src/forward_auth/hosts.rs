//! The hosts at which people enter, each with its rule.

use std::collections::HashMap;
use std::sync::Arc;

use cloakroom_model::policy::entry::Rule;

/// A host with its rule.
#[derive(Debug)]
pub struct Host {
    /// The rule.
    pub rule: Rule,
    /// As browsers write it in addresses: the scheme and the host, without a slash at its end.
    pub origin: String,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Hosts {
    by_name: HashMap<String, Arc<Host>>,
    https: bool,
}

impl Hosts {
    /// The hosts of these rules. They are reached in the same way as Cloakroom: all by https, or while developing all
    /// by plain http on this machine.
    #[must_use]
    pub fn new(rules: Vec<Rule>, https: bool) -> Self {
        let scheme = if https { "https" } else { "http" };
        let host = |rule: Rule| {
            let origin = format!("{scheme}://{}", rule.host);
            (rule.host.clone(), Arc::new(Host { rule, origin }))
        };
        Self { by_name: rules.into_iter().map(host).collect(), https }
    }

    /// The scheme by which all of them are reached.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }

    /// The host of a request, in whichever case it was written and with or without the scheme's own port
    /// (RFC 3986 §6.2.2.1, §6.2.3).
    #[must_use]
    pub fn find(&self, host: &str) -> Option<&Arc<Host>> {
        let own_port = if self.https { ":443" } else { ":80" };
        let host = host.strip_suffix(own_port).unwrap_or(host);
        if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return self.by_name.get(&host.to_ascii_lowercase());
        }
        self.by_name.get(host)
    }

    /// The host of this very spelling.
    #[must_use]
    pub fn spelled(&self, host: &str) -> Option<&Arc<Host>> {
        self.by_name.get(host)
    }
}
