//! Opening the addresses that the settings name.

use std::{io, net::SocketAddr};

use cloakroom_server::listener::Sockets;

use super::cannot_open;
use crate::{
    exit::Failure,
    settings::{Endpoint, Listen},
};

/// Opens every place of a setting.
pub(super) fn open(listen: &Listen, setting: &'static str) -> Result<Sockets, Failure> {
    let mut sockets = Sockets::bind(&[])
        .map_err(|error| Failure::Unavailable(format!("cannot listen: {error}")))?;
    for endpoint in &listen.0 {
        open_endpoint(&mut sockets, *endpoint, setting)?;
    }
    Ok(sockets)
}

fn open_endpoint(
    sockets: &mut Sockets,
    endpoint: Endpoint,
    setting: &'static str,
) -> Result<(), Failure> {
    let mut port = endpoint.port();
    for (index, address) in endpoint.addresses().into_iter().enumerate() {
        let address = SocketAddr::new(address.ip(), port);
        match sockets.also(address) {
            Ok(()) => {}
            Err(error) if index > 0 && is_optional(&error, endpoint) => {
                tracing::debug!(%address, %error, "this loopback address is left out");
            }
            Err(error) => return Err(cannot_open(address, setting, &error)),
        }
        if port == 0 {
            port = sockets.addresses().last().map_or(0, SocketAddr::port);
        }
    }
    Ok(())
}

/// Whether the second loopback address may be missing: where the machine has none, and where the system chose the
/// port on the first one and somebody has it on the second. A port that was asked for must be ours on both, or else
/// half of the requests would go to that somebody.
fn is_optional(error: &io::Error, endpoint: Endpoint) -> bool {
    match error.kind() {
        io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported => true,
        io::ErrorKind::AddrInUse => endpoint.port() == 0,
        // EAFNOSUPPORT has no kind of its own: the machine speaks no IPv6.
        _ => error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error()),
    }
}
