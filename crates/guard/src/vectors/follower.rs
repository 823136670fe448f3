//! `tests/vectors/follower.json`.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;

use crate::beliefs::{Beliefs, Mark, Noted};
use crate::feed::events::Event;
use crate::feed::follower::Follower;
use crate::subject::{Digest, Kind};

const FILE: &str = include_str!("../../../../tests/vectors/follower.json");

#[test]
fn a_follower_believes_what_the_vectors_say() {
    let vectors: Value = serde_json::from_str(FILE).unwrap();
    let staleness = Duration::from_millis(vectors["max_staleness"].as_u64().unwrap());
    let scripts = vectors["scripts"].as_array().unwrap();
    assert!(scripts.len() >= 20, "only {} scripts", scripts.len());
    for script in scripts {
        let mut play = Play::new(staleness);
        for step in script["steps"].as_array().unwrap() {
            let (is, expected) = play.step(step);
            assert_eq!(is, expected, "{}: {step}", script["name"]);
        }
    }
}

struct Play {
    follower: Follower,
    beliefs: Beliefs,
    noted: HashMap<String, Noted>,
    marks: HashMap<String, Mark>,
}

impl Play {
    fn new(staleness: Duration) -> Self {
        let (follower, beliefs) = (Follower::default(), Beliefs::new(staleness));
        Self { follower, beliefs, noted: HashMap::new(), marks: HashMap::new() }
    }

    /// What is, and what should be.
    fn step(&mut self, step: &Value) -> (Value, Value) {
        let now = Duration::from_millis(step["at"].as_u64().unwrap());
        let text = |name: &str| step[name].as_str().map(str::to_owned);
        let subject =
            || Digest::of(Kind::named(&text("kind").unwrap()).unwrap(), &text("id").unwrap());
        let what = text("do").or(text("expect")).unwrap();
        let is: Value = match what.as_str() {
            "open" => {
                self.follower.open(now);
                return (true.into(), true.into());
            }
            "event" => {
                let event = Event {
                    kind: text("event").unwrap(),
                    id: text("id"),
                    data: text("data").unwrap(),
                };
                let broken = self.follower.take(&event, &self.beliefs, now).is_err();
                return (broken.into(), step["broken"].as_bool().unwrap_or(false).into());
            }
            "note" => {
                let noted = self.beliefs.note(now);
                let place = noted.place().map(str::to_owned);
                self.noted.insert(text("name").unwrap(), noted);
                return (place.into(), step["place"].clone());
            }
            "answer" => {
                let name = text("name").unwrap();
                let mark = self.beliefs.mark(&self.noted[&name], text("place").as_deref());
                self.marks.extend(mark.map(|mark| (name, mark)));
                return (mark.is_some().into(), step["remembered"].clone());
            }
            "fresh" => self.beliefs.are_fresh(now).into(),
            "ended" => self.beliefs.has_ended(&subject()).into(),
            "resume_from" => self.follower.resume_from().into(),
            "knows" => self.beliefs.knows(self.marks[&text("name").unwrap()], &subject()).into(),
            other => panic!("{other} is no step"),
        };
        (is, step["is"].clone())
    }
}
