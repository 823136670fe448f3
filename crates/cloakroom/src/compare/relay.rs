//! A relay between a service and the server that counts what passes.
//!
//! The server's public URL leads here, so that whatever a library asks for by itself is counted as well.

use std::{
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
};

use crate::exit::Failure;

/// A listener and the connections that were made through it; they go with the process.
pub(crate) struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// The port of the server behind; 0 before there is one.
    port: AtomicU64,
    /// Bytes in both directions.
    passed: AtomicU64,
}

impl Relay {
    /// Listens on a free port.
    pub(crate) fn open() -> Result<Self, Failure> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| no_relay(&error))?;
        let address = listener.local_addr().map_err(|error| no_relay(&error))?;
        let shared = Arc::<Shared>::default();
        let accepting = Arc::clone(&shared);
        thread::Builder::new()
            .name("relay".to_owned())
            .spawn(move || {
                for stream in listener.incoming().flatten() {
                    // Whoever cannot be passed on is closed, as by a server that is away.
                    let _ = pass(stream, &accepting);
                }
            })
            .map_err(|error| no_relay(&error))?;
        Ok(Self { address, shared })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Leads to a server at this address of the machine from now on.
    pub(crate) fn lead_to(&self, server: SocketAddr) {
        self.shared.port.store(server.port().into(), Relaxed);
    }

    /// How many bytes have passed, there and back.
    pub(crate) fn passed(&self) -> u64 {
        self.shared.passed.load(Relaxed)
    }
}

fn pass(near: TcpStream, shared: &Arc<Shared>) -> io::Result<()> {
    let port = u16::try_from(shared.port.load(Relaxed)).unwrap_or_default();
    let far = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    for (from, to) in [(near.try_clone()?, far.try_clone()?), (far, near)] {
        let shared = Arc::clone(shared);
        thread::Builder::new().name("relayed".to_owned()).spawn(move || {
            // It ends when one side does, and tells the other.
            let _ = copy(&from, &to, &shared.passed);
            let _ = from.shutdown(Shutdown::Both);
            let _ = to.shutdown(Shutdown::Both);
        })?;
    }
    Ok(())
}

fn copy(mut from: &TcpStream, mut to: &TcpStream, passed: &AtomicU64) -> io::Result<()> {
    let mut buffer = [0; 16 << 10];
    loop {
        let count = from.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        passed.fetch_add(count as u64, Relaxed);
        to.write_all(&buffer[..count])?;
    }
}

fn no_relay(error: &io::Error) -> Failure {
    Failure::Unavailable(format!("cannot listen on the loopback interface: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::wire::{Wire, request};

    #[test]
    fn what_passes_is_counted_and_nothing_passes_to_nobody() {
        let relay = Relay::open().unwrap();
        let mut wire = Wire::to(relay.address());
        assert!(wire.ask(&request("GET", "/", &[], "")).is_err());

        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        relay.lead_to(server.local_addr().unwrap());
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        let asked = request("GET", "/", &[], "");
        let length = asked.len();
        let serving = thread::spawn(move || {
            let mut stream = server.accept().unwrap().0;
            stream.read_exact(&mut vec![0; length]).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        });
        assert_eq!(wire.ask(&asked).unwrap().status, 200);
        serving.join().unwrap();
        assert_eq!(relay.passed(), (asked.len() + answer.len()) as u64);
    }
}
