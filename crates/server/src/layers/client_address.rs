//! RFC 7239: the address of a client, by what trusted proxies say.
//!
//! A proxy appends the address it was called from, so the list is read from its right end, for as long as the one who
//! wrote an entry is trusted. What stands further left was written by nobody knows whom.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of whoever made the connection. The listener puts it into each request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// The address of the client behind `peer`.
///
/// Both headers may be there, written by different proxies. Then they must agree, or the one that a proxy passed on
/// unread would let the client choose its own address; where they do not, the proxy's own address stands for all.
#[must_use]
pub fn of(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    let is_trusted = |address: &IpAddr| is_trusted(*address, trusted);
    if !is_trusted(&peer) {
        return peer;
    }
    let by_list = x_forwarded_for(headers).map(|list| walk(peer, list, is_trusted));
    let by_standard = forwarded(headers).map(|list| walk(peer, list, is_trusted));
    match (by_list, by_standard) {
        (Some(one), Some(other)) if one != other => peer,
        (one, other) => one.or(other).unwrap_or(peer),
    }
}

/// Whether this is the address of a proxy that is believed.
pub(crate) fn is_trusted(peer: IpAddr, trusted: &[IpNet]) -> bool {
    let peer = peer.to_canonical();
    trusted.iter().any(|network| network.contains(&peer))
}

/// The last address, from the right, that a trusted one vouches for.
fn walk(
    peer: IpAddr,
    entries: Vec<Option<IpAddr>>,
    is_trusted: impl Fn(&IpAddr) -> bool,
) -> IpAddr {
    let mut client = peer;
    for entry in entries.into_iter().rev() {
        // An entry that is no address hides what it is, and everything behind it.
        let Some(address) = entry else { break };
        client = address;
        if !is_trusted(&client) {
            break;
        }
    }
    client
}

/// One or more lines of addresses with commas between; `None` where there is no such header.
fn x_forwarded_for(headers: &HeaderMap) -> Option<Vec<Option<IpAddr>>> {
    let mut lines = headers.get_all(X_FORWARDED_FOR).iter().peekable();
    lines.peek()?;
    let entries = |line: &str| line.split(',').map(|entry| address(entry.trim())).collect();
    Some(lines.flat_map(|line| line.to_str().map_or_else(|_| vec![None], entries)).collect())
}

/// RFC 7239 §4: elements with commas between, of which the parameter `for` counts.
fn forwarded(headers: &HeaderMap) -> Option<Vec<Option<IpAddr>>> {
    let mut lines = headers.get_all(http::header::FORWARDED).iter().peekable();
    lines.peek()?;
    let node = |element: &str| {
        let mut pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
        let (_, node) = pairs.find(|(name, _)| name.eq_ignore_ascii_case("for"))?;
        address(node.trim().trim_matches('"'))
    };
    // A quoted text with a comma in it is no address; cutting it in two makes two entries that are none.
    let entries = |line: &str| line.split(',').map(node).collect();
    Some(lines.flat_map(|line| line.to_str().map_or_else(|_| vec![None], entries)).collect())
}

/// An address as proxies write it: bare, with a port, in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address =
        bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|with| with.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn without_a_trusted_proxy_headers_mean_nothing() {
        assert_eq!(
            client("203.0.113.9", &[], &[("x-forwarded-for", "198.51.100.1")]),
            "203.0.113.9"
        );
        assert_eq!(
            client("203.0.113.9", &["10.0.0.0/8"], &[("x-forwarded-for", "1.2.3.4")]),
            "203.0.113.9"
        );
        assert_eq!(client("::ffff:203.0.113.9", &[], &[]), "203.0.113.9");
    }

    #[test]
    fn a_trusted_proxy_is_believed_about_whom_it_was_called_by() {
        let trusted = &["10.0.0.0/8"];
        assert_eq!(
            client("10.0.0.1", trusted, &[("x-forwarded-for", "198.51.100.1")]),
            "198.51.100.1"
        );
        assert_eq!(
            client("10.0.0.1", trusted, &[("x-forwarded-for", "6.6.6.6, 198.51.100.1, 10.0.0.2")]),
            "198.51.100.1"
        );
        assert_eq!(
            client(
                "10.0.0.1",
                trusted,
                &[("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "198.51.100.1:4711")]
            ),
            "198.51.100.1"
        );
        assert_eq!(
            client(
                "10.0.0.1",
                trusted,
                &[("forwarded", "for=6.6.6.6, FOR=\"[2001:db8::1]:4711\";proto=https")]
            ),
            "2001:db8::1"
        );
    }

    #[test]
    fn an_entry_that_is_no_address_ends_the_walk() {
        let trusted = &["10.0.0.0/8"];
        for value in ["unknown", "6.6.6.6, unknown", "6.6.6.6, 10.0.0.2x", "6.6.6.6,"] {
            assert_eq!(
                client("10.0.0.1", trusted, &[("x-forwarded-for", value)]),
                "10.0.0.1",
                "{value}"
            );
        }
        assert_eq!(
            client("10.0.0.1", trusted, &[("x-forwarded-for", "6.6.6.6, _hidden, 10.0.0.2")]),
            "10.0.0.2"
        );
        assert_eq!(client("10.0.0.1", trusted, &[("forwarded", "proto=https")]), "10.0.0.1");
    }

    #[test]
    fn headers_that_contradict_each_other_say_nothing() {
        let trusted = &["10.0.0.0/8"];
        let both = |list, standard| {
            client("10.0.0.1", trusted, &[("x-forwarded-for", list), ("forwarded", standard)])
        };
        assert_eq!(both("198.51.100.1", "for=198.51.100.1"), "198.51.100.1");
        assert_eq!(both("198.51.100.1", "for=6.6.6.6"), "10.0.0.1");
    }

    #[test]
    fn a_chain_of_trusted_addresses_begins_at_its_left_end() {
        assert_eq!(
            client("10.0.0.1", &["10.0.0.0/8"], &[("x-forwarded-for", "10.1.1.1, 10.0.0.2")]),
            "10.1.1.1"
        );
    }

    proptest! {
        #[test]
        fn what_stands_left_of_an_untrusted_address_never_counts(left in "[ -~]{0,40}") {
            let value = format!("{left}, 198.51.100.1");
            prop_assert_eq!(client("10.0.0.1", &["10.0.0.0/8"], &[("x-forwarded-for", &value)]), "198.51.100.1");
        }
    }

    fn client(peer: &str, trusted: &[&str], headers: &[(&'static str, &str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        of(peer.parse().unwrap(), &map, &trusted).to_string()
    }
}
