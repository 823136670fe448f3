//! A way between two ends that can fail as networks do: a TCP proxy in this process.

mod passage;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use self::passage::{Change, Order, Passages};
use crate::error::{Attempt as _, Error, Result};
use crate::port::Port;

/// A port that leads to another one, until something is done to it. Every change holds when its function returns.
///
/// Where the other end refuses connections, they are accepted here and reset at once.
#[derive(Debug)]
pub struct Wire {
    port: Port,
    orders: Sender<Order>,
    /// A byte through it makes the thread look at its orders.
    bell: UnixStream,
    thread: Option<JoinHandle<()>>,
}

impl Wire {
    /// One to this port of `127.0.0.1`, whether somebody listens there yet or not.
    ///
    /// # Errors
    ///
    /// When no port is free.
    pub fn to(port: u16) -> Result<Self> {
        let (own, listener) = Port::listening()?;
        let what = || format!("a wire at port {}", own.number());
        listener.set_nonblocking(true).attempting(what)?;
        let (bell, heard) = UnixStream::pair().attempting(what)?;
        heard.set_nonblocking(true).attempting(what)?;
        let (orders, received) = channel();
        let passages = Passages::new(listener, address(port), heard, received);
        let thread = Some(thread::spawn(|| passages.run()));
        Ok(Self { port: own, orders, bell, thread })
    }

    /// Where to connect instead of to the other end.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// Resets every connection and refuses new ones: the other machine is gone, and its place is known to be empty.
    pub fn cut(&self) -> Result<()> {
        self.order(Change::Cut)
    }

    /// Keeps every connection, accepts new ones and passes nothing: the other machine, or the way to it, is silent.
    pub fn silence(&self) -> Result<()> {
        self.order(Change::Hold([true, true]))
    }

    /// What goes to the other end arrives, and nothing comes back: what is asked for happens, and nobody is told. The
    /// answers come with [`heal`](Self::heal), or never after a [`cut`](Self::cut).
    pub fn hold_answers(&self) -> Result<()> {
        self.order(Change::Hold([false, true]))
    }

    /// Makes all that passes from now on so much later, each way: one question and its answer take twice as long.
    pub fn delay(&self, delay: Duration) -> Result<()> {
        self.order(Change::Delay(delay))
    }

    /// Takes back all faults. What was held passes.
    pub fn heal(&self) -> Result<()> {
        let listener = listen(self.port()).ok();
        self.order(Change::Heal(listener))
    }

    /// Leads new connections to another port, as a name or an address does that is given to another machine.
    pub fn lead_to(&self, port: u16) -> Result<()> {
        self.order(Change::LeadTo(address(port)))
    }

    fn order(&self, change: Change) -> Result<()> {
        let gone = || Error::Impossible("the thread of a wire is gone".to_owned());
        let (done, is_done) = channel();
        self.orders.send(Order { change, done }).map_err(|_| gone())?;
        self.ring().attempting(|| "the bell of a wire".to_owned())?;
        is_done.recv().map_err(|_| gone())
    }

    fn ring(&self) -> io::Result<()> {
        io::Write::write_all(&mut &self.bell, &[1])
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // The thread may have ended already.
        let _ = self.order(Change::End);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn listen(port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address(port))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn address(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}
