//! Ports on the loopback address that stay ours while their server is down.
//!
//! A port that was free a moment ago is not enough: a server that is killed and started again must find its place, and
//! meanwhile another test's server may look for one, or an outgoing connection be given that number. So ports come
//! from below those that the kernel gives to connections, and each is held by a name that only one process can bind:
//! an abstract socket, which belongs to the same network namespace as the port and ends with its process.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::process;

use crate::error::{Error, Result};

/// How many ports below the kernel's are looked at.
const RANGE: u16 = 12_000;

/// A port that nobody else is given while this value lives, whether or not somebody listens there.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _claim: UnixListener,
}

impl Port {
    /// One where nobody listens.
    ///
    /// # Errors
    ///
    /// When none is free.
    pub fn free() -> Result<Self> {
        Ok(Self::listening()?.0)
    }

    /// So many in a row where nobody listens, for what names its ports by the first of them.
    ///
    /// # Errors
    ///
    /// When there are none.
    pub fn in_a_row(count: u16) -> Result<Vec<Self>> {
        let end = first_of_the_kernels();
        let begin = begin_before(end);
        let claim = |number| Self::claim(number).map(|(port, _)| port);
        (begin..end - count)
            .step_by(usize::from(count))
            .find_map(|first| (first..first + count).map(claim).collect())
            .ok_or_else(|| {
                Error::Impossible(format!(
                    "no {count} ports in a row between {begin} and {end} are free"
                ))
            })
    }

    /// One with a listener there. Whoever wants to listen takes this: a process that is just being started holds what it
    /// inherits for a moment, and nobody else can bind the port meanwhile.
    pub(crate) fn listening() -> Result<(Self, TcpListener)> {
        let end = first_of_the_kernels();
        let begin = begin_before(end);
        // Processes begin to look at different places, only to be quicker.
        let offset = u16::try_from(process::id() % u32::from(end - begin)).unwrap_or_default();
        let mut around = (begin + offset..end).chain(begin..begin + offset);
        around
            .find_map(Self::claim)
            .ok_or_else(|| Error::Impossible(format!("no port between {begin} and {end} is free")))
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.number
    }

    fn claim(number: u16) -> Option<(Self, TcpListener)> {
        let name = format!("cloakroom-testservers-{number}");
        let name = SocketAddr::from_abstract_name(name).ok()?;
        let claim = UnixListener::bind_addr(&name).ok()?;
        let listener = TcpListener::bind(("127.0.0.1", number)).ok()?;
        Some((Self { number, _claim: claim }, listener))
    }
}

/// Whether somebody listens there.
pub(crate) fn answers(number: u16) -> bool {
    TcpStream::connect(("127.0.0.1", number)).is_ok()
}

fn begin_before(end: u16) -> u16 {
    end.saturating_sub(RANGE).max(1_024)
}

fn first_of_the_kernels() -> u16 {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let first = range.split_whitespace().next().and_then(|first| first.parse().ok());
    first.filter(|first| *first > 2_048).unwrap_or(32_768)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_in_a_row_are_nobody_elses() {
        let rows = [Port::in_a_row(5).unwrap(), Port::in_a_row(5).unwrap()];
        let numbers = rows.map(|row| {
            let free =
                row.iter().all(|port| TcpListener::bind(("127.0.0.1", port.number())).is_ok());
            assert!(
                free && row.windows(2).all(|two| two[1].number == two[0].number + 1),
                "{row:?}"
            );
            row[0].number()
        });
        assert!(numbers[0].abs_diff(numbers[1]) >= 5, "{numbers:?}");
    }
}
