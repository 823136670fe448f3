//! Which addresses a stranger may send this server to: the public ones, and what the operator names.
//!
//! From the special-purpose registries (RFC 6890, RFC 8190), read the careful way round: of IPv6 only what is handed
//! out for global use, and of both families nothing that is reserved for a purpose. An IPv6 address that stands for an
//! IPv4 one is judged as that one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Addresses that may be asked.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    /// Networks of the operator's own that may be asked although they are not public.
    danger_private: Vec<IpNet>,
}

impl Addresses {
    pub(crate) fn new(danger_private: Vec<IpNet>) -> Self {
        Self { danger_private }
    }

    pub(crate) fn allow(&self, address: IpAddr) -> bool {
        let meant = meant_by(address);
        let is_listed =
            |ip: IpAddr| self.danger_private.iter().any(|network| network.contains(&ip));
        is_public(meant) || is_listed(meant) || is_listed(address)
    }
}

/// The IPv4 address that an IPv6 one stands for; otherwise itself.
fn meant_by(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        // RFC 6052 §2.1: behind a NAT64 every IPv4 server looks like this.
        IpAddr::V6(v6) if NAT64.contains(&v6) => {
            let [.., a, b, c, d] = v6.octets();
            Ipv4Addr::new(a, b, c, d).into()
        }
        meant => meant,
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !SPECIAL_V4.iter().any(|network| network.contains(&v4)),
        IpAddr::V6(v6) => {
            GLOBAL_V6.contains(&v6) && !SPECIAL_V6.iter().any(|network| network.contains(&v6))
        }
    }
}

const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0, 0], 96);

/// RFC 4291 §2.4: what is handed out for global use, so far.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0, 0], 3);

const SPECIAL_V6: [Ipv6Net; 4] = [
    // Protocols of their own, among them Teredo, benchmarks and hashes that look like addresses.
    v6([0x2001, 0, 0, 0], 23),
    // Documentation.
    v6([0x2001, 0xdb8, 0, 0], 32),
    v6([0x3fff, 0, 0, 0], 20),
    // 6to4, which holds any IPv4 address.
    v6([0x2002, 0, 0, 0], 16),
];

const SPECIAL_V4: [Ipv4Net; 15] = [
    // This network, which Linux takes for this machine.
    v4([0, 0, 0, 0], 8),
    // Private.
    v4([10, 0, 0, 0], 8),
    v4([172, 16, 0, 0], 12),
    v4([192, 168, 0, 0], 16),
    // Shared with other customers of a provider.
    v4([100, 64, 0, 0], 10),
    // This machine.
    v4([127, 0, 0, 0], 8),
    // This link, where clouds serve their secrets.
    v4([169, 254, 0, 0], 16),
    // Protocols of their own.
    v4([192, 0, 0, 0], 24),
    v4([192, 88, 99, 0], 24),
    // Benchmarks.
    v4([198, 18, 0, 0], 15),
    // Documentation.
    v4([192, 0, 2, 0], 24),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    // Multicast.
    v4([224, 0, 0, 0], 4),
    // Reserved, and the broadcast.
    v4([240, 0, 0, 0], 4),
];

const fn v4([a, b, c, d]: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6([a, b, c, d]: [u16; 4], prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_addresses_may_be_asked() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1",
            "2a00:1450::1",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
        ] {
            assert!(allowed(address, &[]), "{address}");
        }
    }

    #[test]
    fn no_other_address_may_be_asked() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:0:127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::1.1.1.1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "4000::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!allowed(address, &[]), "{address}");
        }
    }

    #[test]
    fn what_the_operator_lists_may_be_asked_and_its_neighbours_not() {
        let networks = ["10.1.0.0/16", "fd00::/8"];
        for address in ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "fd12::1", "1.1.1.1"] {
            assert!(allowed(address, &networks), "{address}");
        }
        for address in ["10.2.0.1", "127.0.0.1", "::1", "fe80::1"] {
            assert!(!allowed(address, &networks), "{address}");
        }
    }

    fn allowed(address: &str, networks: &[&str]) -> bool {
        let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
        Addresses::new(networks).allow(address.parse().unwrap())
    }
}
