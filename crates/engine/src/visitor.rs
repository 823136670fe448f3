//! Where a request comes from, as far as the edge can say.

use std::net::IpAddr;

use cloakroom_model::secret::Secret;
use cloakroom_model::session::Device;

use crate::secret::CookieSecret;

/// Where a request comes from.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The client's address, by what the trusted proxies say.
    pub address: IpAddr,
    /// What it is, in words for its owner: `Firefox on Linux`.
    pub device: String,
}

impl Visitor {
    pub(crate) fn as_device(&self) -> Device {
        Device { name: self.device.chars().take(100).collect(), address: self.address.to_string() }
    }
}

/// What a browser has brought of its own accord.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    /// Its session until now, guest or signed in.
    pub session: Option<CookieSecret>,
    /// The secret by which it is known to users it signed in before.
    pub device: Option<Secret>,
}
