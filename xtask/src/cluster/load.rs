//! Many clients at once, each with people, browsers and tokens of its own, who act at random through every door.
//!
//! A client believes what it was told, and does next what somebody would do who believes that. Whether it was right to
//! is the checker's affair: clients only write down. Where two ask at once, they do so through two doors.

mod ask;
mod coming;
mod ending;
mod person;
mod tokens;
mod writing;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use self::ask::{Asked, Lines};
use self::person::{Carried, Held, Person};
pub(super) use self::tokens::CALLBACK;
use super::history::{Act, Carrier, Moment, Name, Operation, Outcome, Recorder};
use crate::http::Request;
use crate::random::Random;
use crate::stopwatch::Stopwatch;

/// Somewhere to ask.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) name: Name,
    pub(crate) port: u16,
    /// A node itself, and not a balancer in front of them.
    pub(crate) is_node: bool,
}

/// What clients know of the place.
pub(crate) struct Place {
    pub(crate) doors: Vec<Door>,
    /// What the nodes are called together, with the port.
    pub(crate) host: String,
    /// An administrator's session.
    pub(crate) administrator: String,
    /// By which the app proves itself.
    pub(crate) app_secret: String,
}

/// What clients brought home.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) operations: Vec<Operation>,
    /// From the acknowledgement of an end to the first refusal, for each node that was asked until it refused.
    pub(crate) delays: Vec<Duration>,
    /// Answers that no request of theirs should have had.
    pub(crate) strange: Vec<String>,
}

/// How long a client pauses between acts, in milliseconds.
const PAUSE: u64 = 40;
const CLIENTS_COME_WITHIN: u64 = 1_200;
/// More people than these are forgotten, the oldest first.
const PEOPLE: usize = 4;
/// Of so many that are over it is still asked now and then.
const REMEMBERED: usize = 20;

/// Clients who are not at work.
pub(crate) struct Crowd(Vec<Client>);

/// Clients at work, until they are told to stop.
pub(crate) struct AtWork {
    stop: Arc<AtomicBool>,
    working: Vec<thread::JoinHandle<Client>>,
}

impl Crowd {
    /// So many clients; what they do follows from the seed.
    pub(crate) fn of(
        clients: usize,
        place: &Arc<Place>,
        watch: &Arc<Stopwatch>,
        seed: u64,
    ) -> Self {
        let mut seeds = Random::from_seed(seed);
        Self((0..clients).map(|number| Client::new(place, watch, number, seeds.next())).collect())
    }

    /// Sets them to work; they go on with the people and sessions that they have.
    pub(crate) fn start(self) -> AtWork {
        let stop = Arc::new(AtomicBool::new(false));
        let working = self
            .0
            .into_iter()
            .map(|mut client| {
                let stop = Arc::clone(&stop);
                thread::spawn(move || {
                    // All of them would sign up at once, and most be turned away.
                    if client.people.is_empty() {
                        client.pause(CLIENTS_COME_WITHIN);
                    }
                    while !stop.load(Ordering::Relaxed) {
                        client.act();
                    }
                    client
                })
            })
            .collect();
        AtWork { stop, working }
    }
}

impl AtWork {
    /// Stops them, and has each of them ask for everything that it was told, at every node.
    pub(crate) fn stop(self) -> (Crowd, Report) {
        self.stop.store(true, Ordering::Relaxed);
        let mut report = Report::default();
        let sweeping: Vec<_> = self
            .working
            .into_iter()
            .map(|client| {
                thread::spawn(move || {
                    let mut client = client.join().expect("a client does not panic");
                    client.sweep();
                    client
                })
            })
            .collect();
        let mut clients = Vec::new();
        for client in sweeping {
            let mut client = client.join().expect("a client does not panic");
            report.operations.extend(client.recorder.take());
            report.delays.append(&mut client.delays);
            report.strange.append(&mut client.strange);
            clients.push(client);
        }
        (Crowd(clients), report)
    }
}

struct Client {
    place: Arc<Place>,
    number: usize,
    random: Random,
    /// Two of them, so that two can ask at once.
    lines: [Lines; 2],
    recorder: Recorder,
    people: Vec<Person>,
    guests: Vec<Held>,
    /// What is over, or may be.
    over: Vec<Held>,
    names: u64,
    delays: Vec<Duration>,
    strange: Vec<String>,
}

impl Client {
    fn new(place: &Arc<Place>, watch: &Arc<Stopwatch>, number: usize, seed: u64) -> Self {
        let lines = || Lines::new(Arc::clone(place), Arc::clone(watch));
        Self {
            place: Arc::clone(place),
            number,
            random: Random::from_seed(seed),
            lines: [lines(), lines()],
            recorder: Recorder::new(Arc::clone(watch), number),
            people: Vec::new(),
            guests: Vec::new(),
            over: Vec::new(),
            names: 0,
            delays: Vec::new(),
            strange: Vec::new(),
        }
    }

    /// One act, and a pause.
    fn act(&mut self) {
        match self.random.below(100) {
            _ if self.people.is_empty() => self.sign_up(),
            0 => self.sign_up(),
            1..4 => self.sign_in(),
            4..45 => self.check_something(),
            45..51 => self.check_something_over(),
            51..55 => self.end_and_follow(),
            55..57 => self.end_while_used(),
            57..66 => self.refresh_in_two_tabs(),
            66..76 => self.merge_at_once(),
            76..84 => self.replace_at_once(),
            84..92 => self.read_something(),
            92..94 => self.come_as_guest(),
            94..97 => self.redeem_a_code_twice(),
            _ => self.spend_a_link_twice(),
        }
        self.trim();
        self.pause(PAUSE);
    }

    /// Some time below so many milliseconds.
    fn pause(&mut self, below: u64) {
        thread::sleep(Duration::from_millis(self.random.below(below)));
    }

    /// Asks every node for everything that is known.
    fn sweep(&mut self) {
        let nodes = self.nodes();
        let people = std::mem::take(&mut self.people);
        let guests = std::mem::take(&mut self.guests);
        let over = std::mem::take(&mut self.over);
        let live = people.iter().flat_map(|person| &person.sessions).chain(&guests);
        for held in live.chain(&over) {
            for node in &nodes {
                self.check(*node, held);
            }
        }
        for person in &people {
            let node = self.some_door();
            self.prove(node, person);
            if let Some(held) = person.sessions.first() {
                for namespace in 0..=person.namespaces() {
                    let node = self.some_door();
                    self.read(node, held, &person.document(namespace));
                }
            }
        }
        (self.people, self.guests, self.over) = (people, guests, over);
    }

    /// Who is there? Tells whether somebody still is, where that was answered.
    fn check(&mut self, door: usize, held: &Held) -> Option<bool> {
        let carrier = match &held.carried {
            Carried::Cookie(_) => Carrier::Cookie,
            // It may have expired by itself.
            Carried::Tokens(tokens) if tokens.is_old(self.recorder.now()) => return None,
            Carried::Tokens(_) => Carrier::Token,
        };
        let asked = self.ask(door, &held.identified(Request::get("/api/v1/session")));
        if let Some(answer) = &asked.answer
            && answer.status == 200
        {
            let answered = answer.json();
            if answered.pointer("/session/sid").and_then(|it| it.as_str()) != Some(&held.sid) {
                self.strange.push(format!("{} was asked about and {answer:?}", held.sid));
            }
        }
        let act = Act::Check { session: held.sid.clone(), carrier };
        match self.note(asked, act, 200) {
            Outcome::Acknowledged => Some(true),
            Outcome::Refused(_) => Some(false),
            _ => None,
        }
    }

    fn check_something(&mut self) {
        let Some((person, session)) = self.some_session(|_| true) else { return };
        let door = self.some_door();
        let held = self.people[person].sessions[session].clone();
        if self.check(door, &held) == Some(false) {
            self.has_ended(&held.sid);
        }
    }

    fn check_something_over(&mut self) {
        let Some(held) = self.random.pick(&mut self.over).map(|held| held.clone()) else { return };
        let door = self.some_door();
        self.check(door, &held);
    }

    fn ask(&mut self, door: usize, request: &Request<'_>) -> Asked {
        self.lines[0].ask(door, request)
    }

    /// Both at once, each through its own door.
    fn race(&mut self, one: (usize, &Request<'_>), other: (usize, &Request<'_>)) -> [Asked; 2] {
        let [here, there] = &mut self.lines;
        thread::scope(|scope| {
            let other = scope.spawn(move || there.ask(other.0, other.1));
            let one = here.ask(one.0, one.1);
            [one, other.join().expect("a question does not panic")]
        })
    }

    /// Writes down what came of it; `good` is the status of an acknowledgement.
    fn note(&mut self, asked: Asked, act: Act, good: u16) -> Outcome {
        let outcome = asked.outcome(good);
        if let Some(strange) = asked.strange(good) {
            self.strange.push(format!("{act}: {strange}"));
        }
        self.recorder.record(asked.door, asked.times, act, outcome.clone());
        outcome
    }

    fn some_door(&mut self) -> usize {
        self.below(self.place.doors.len())
    }

    /// Two doors, and two different ones where there are.
    fn two_doors(&mut self) -> (usize, usize) {
        let end = self.place.doors.len();
        let one = self.below(end);
        let other = if end > 1 { (one + 1 + self.below(end - 1)) % end } else { one };
        (one, other)
    }

    fn nodes(&self) -> Vec<usize> {
        let doors = self.place.doors.iter().enumerate();
        doors.filter(|(_, door)| door.is_node).map(|(index, _)| index).collect()
    }

    fn below(&mut self, end: usize) -> usize {
        let below = self.random.below(u64::try_from(end).expect("a length fits 64 bits"));
        usize::try_from(below).expect("an index fits")
    }

    /// A live session of somebody, by the places of both.
    fn some_session(&mut self, fits: impl Fn(&Held) -> bool) -> Option<(usize, usize)> {
        let mut fitting = Vec::new();
        for (number, person) in self.people.iter().enumerate() {
            let sessions = person.sessions.iter().enumerate().filter(|(_, held)| fits(held));
            fitting.extend(sessions.map(|(session, _)| (number, session)));
        }
        self.random.pick(&mut fitting).copied()
    }

    /// All of a person's sessions are over, or may be.
    fn all_are_over(&mut self, person: usize) {
        let sessions = std::mem::take(&mut self.people[person].sessions);
        self.over.extend(sessions);
    }

    /// It is over, or may be, however it is carried.
    fn has_ended(&mut self, sid: &str) {
        for person in &mut self.people {
            self.over.extend(person.sessions.extract_if(.., |held| &*held.sid == sid));
        }
    }

    fn trim(&mut self) {
        self.people.retain(|person| !person.is_unknown);
        if self.people.len() > PEOPLE {
            self.people.remove(0);
        }
        if self.over.len() > REMEMBERED {
            let excess = self.over.len() - REMEMBERED;
            self.over.drain(..excess);
        }
    }

    /// A name that nobody else has.
    fn new_name(&mut self, of: &str) -> Name {
        self.names += 1;
        format!("{of}{}-{}", self.number, self.names).into()
    }

    fn now(&self) -> Moment {
        self.recorder.now()
    }
}
