//! Ends, and how fast every node knows of them.

use std::thread;
use std::time::Duration;

use serde_json::json;

use super::Client;
use super::person::{Carried, Held};
use crate::cluster::history::{Act, Onto, Outcome};
use crate::http::Request;

/// How long a node is asked again and again whether it has heard, and how often.
const FOLLOWED: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_millis(5);

impl Client {
    /// Has every node remember a session, ends it by one of the ways there are, and asks each node until it refuses.
    pub(super) fn end_and_follow(&mut self) {
        let now = self.now();
        let Some((person, session)) = self.some_session(|held| held.is_usable(now)) else { return };
        let held = self.people[person].sessions[session].clone();
        for node in self.nodes() {
            if self.check(node, &held) == Some(false) {
                self.has_ended(&held.sid);
                return;
            }
        }
        let door = self.some_door();
        let outcome = self.end(door, person, session);
        if outcome == Outcome::Acknowledged {
            self.follow(door, &held);
        }
    }

    fn end(&mut self, door: usize, person: usize, session: usize) -> Outcome {
        let held = self.people[person].sessions[session].clone();
        let mut sessions = self.people[person].sessions.iter();
        let another = sessions.find(|it| it.sid != held.sid && it.is_by_cookie()).cloned();
        let way = self.random.below(5);
        let (asked, act, good) = match (way, another) {
            (0, _) => {
                let request = Request::new("DELETE", "/api/v1/sessions?all=true");
                let user = self.people[person].name.clone();
                let act = Act::SignOutEverywhere { by: held.sid.clone(), user };
                (self.ask(door, &held.identified(request)), act, 200)
            }
            (1, Some(another)) => {
                let path = format!("/api/v1/sessions/{}", held.sid);
                let asked = self.ask(door, &another.identified(Request::new("DELETE", &path)));
                (asked, Act::EndDevice { session: held.sid.clone() }, 204)
            }
            (2, _) => {
                let path = format!("/api/v1/admin/sessions/{}", held.sid);
                let request = Request::new("DELETE", &path);
                let request = request.header("cookie", self.place.administrator.as_str());
                let asked = self.ask(door, &request);
                (asked, Act::EndDevice { session: held.sid.clone() }, 204)
            }
            _ => {
                let asked = self.ask(door, &held.identified(Request::post("/api/v1/sign-out")));
                (asked, Act::SignOut { session: held.sid.clone() }, 204)
            }
        };
        let everywhere = matches!(act, Act::SignOutEverywhere { .. });
        let outcome = self.note(asked, act, good);
        if outcome.may_be_done() && everywhere {
            self.all_are_over(person);
        } else if outcome != Outcome::Unsent {
            self.has_ended(&held.sid);
        }
        outcome
    }

    /// Asks each other node until it refuses, and notes how long that took.
    fn follow(&mut self, door: usize, held: &Held) {
        let acknowledged = self.now();
        let mut waiting = self.nodes();
        waiting.retain(|node| *node != door);
        while !waiting.is_empty() && self.now() < acknowledged + FOLLOWED {
            for node in waiting.clone() {
                match self.check(node, held) {
                    Some(false) => {
                        self.delays.push(self.now().saturating_sub(acknowledged));
                        waiting.retain(|it| *it != node);
                    }
                    Some(true) => {}
                    // A node that does not answer tells nothing of how fast it hears.
                    None => waiting.retain(|it| *it != node),
                }
            }
            thread::sleep(POLL);
        }
    }

    /// Signs out while another request of the same session makes something that lasts.
    pub(super) fn end_while_used(&mut self) {
        let now = self.now();
        let Some((person, session)) = self.some_session(|held| held.is_usable(now)) else { return };
        let held = self.people[person].sessions[session].clone();
        let (one, other) = self.two_doors();
        let sign_out = held.identified(Request::post("/api/v1/sign-out"));
        let sid = held.sid.clone();
        let (ended, used) = match &held.carried {
            Carried::Tokens(tokens) => {
                let refresh = super::tokens::refresh_request(tokens);
                let [ended, used] = self.race((one, &sign_out), (other, &refresh));
                let first_presented = tokens.first_presented.unwrap_or(used.times.0);
                let act = Act::Refresh { session: sid.clone(), first_presented };
                (ended, (used, act))
            }
            Carried::Cookie(_) => {
                let document = self.people[person].present();
                let path = super::writing::path(&document);
                let key = self.new_name("k");
                let request = Request::new("PATCH", &path).json(&json!({&*key: 1}));
                let [ended, used] = self.race((one, &sign_out), (other, &held.identified(request)));
                self.people[person].writes += 1;
                let saw = super::writing::answered(&used);
                let by = sid.clone();
                let act = Act::Write { document, by, key, onto: Onto::Latest, saw };
                (ended, (used, act))
            }
        };
        self.note(ended, Act::SignOut { session: sid.clone() }, 204);
        self.note(used.0, used.1, 200);
        self.has_ended(&sid);
    }
}
