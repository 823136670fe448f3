//! A stale entry is never believed, whatever becomes of the shared memory, of the nodes and of the log.

use std::collections::HashMap;

use cloakroom_model::id::{ClientId, SessionId, UserId};
use cloakroom_model::log::{CONCERNS_FOR, Change, Place, Row, Subject, Timeline};
use cloakroom_model::session::{Carrier, Device, Session};
use cloakroom_model::user::{Email, Life as UserLife, User};
use proptest::prelude::*;

use super::*;
use crate::random::SystemRandomness;

const NOW: Timestamp = Timestamp(1_000_000_000);
const FULL_TRUST: Duration = Duration::from_hours(1);

#[test]
fn what_one_node_has_read_another_believes() {
    let mut world = World::new();
    world.change(0);
    world.hear_all();
    world.fill(0, 0);
    assert_eq!(world.recall(1, 0), Some(1));
    assert_eq!(world.recall(1, 1), None, "nobody filled that");
}

#[test]
fn a_row_after_its_place_disproves_it() {
    for change in [World::change, World::end] {
        let mut world = World::new();
        world.hear_all();
        world.fill(0, 0);
        world.change(1);
        world.hear(1);
        assert_eq!(world.recall(1, 0), Some(0), "another session's row");
        change(&mut world, 0);
        world.hear(1);
        assert_eq!(world.recall(1, 0), None);
    }
}

#[test]
fn a_row_that_came_while_the_store_was_read_disproves_it() {
    let mut world = World::new();
    world.hear_all();
    world.note(0, 0);
    world.read(0);
    world.end(0);
    world.hear_all();
    world.give(0);
    assert_eq!(world.recall(1, 0), None);
}

#[test]
fn a_place_in_another_history_with_the_same_numbers_is_not_believed() {
    let mut world = World::new();
    for _ in 0..3 {
        world.change(1);
    }
    world.hear_all();
    world.fill(0, 0);
    assert_eq!(world.recall(1, 0), Some(0));
    world.restore();
    for _ in 0..3 {
        world.change(1);
    }
    world.hear_all();
    assert_eq!(world.recall(1, 0), None);
    world.fill(0, 0);
    assert_eq!(world.recall(1, 0), Some(0), "what was filled since");
}

#[test]
fn what_was_filled_before_another_server_took_over_is_not_believed() {
    let mut world = World::new();
    world.change(0);
    world.hear_all();
    world.fill(0, 0);
    world.note(2, 1);
    world.read(2);
    // No row is lost, but whatever wrote none may be.
    world.fail_over(0);
    assert_eq!(world.recall(1, 0), Some(1), "nobody has noticed");
    world.hear_all();
    assert_eq!(world.recall(1, 0), None);
    world.give(2);
    assert_eq!(world.recall(1, 1), None, "read before, and given afterwards");
    world.fill(0, 0);
    assert_eq!(world.recall(1, 0), Some(1), "what was filled since");
}

#[test]
fn a_node_that_is_behind_the_place_does_not_believe_it() {
    let mut world = World::new();
    world.change(1);
    world.hear(0);
    world.fill(0, 0);
    assert_eq!(world.recall(1, 0), None);
    world.hear(1);
    assert_eq!(world.recall(1, 0), Some(0));
}

#[test]
fn a_node_that_started_later_believes_what_its_snapshot_reaches_back_to() {
    let mut world = World::new();
    world.change(1);
    world.hear_all();
    world.fill(0, 0);
    world.change(1);
    world.restart(1);
    assert_eq!(world.recall(1, 0), Some(0));
    world.end(0);
    world.restart(1);
    assert_eq!(world.recall(1, 0), None, "the row is in the snapshot");

    // Rows that concern nothing any more are in no snapshot: what was filled among them cannot be placed.
    let mut world = World::new();
    for _ in 0..2 {
        world.change(1);
        world.go(Duration::from_secs(1));
    }
    world.hear_all();
    world.note(0, 0);
    world.change(1);
    world.go(CONCERNS_FOR);
    world.hear_all();
    world.read(0);
    world.restart(1);
    world.give(0);
    assert_eq!(world.recall(1, 0), None);
}

#[test]
fn what_is_too_old_or_from_the_future_is_not_believed() {
    let mut world = World::new();
    world.hear_all();
    world.fill(0, 0);
    world.go(MAX_AGE);
    assert_eq!(world.recall(1, 0), Some(0));
    world.go(Duration::from_millis(1));
    assert_eq!(world.recall(1, 0), None);
    world.fill(0, 0);
    world.now = world.now.minus(SKEW);
    assert_eq!(world.recall(1, 0), Some(0));
    world.now = world.now.minus(Duration::from_millis(1));
    assert_eq!(world.recall(1, 0), None);
}

#[test]
fn what_was_forged_moved_or_is_of_another_installation_is_not_believed() {
    let mut world = World::new();
    world.hear_all();
    world.fill(0, 0);
    let name = world.name(0);
    let sealed = world.shared[&name].clone();
    for index in 0..sealed.len() {
        world.shared.get_mut(&name).unwrap()[index] ^= 1;
        assert_eq!(world.recall(1, 0), None, "byte {index}");
        world.shared.insert(name, sealed.clone());
    }
    assert_eq!(world.recall(1, 0), Some(0));
    let other = world.name(1);
    world.shared.insert(other, sealed.clone());
    assert_eq!(world.recall(1, 1), None, "moved");
    world.key = SharedKey::derive(&[8; 32]);
    world.shared.insert(world.name(0), sealed);
    assert_eq!(world.recall(1, 0), None, "another data key's");
}

#[test]
fn what_was_emptied_or_is_an_old_snapshot_is_a_miss() {
    let mut world = World::new();
    world.hear_all();
    world.fill(0, 0);
    world.save();
    world.shared.clear();
    assert_eq!(world.recall(1, 0), None);
    world.put_back();
    assert_eq!(world.recall(1, 0), Some(0), "nothing happened since");
    world.end(0);
    world.hear_all();
    world.put_back();
    assert_eq!(world.recall(1, 0), None);
}

#[test]
fn what_looks_idle_is_left_to_storage() {
    let mut world = World::new();
    world.hear_all();
    world.fill(0, 0);
    world.idle = Duration::from_secs(10);
    world.fill(0, 1);
    world.go(Duration::from_secs(10));
    assert_eq!(world.recall(1, 0), Some(0));
    assert_eq!(world.recall(1, 1), None);
}

#[test]
fn guests_are_not_shared() {
    let mut world = World::new();
    world.hear_all();
    let memory = &world.nodes[0].memory;
    let looked_up = |user| Remembered::new(session(0, FULL_TRUST), user, memory.note(), NOW);
    assert!(Entry::of(memory, memory.note(), &looked_up(Some(user(1)))).is_some());
    assert!(Entry::of(memory, memory.note(), &looked_up(None)).is_none());
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Change(usize),
    End(usize),
    Hear(usize),
    HearSome(usize),
    Note(usize, usize),
    Read(usize),
    Give(usize),
    Recall(usize, usize),
    Restart(usize),
    FailOver(usize),
    Restore,
    Save,
    PutBack,
    Empty,
    Move,
    Go(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (node, session) = (0..3_usize, 0..2_usize);
    let step = prop_oneof![
        3 => session.clone().prop_map(Step::Change),
        1 => session.clone().prop_map(Step::End),
        6 => node.clone().prop_map(Step::Hear),
        2 => node.clone().prop_map(Step::HearSome),
        5 => (node.clone(), session.clone()).prop_map(|(node, session)| Step::Note(node, session)),
        5 => node.clone().prop_map(Step::Read),
        5 => node.clone().prop_map(Step::Give),
        8 => (node.clone(), session).prop_map(|(node, session)| Step::Recall(node, session)),
        1 => node.prop_map(Step::Restart),
        1 => (0..4_usize).prop_map(Step::FailOver),
        1 => Just(Step::Restore),
        1 => Just(Step::Save),
        1 => Just(Step::PutBack),
        1 => Just(Step::Empty),
        1 => Just(Step::Move),
        1 => prop_oneof![1..120_u64, 1_200..4_000_u64].prop_map(Step::Go),
    ];
    prop::collection::vec(step, 1..150)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// What is believed is at least as new as what the node has heard of, in the history that is there now.
    #[test]
    fn nothing_stale_is_ever_believed(steps in steps()) {
        let mut world = World::new();
        for step in steps {
            match step {
                Step::Change(session) => world.change(session),
                Step::End(session) => world.end(session),
                Step::Hear(node) => world.hear(node),
                Step::HearSome(node) => world.hear_some(node, 1),
                Step::Note(node, session) => world.note(node, session),
                Step::Read(node) => world.read(node),
                Step::Give(node) => world.give(node),
                Step::Restart(node) => world.restart(node),
                Step::FailOver(lost) => world.fail_over(lost),
                Step::Restore => world.restore(),
                Step::Save => world.save(),
                Step::PutBack => world.put_back(),
                Step::Empty => world.shared.clear(),
                Step::Move => world.swap_names(),
                Step::Go(seconds) => world.go(Duration::from_secs(seconds)),
                Step::Recall(node, session) => {
                    // Whoever has not heard the log for so long does not come as far as this.
                    let Some(heard) = world.heard_by(node) else { continue };
                    let known = world.version_at(heard, session);
                    let believed = world.recall(node, session);
                    prop_assert!(
                        believed.is_none() || believed >= known && known.is_some(),
                        "node {} heard {:?} of session {} and believed {:?}", node, known, session, believed
                    );
                }
            }
        }
    }
}

/// Three nodes, a store with two sessions, its log, and what is shared.
struct World {
    nodes: Vec<Node>,
    /// The log, with the session that each row is about and its version from then on; `None` where it ended.
    log: Vec<(Row, usize, Option<u64>)>,
    /// Raised with every change, also where history is not the same any more.
    versions: u64,
    nonces: u64,
    timeline: Timeline,
    shared: HashMap<Digest, Vec<u8>>,
    saved: HashMap<Digest, Vec<u8>>,
    key: SharedKey,
    now: Timestamp,
    idle: Duration,
}

struct Node {
    memory: Memory,
    /// Where its reader is.
    place: Option<Place>,
    timeline: Timeline,
    fill: Option<Fill>,
}

/// A look-up under way.
#[derive(Clone, Copy)]
struct Fill {
    session: usize,
    noted: Noted,
    /// The version that storage had, and when.
    found: Option<(u64, Timestamp)>,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            nodes: Vec::new(),
            log: Vec::new(),
            versions: 0,
            nonces: 0,
            timeline: Timeline(1),
            shared: HashMap::new(),
            saved: HashMap::new(),
            key: SharedKey::derive(&[7; 32]),
            now: NOW,
            idle: Duration::from_hours(1_000),
        };
        // Both are there from the beginning, at version 0; the log is never without a row.
        world.append(2, Some(0));
        for node in 0..3 {
            let memory = Memory::new(10, FULL_TRUST);
            world.nodes.push(Node {
                memory,
                place: None,
                timeline: Timeline::default(),
                fill: None,
            });
            world.hear(node);
        }
        world
    }

    fn append(&mut self, session: usize, version: Option<u64>) {
        self.nonces += 1;
        let seq = self.log.last().map_or(1, |(row, ..)| row.place.seq + 1);
        let row = Row {
            place: Place { seq, nonce: self.nonces },
            at: self.now,
            subject: Subject::Session(sid(session)),
            change: if version.is_some() { Change::Changed } else { Change::Ended },
            until: self.now.plus(CONCERNS_FOR),
        };
        self.log.push((row, session, version));
    }

    fn change(&mut self, session: usize) {
        if self.version_at(usize::MAX, session).is_some() {
            self.versions += 1;
            self.append(session, Some(self.versions));
        }
    }

    fn end(&mut self, session: usize) {
        if self.version_at(usize::MAX, session).is_some() {
            self.append(session, None);
        }
    }

    /// What a session was when the log had so many rows.
    fn version_at(&self, rows: usize, session: usize) -> Option<u64> {
        let rows = self.log.len().min(rows);
        let last = self.log[..rows].iter().rev().find(|(_, about, _)| *about == session);
        last.map_or(Some(0), |(.., version)| *version)
    }

    /// How many rows of the history that is there now a node has heard; `None` where it is in another one.
    fn heard_by(&self, node: usize) -> Option<usize> {
        let place = self.nodes[node].place?;
        if self.nodes[node].timeline != self.timeline {
            return None;
        }
        self.log.iter().position(|(row, ..)| row.place == place).map(|index| index + 1)
    }

    fn hear_all(&mut self) {
        (0..3).for_each(|node| self.hear(node));
    }

    fn hear(&mut self, node: usize) {
        self.hear_some(node, usize::MAX);
    }

    /// Reads at most so many rows, as the reader does; where there are more, it is not yet done.
    fn hear_some(&mut self, node: usize, limit: usize) {
        let heard = self.heard_by(node);
        let Node { memory, place, timeline, .. } = &mut self.nodes[node];
        if let Some(heard) = heard {
            let rows = self.log[heard..].iter().take(limit).map(|(row, ..)| row.clone());
            let rows: Vec<_> = rows.collect();
            memory.hear(&rows);
            memory.pass(&rows);
            *place = rows.last().map(|row| row.place).or(*place);
            if heard + rows.len() < self.log.len() {
                return;
            }
        } else {
            if place.is_some() {
                memory.lose();
            }
            let last = self.log.last().expect("it has a row").0.place;
            let concern = self.log.iter().filter(|(row, ..)| row.until > self.now);
            let rows: Vec<_> = concern.map(|(row, ..)| row.clone()).collect();
            memory.begin(last, self.timeline, &rows);
            (*place, *timeline) = (Some(last), self.timeline);
        }
        memory.sweep(self.now);
        memory.caught_up(place.expect("it was heard").seq, Duration::ZERO);
    }

    fn note(&mut self, node: usize, session: usize) {
        let node = &mut self.nodes[node];
        node.fill = Some(Fill { session, noted: node.memory.note(), found: None });
    }

    fn read(&mut self, node: usize) {
        let Some(fill @ Fill { session, found: None, .. }) = self.nodes[node].fill else { return };
        let found = self.version_at(usize::MAX, session).map(|version| (version, self.now));
        self.nodes[node].fill = found.map(|found| Fill { found: Some(found), ..fill });
    }

    fn give(&mut self, node: usize) {
        let Some(Fill { session: index, noted, found: Some((version, filled_at)) }) =
            self.nodes[node].fill
        else {
            return;
        };
        let session = session(index, self.idle);
        let looked_up = Remembered::new(session, Some(user(version)), noted, filled_at);
        if let Some(entry) = Entry::of(&self.nodes[node].memory, noted, &looked_up) {
            let name = self.name(index);
            let sealed = self.key.seal(&name, &entry.to_bytes(), &SystemRandomness::default());
            self.shared.insert(name, sealed);
        }
    }

    fn fill(&mut self, node: usize, session: usize) {
        self.note(node, session);
        self.read(node);
        self.give(node);
    }

    /// The version that a node believes.
    fn recall(&self, node: usize, session: usize) -> Option<u64> {
        let (memory, name) = (&self.nodes[node].memory, self.name(session));
        let sealed = self.shared.get(&name)?;
        let believed = believe(memory, &self.key, &name, sealed.clone(), self.now)?;
        assert_eq!(believed.session.id, sid(session));
        Some(believed.user.expect("somebody's").generation)
    }

    fn restart(&mut self, node: usize) {
        let memory = Memory::new(10, FULL_TRUST);
        self.nodes[node] = Node { memory, place: None, timeline: Timeline::default(), fill: None };
        self.hear(node);
    }

    /// Another server takes over, where the last rows, and what they said, had not yet arrived.
    fn fail_over(&mut self, lost: usize) {
        self.timeline.0 += 1;
        self.log.truncate(self.log.len().saturating_sub(lost).max(1));
        if lost > 0 {
            self.append(2, Some(0));
        }
    }

    /// Everything as it was at the beginning, under another log of the same numbers.
    fn restore(&mut self) {
        self.log.clear();
        self.append(2, Some(0));
    }

    fn save(&mut self) {
        self.saved = self.shared.clone();
    }

    fn put_back(&mut self) {
        self.shared = self.saved.clone();
    }

    fn swap_names(&mut self) {
        let names = [self.name(0), self.name(1)];
        let [one, other] = names.map(|name| self.shared.remove(&name));
        self.shared.extend(one.map(|one| (names[1], one)));
        self.shared.extend(other.map(|other| (names[0], other)));
    }

    fn go(&mut self, on: Duration) {
        self.now = self.now.plus(on);
    }

    fn name(&self, session: usize) -> Digest {
        self.key.name(&Name::Session(sid(session)))
    }
}

fn sid(session: usize) -> SessionId {
    SessionId::from_bytes([u8::try_from(session).unwrap(); 16])
}

fn session(index: usize, idle: Duration) -> Session {
    Session {
        id: sid(index),
        user: Some(user(0).id),
        client: ClientId::built_in(),
        carrier: Carrier::Cookie,
        device: Device::default(),
        authentication: None,
        created_at: NOW,
        expires_at: Timestamp::NEVER,
        idle,
        last_seen_at: NOW,
        remembered: false,
    }
}

/// Ada, whose generation is the version of what was read.
fn user(version: u64) -> User {
    User {
        id: UserId::from_bytes([9; 16]),
        email: Email::parse("ada@example.com").unwrap(),
        username: None,
        roles: Vec::new(),
        life: UserLife::Active,
        generation: version,
        created_at: NOW,
    }
}
