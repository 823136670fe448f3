//! Who or what is counted.

use std::net::IpAddr;

use cloakroom_model::network::Network;
use cloakroom_model::secret::Digest;

/// Whom a limit counts: a network, or half a digest, which is enough to tell subjects apart and names nobody.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Subject(pub(super) [u8; 16]);

impl From<Network> for Subject {
    fn from(network: Network) -> Self {
        Self(match network.address() {
            IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
            IpAddr::V6(v6) => v6.octets(),
        })
    }
}

impl From<&IpAddr> for Subject {
    fn from(address: &IpAddr) -> Self {
        Network::of(*address).into()
    }
}

impl From<Digest> for Subject {
    fn from(digest: Digest) -> Self {
        let mut half = [0; 16];
        half.copy_from_slice(&digest.0[..16]);
        Self(half)
    }
}
