//! Session data: several writers of one document, through several nodes.
//!
//! Every write adds a key of its own. What a guest puts into the cart goes into a list, so that what is merged twice
//! would be seen twice.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Client;
use super::ask::Asked;
use super::person::{Held, namespace};
use crate::cluster::history::{Act, Document, Name, Onto, Outcome, Owner, State};
use crate::http::{Answer, Request};

/// The member that holds what guests put in.
const ITEMS: &str = "items";

impl Client {
    pub(super) fn read_something(&mut self) {
        let now = self.now();
        let Some((person, session)) = self.some_session(|held| held.is_usable(now)) else { return };
        let held = self.people[person].sessions[session].clone();
        let document = self.people[person].present();
        let door = self.some_door();
        self.read(door, &held, &document);
    }

    /// Reads a document; tells what stands in it, where there is an answer.
    pub(super) fn read(
        &mut self,
        door: usize,
        held: &Held,
        document: &Document,
    ) -> Option<(State, Value)> {
        let asked = self.ask(door, &held.identified(Request::get(&path(document))));
        let is_absent = asked.answer.as_ref().is_some_and(|answer| answer.status == 404);
        let saw = if is_absent { Some(nothing()) } else { answered(&asked) };
        let value = asked.answer.as_ref().map_or(Value::Null, Answer::json);
        let good = if is_absent { 404 } else { 200 };
        let (document, by) = (document.clone(), held.sid.clone());
        self.note(asked, Act::Read { document, by, saw: saw.clone() }, good);
        Some((saw?, if is_absent { json!({}) } else { value }))
    }

    /// Two writers merge, each a key of its own.
    pub(super) fn merge_at_once(&mut self) {
        let Some((person, [one, other])) = self.two_writers() else { return };
        let document = self.people[person].present();
        let path = path(&document);
        let keys = [self.new_name("k"), self.new_name("k")];
        let [first, second] =
            keys.clone().map(|key| Request::new("PATCH", &path).json(&json!({&*key: 1})));
        let doors = self.two_doors();
        let asked =
            self.race((doors.0, &one.identified(first)), (doors.1, &other.identified(second)));
        for ((asked, key), by) in asked.into_iter().zip(keys).zip([one, other]) {
            let saw = answered(&asked);
            let (document, by) = (document.clone(), by.sid);
            self.note(asked, Act::Write { document, by, key, onto: Onto::Latest, saw }, 200);
        }
        self.people[person].writes += 2;
    }

    /// Two writers replace the version that both have read, each with a key of its own.
    pub(super) fn replace_at_once(&mut self) {
        let Some((person, [one, other])) = self.two_writers() else { return };
        let document = self.people[person].present();
        let door = self.some_door();
        let Some((seen, value)) = self.read(door, &one, &document) else { return };
        let path = path(&document);
        let keys = [self.new_name("k"), self.new_name("k")];
        let [first, second] = keys.clone().map(|key| {
            let mut value = value.clone();
            value[&*key] = json!(1);
            let request = Request::new("PUT", &path).json(&value);
            match &seen.version {
                Some(version) => request.header("if-match", &**version),
                None => request.header("if-none-match", "*"),
            }
        });
        let doors = self.two_doors();
        let asked =
            self.race((doors.0, &one.identified(first)), (doors.1, &other.identified(second)));
        for ((asked, key), by) in asked.into_iter().zip(keys).zip([one, other]) {
            let version = asked.answer.as_ref().and_then(|answer| answer.header("etag"));
            let put = asked.answer.as_ref().is_some_and(|answer| answer.status == 204);
            let saw = version.filter(|_| put).map(|version| {
                let mut keys = (*seen.keys).clone();
                keys.insert(key.clone());
                State { version: Some(version.into()), keys: Arc::new(keys), twice: Vec::new() }
            });
            let onto =
                if seen.version.is_some() { Onto::Version(seen.clone()) } else { Onto::Nothing };
            let (document, by) = (document.clone(), by.sid);
            self.note(asked, Act::Write { document, by, key, onto, saw }, 204);
        }
        self.people[person].writes += 2;
    }

    /// A guest puts a few things into the cart, one after the other.
    pub(super) fn fill_cart(&mut self, guest: &Held, number: usize) {
        let document =
            Document { owner: Owner::Guest(guest.sid.clone()), namespace: namespace(number) };
        let path = path(&document);
        let mut items: Vec<Name> = Vec::new();
        for _ in 0..=self.random.below(3) {
            let key = self.new_name("item");
            items.push(key.clone());
            let listed: Vec<&str> = items.iter().map(|item| &**item).collect();
            let request = Request::new("PATCH", &path).json(&json!({ITEMS: listed}));
            let door = self.some_door();
            let asked = self.ask(door, &guest.identified(request));
            let saw = answered(&asked);
            let (document, by, key) = (document.clone(), guest.sid.clone(), key.clone());
            let act = Act::Write { document, by, key, onto: Onto::Latest, saw };
            if !matches!(self.note(asked, act, 200), Outcome::Acknowledged) {
                return;
            }
        }
    }

    /// Two sessions of one person, or the same one twice.
    fn two_writers(&mut self) -> Option<(usize, [Held; 2])> {
        let now = self.now();
        let (person, one) = self.some_session(|held| held.is_usable(now))?;
        let sessions = &self.people[person].sessions;
        let one = sessions[one].clone();
        let usable: Vec<&Held> = sessions.iter().filter(|held| held.is_usable(now)).collect();
        let other = usable.iter().find(|held| held.sid != one.sid).map_or(&one, |other| *other);
        Some((person, [one.clone(), other.clone()]))
    }
}

pub(super) fn path(document: &Document) -> String {
    format!("/api/v1/session/data/{}", document.namespace)
}

fn nothing() -> State {
    State { version: None, keys: Arc::default(), twice: Vec::new() }
}

/// The document as an answer shows it.
pub(super) fn answered(asked: &Asked) -> Option<State> {
    let answer = asked.answer.as_ref().filter(|answer| answer.status == 200)?;
    let version = answer.header("etag")?;
    let document = answer.json();
    let mut keys: BTreeSet<Name> = BTreeSet::new();
    let mut twice = Vec::new();
    for (key, value) in document.as_object()? {
        if key != ITEMS {
            keys.insert(key.as_str().into());
            continue;
        }
        for item in value.as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !keys.insert(item.into()) {
                twice.push(item.into());
            }
        }
    }
    Some(State { version: Some(version.into()), keys: Arc::new(keys), twice })
}
