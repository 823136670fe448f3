//! What every measurement works with: the server, the people, and requests as their clients send them.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use cloakroom_engine::clock::{Clock as _, SystemClock};
use indicatif::ProgressBar;

use super::{
    arrangement::Arrangement,
    people::Person,
    server::{Credentials, Server},
    service::{Service, Way},
    wire::{Wire, request},
};
use crate::exit::Failure;

/// The server, and who is signed in there.
pub(crate) struct Scene {
    /// The server.
    pub(crate) server: Server,
    /// The services' own.
    pub(crate) credentials: Credentials,
    /// Those whose sessions stay.
    pub(crate) staying: Vec<Visitor>,
    /// Those who will sign out.
    pub(crate) leaving: Vec<Visitor>,
    /// What time is measured with.
    pub(crate) clock: SystemClock,
}

/// Somebody with a cookie and a token of the same session.
pub(crate) struct Visitor {
    /// With the cookie.
    pub(crate) person: Person,
    /// The token.
    pub(crate) token: String,
}

impl Scene {
    /// Makes so many people who stay and who leave, and a server that knows them.
    pub(crate) fn set(staying: u64, leaving: u64, steps: &Steps) -> Result<Self, Failure> {
        let clock = SystemClock::new();
        steps.go_on("starting a private server")?;
        let (mut server, people) = Server::prepare(staying + leaving, clock.wall())?;
        let credentials = server.register()?;
        // A running server hears of clients a moment later; one that starts knows them.
        server.stop()?;
        server.start()?;
        steps.go_on("giving everybody a token")?;
        let mut wire = Wire::to(server.address());
        let mut staying_people = Vec::new();
        for person in people {
            let token = server.token_of(&mut wire, &person)?;
            staying_people.push(Visitor { person, token });
            steps.still()?;
        }
        let first_to_leave =
            usize::try_from(staying).unwrap_or(usize::MAX).min(staying_people.len());
        let leaving = staying_people.split_off(first_to_leave);
        Ok(Self { server, credentials, staying: staying_people, leaving, clock })
    }

    /// Starts a service.
    pub(crate) fn service(&self, arrangement: Arrangement, way: Way) -> Result<Service, Failure> {
        Service::start(arrangement, way, &self.server, &self.credentials)
    }
}

/// The header by which a visitor's request brings who it is.
pub(crate) fn credential(arrangement: Arrangement, visitor: &Visitor) -> (&'static str, String) {
    if arrangement.by_cookie() {
        ("cookie", visitor.person.cookie.clone())
    } else {
        ("authorization", format!("Bearer {}", visitor.token))
    }
}

/// A visitor's request that is checked.
pub(crate) fn checked(arrangement: Arrangement, visitor: &Visitor) -> Vec<u8> {
    let (name, value) = credential(arrangement, visitor);
    request("GET", "/", &[("host", "shop.example.com"), (name, &value)], "")
}

/// The same request where it is not checked.
pub(crate) fn unchecked(arrangement: Arrangement, visitor: &Visitor) -> Vec<u8> {
    let (name, value) = credential(arrangement, visitor);
    request("GET", "/open", &[("host", "shop.example.com"), (name, &value)], "")
}

/// Asks a service for something that it must allow.
pub(crate) fn allowed(wire: &mut Wire, request: &[u8]) -> Result<(), Failure> {
    match wire.ask(request).map_err(|error| silent(&error))?.status {
        200 => Ok(()),
        status => Err(Failure::Unavailable(format!(
            "a service of the comparison answered {status} to somebody who is signed in"
        ))),
    }
}

/// A service that does not answer at all.
pub(crate) fn silent(error: &io::Error) -> Failure {
    Failure::Unavailable(format!("a service of the comparison does not answer: {error}"))
}

/// Shows how far it is, and hears when somebody wants it to end.
pub(crate) struct Steps {
    bar: ProgressBar,
    stop: Arc<AtomicBool>,
}

impl Steps {
    /// With a bar, and a word to stop.
    pub(crate) fn new(bar: ProgressBar, stop: Arc<AtomicBool>) -> Self {
        Self { bar, stop }
    }

    /// The next step.
    pub(crate) fn go_on(&self, what: &str) -> Result<(), Failure> {
        self.bar.inc(1);
        self.bar.set_message(what.to_owned());
        self.still()
    }

    /// Fails once somebody has said stop.
    pub(crate) fn still(&self) -> Result<(), Failure> {
        if self.stop.load(Relaxed) {
            Err(Failure::Unavailable("stopped before it was done".to_owned()))
        } else {
            Ok(())
        }
    }
}

/// Long enough for a process to have gone to sleep after its last answer, when its counts are up to date.
pub(crate) const SETTLED: Duration = Duration::from_millis(3);
