//! Where a request comes from, as far as throttles and queues are concerned.

use std::net::{IpAddr, Ipv6Addr};

/// An IPv4 address, or the /64 of an IPv6 one: a single household or machine has at least that many addresses,
/// so that counting them one by one would count nobody.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Network(IpAddr);

impl Network {
    /// The network an address is in.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                Self(IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)))
            }
            v4 @ IpAddr::V4(_) => Self(v4),
        }
    }

    /// Its first address.
    #[must_use]
    pub const fn address(self) -> IpAddr {
        self.0
    }
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        Self::of(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_neighbour_is_the_same_network_and_an_ipv4_neighbour_is_not() {
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }

    #[test]
    fn an_ipv4_address_written_as_ipv6_is_the_same_network() {
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("::ffff:192.0.2.1"), network("::ffff:192.0.2.2"));
    }

    fn network(address: &str) -> Network {
        Network::of(address.parse().unwrap())
    }
}
