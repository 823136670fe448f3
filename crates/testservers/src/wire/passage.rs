//! The thread of a wire: who is connected through it, and the bytes that are on their way.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::set_socket_linger;

use crate::patience::Moment;

/// How much may be on its way in one direction before its sender has to wait.
const MOST_HELD: usize = 1 << 20;
const READ: usize = 1 << 16;

/// How long the other end may take to accept a connection.
const TO_CONNECT: Duration = Duration::from_secs(1);

pub(super) enum Change {
    Cut,
    /// Whether nothing passes, to the other end and from it.
    Hold([bool; 2]),
    Delay(Duration),
    /// With a listener where there is none any more.
    Heal(Option<TcpListener>),
    LeadTo(SocketAddr),
    End,
}

pub(super) struct Order {
    pub(super) change: Change,
    pub(super) done: Sender<()>,
}

pub(super) struct Passages {
    listener: Option<TcpListener>,
    to: SocketAddr,
    bell: UnixStream,
    orders: Receiver<Order>,
    held: [bool; 2],
    delay: Duration,
    open: Vec<Passage>,
}

impl Passages {
    pub(super) fn new(
        listener: TcpListener,
        to: SocketAddr,
        bell: UnixStream,
        orders: Receiver<Order>,
    ) -> Self {
        let (held, delay, open) = ([false; 2], Duration::ZERO, Vec::new());
        Self { listener: Some(listener), to, bell, orders, held, delay, open }
    }

    /// Until it is told to end, or nobody is left to tell it.
    pub(super) fn run(mut self) {
        loop {
            let ready = self.wait();
            if ready.bell && self.obey().is_none() {
                return;
            }
            if ready.listener {
                self.accept();
            }
            let now = Moment::now();
            for (index, side) in ready.sides {
                if !self.held[side]
                    && let Some(passage) = self.open.get_mut(index)
                {
                    passage.read(side, now.after(self.delay));
                }
            }
            let held = self.held;
            self.open.iter_mut().for_each(|passage| passage.write(held, now));
            self.open.retain(|passage| !passage.is_over());
        }
    }

    fn wait(&self) -> Ready {
        let now = Moment::now();
        let mut polled = vec![PollFd::new(&self.bell, PollFlags::IN)];
        let mut sides = Vec::new();
        let listener = self.listener.as_ref().filter(|_| self.held != [true, true]);
        polled.extend(listener.map(|it| PollFd::new(it, PollFlags::IN)));
        let before = polled.len();
        let mut next = None;
        for (index, passage) in self.open.iter().enumerate() {
            for side in [0, 1] {
                let wanted = passage.wanted(side, self.held, now);
                if !wanted.is_empty() {
                    polled.push(PollFd::new(&passage.ends[side], wanted));
                    sides.push((index, side));
                }
                // What is due already waits for room, which is an event.
                let due = passage.lanes[side].due().filter(|due| !self.held[side] && *due > now);
                next = [next, due].into_iter().flatten().min();
            }
        }
        let pause = next.and_then(|due| Timespec::try_from(due.since(now)).ok());
        // An interrupted wait is one without events.
        let _ = poll(&mut polled, pause.as_ref());
        let is_ready = |fd: &PollFd| !fd.revents().is_empty();
        let readable =
            |fd: &PollFd| fd.revents().intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR);
        Ready {
            bell: is_ready(&polled[0]),
            listener: before > 1 && is_ready(&polled[1]),
            sides: sides
                .into_iter()
                .zip(&polled[before..])
                .filter(|(_, fd)| readable(fd))
                .map(|(side, _)| side)
                .collect(),
        }
    }

    /// Nothing when this is the end.
    fn obey(&mut self) -> Option<()> {
        let mut rung = [0; 64];
        // Rings are only counted by the orders behind them.
        let _ = self.bell.read(&mut rung);
        while let Ok(Order { change, done }) = self.orders.try_recv() {
            match change {
                Change::Cut => {
                    if let Some(listener) = self.listener.take() {
                        // Ends it also for a process that was just started and holds what it inherited for a moment.
                        let _ = rustix::net::shutdown(&listener, rustix::net::Shutdown::Both);
                    }
                    self.open.drain(..).for_each(Passage::reset);
                }
                Change::Hold(held) => self.held = held,
                Change::Delay(delay) => self.delay = delay,
                Change::Heal(listener) => {
                    self.listener = self.listener.take().or(listener);
                    (self.held, self.delay) = ([false; 2], Duration::ZERO);
                }
                Change::LeadTo(to) => self.to = to,
                Change::End => {
                    self.open.drain(..).for_each(Passage::reset);
                    let _ = done.send(());
                    return None;
                }
            }
            // Who gave the order may be gone.
            let _ = done.send(());
        }
        Some(())
    }

    fn accept(&mut self) {
        let Some(listener) = &self.listener else { return };
        while let Ok((near, _)) = listener.accept() {
            let Ok(far) = TcpStream::connect_timeout(&self.to, TO_CONNECT) else {
                reset(near);
                continue;
            };
            // What cannot be set up is closed.
            self.open.extend(Passage::between(near, far).ok());
        }
    }
}

struct Ready {
    bell: bool,
    listener: bool,
    /// Passages by their place, and which of their ends has something to read.
    sides: Vec<(usize, usize)>,
}

/// A connection from the near end and its continuation to the far one.
struct Passage {
    ends: [TcpStream; 2],
    /// What was read at each end and is on its way to the other.
    lanes: [Lane; 2],
    is_broken: bool,
}

impl Passage {
    fn between(near: TcpStream, far: TcpStream) -> io::Result<Self> {
        let ends = [near, far];
        for end in &ends {
            end.set_nonblocking(true)?;
            end.set_nodelay(true)?;
        }
        Ok(Self { ends, lanes: [Lane::default(), Lane::default()], is_broken: false })
    }

    fn wanted(&self, side: usize, held: [bool; 2], now: Moment) -> PollFlags {
        let (from, to) = (&self.lanes[side], &self.lanes[1 - side]);
        let mut wanted = PollFlags::empty();
        wanted.set(PollFlags::IN, !held[side] && from.takes_more());
        wanted.set(PollFlags::OUT, !held[1 - side] && to.due().is_some_and(|due| due <= now));
        wanted
    }

    fn read(&mut self, side: usize, due: Moment) {
        let lane = &mut self.lanes[side];
        let mut bytes = vec![0; READ];
        while lane.takes_more() {
            match self.ends[side].read(&mut bytes) {
                Ok(0) => lane.end = End::Read(due),
                Ok(read) => lane.take(&bytes[..read], due),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => {
                    self.is_broken = true;
                    return;
                }
            }
        }
    }

    /// Passes on what is due, as far as the ends take it.
    fn write(&mut self, held: [bool; 2], now: Moment) {
        for side in [0, 1] {
            if !held[side] {
                let passed = self.lanes[side].pass(&mut self.ends[1 - side], now);
                self.is_broken |= passed.is_err();
            }
        }
        if self.is_broken {
            self.ends.iter().for_each(reset_when_closed);
        }
    }

    fn is_over(&self) -> bool {
        self.is_broken || self.lanes.iter().all(|lane| lane.end == End::Passed)
    }

    fn reset(self) {
        self.ends.into_iter().for_each(reset);
    }
}

#[derive(Default)]
struct Lane {
    chunks: VecDeque<Chunk>,
    /// How many bytes the chunks hold.
    held: usize,
    end: End,
}

struct Chunk {
    due: Moment,
    bytes: Vec<u8>,
    passed: usize,
}

/// How far a sender's last word has come.
#[derive(Default, PartialEq, Eq)]
enum End {
    #[default]
    NotYet,
    /// To be passed on then.
    Read(Moment),
    Passed,
}

impl Lane {
    fn takes_more(&self) -> bool {
        self.end == End::NotYet && self.held < MOST_HELD
    }

    fn take(&mut self, bytes: &[u8], due: Moment) {
        self.held += bytes.len();
        self.chunks.push_back(Chunk { due, bytes: bytes.to_owned(), passed: 0 });
    }

    /// When the next thing is to be passed on.
    fn due(&self) -> Option<Moment> {
        let end = match self.end {
            End::Read(due) => Some(due),
            End::NotYet | End::Passed => None,
        };
        self.chunks.front().map(|chunk| chunk.due).or(end)
    }

    fn pass(&mut self, to: &mut TcpStream, now: Moment) -> io::Result<()> {
        while let Some(chunk) = self.chunks.front_mut().filter(|chunk| chunk.due <= now) {
            match to.write(&chunk.bytes[chunk.passed..]) {
                Ok(written) => {
                    chunk.passed += written;
                    self.held -= written;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if chunk.passed == chunk.bytes.len() {
                self.chunks.pop_front();
            }
        }
        if self.chunks.is_empty()
            && let End::Read(due) = self.end
            && due <= now
        {
            self.end = End::Passed;
            to.shutdown(Shutdown::Write)?;
        }
        Ok(())
    }
}

/// Closes it with a reset (`RST`) where it would say goodbye (`FIN`).
fn reset(end: TcpStream) {
    reset_when_closed(&end);
    drop(end);
}

fn reset_when_closed(end: &TcpStream) {
    // One that is reset already needs no more.
    let _ = set_socket_linger(end.as_fd(), Some(Duration::ZERO));
}
