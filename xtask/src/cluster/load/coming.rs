//! Sign-up, sign-in, and guests who turn out to be somebody.

use serde_json::json;

use super::Client;
use super::ask::Asked;
use super::person::{COOKIE, Carried, Held, Person, Tokens};
use crate::cluster::history::{Act, Name, Outcome};
use crate::http::Request;

impl Client {
    pub(super) fn sign_up(&mut self) {
        let name: Name = format!("{}@example.test", self.new_name("person")).into();
        let password = format!("a long password {}", self.random.next());
        let carry = self.some_carrier();
        let body = json!({"email": &*name, "password": password, "carry": carry});
        let door = self.some_door();
        let asked = self.ask(door, &Request::post("/api/v1/sign-up").json(&body));
        let held = held(&asked);
        let begins = held.as_ref().map(|held| held.sid.clone());
        let outcome = self.note(asked, Act::SignUp { user: name.clone(), begins }, 201);
        if outcome.may_be_done() {
            let is_known = outcome == Outcome::Acknowledged;
            let sessions = held.into_iter().collect();
            self.people.push(Person {
                name,
                password,
                is_known,
                is_unknown: false,
                sessions,
                writes: 0,
            });
        }
    }

    /// In a new browser or app, or in one where somebody is signed in already.
    pub(super) fn sign_in(&mut self) {
        let person = self.below(self.people.len());
        let door = self.some_door();
        let carry = self.some_carrier();
        let mut sessions = self.people[person].sessions.iter();
        let earlier = sessions.rfind(|held| held.is_by_cookie()).cloned();
        let earlier = earlier.filter(|_| carry == "cookie" && self.random.below(3) == 0);
        let request = self.sign_in_request(person, carry, earlier.as_ref());
        let asked = self.ask(door, &request);
        if let Some(earlier) = &earlier {
            self.has_ended(&earlier.sid);
        }
        self.signed_in(person, asked, earlier.as_ref());
    }

    /// Proves that the password is still known, in the last round.
    pub(super) fn prove(&mut self, door: usize, person: &Person) {
        let body =
            json!({"identifier": &*person.name, "password": person.password, "carry": "token"});
        let asked = self.ask(door, &Request::post("/api/v1/sign-in").json(&body));
        let begins = held(&asked).map(|held| held.sid);
        let act = Act::SignIn { user: person.name.clone(), instead_of: None, begins };
        self.note(asked, act, 200);
    }

    /// Somebody fills a cart, and then says who they are; sometimes with two clicks at once.
    pub(super) fn come_as_guest(&mut self) {
        let door = self.some_door();
        let request = Request::post("/api/v1/guest").json(&json!({"carry": "cookie"}));
        let asked = self.ask(door, &request);
        let guest = held(&asked);
        let begins = guest.as_ref().map(|held| held.sid.clone());
        self.note(asked, Act::BeginGuest { begins }, 201);
        let Some(guest) = guest else { return };
        let person = self.below(self.people.len());
        self.fill_cart(&guest, self.people[person].namespaces());
        let other = self.some_door();
        self.check(other, &guest);
        match self.random.below(4) {
            0 => self.guests.push(guest),
            1 => self.sign_in_twice(person, &guest),
            _ => {
                let request = self.sign_in_request(person, "cookie", Some(&guest));
                let asked = self.ask(other, &request);
                self.signed_in(person, asked, Some(&guest));
                self.over.push(guest);
            }
        }
        if self.guests.len() > super::PEOPLE {
            let guest = self.guests.remove(0);
            self.check(door, &guest);
        }
    }

    fn sign_in_twice(&mut self, person: usize, guest: &Held) {
        let (one, other) = self.two_doors();
        let request = self.sign_in_request(person, "cookie", Some(guest));
        let asked = self.race((one, &request), (other, &request));
        let begun: Vec<Held> = asked.iter().filter_map(held).collect();
        for asked in asked {
            self.signed_in(person, asked, Some(guest));
        }
        self.over.push(guest.clone());
        // One of them may have ended the other, so neither is believed in.
        if begun.len() == 2 {
            for held in &begun {
                self.has_ended(&held.sid);
            }
        }
    }

    fn sign_in_request(
        &self,
        person: usize,
        carry: &str,
        earlier: Option<&Held>,
    ) -> Request<'static> {
        let Person { name, password, .. } = &self.people[person];
        let body = json!({"identifier": &**name, "password": password, "carry": carry});
        let request = Request::post("/api/v1/sign-in").json(&body);
        match earlier {
            Some(earlier) => earlier.identified(request),
            None => request,
        }
    }

    fn signed_in(&mut self, person: usize, asked: Asked, earlier: Option<&Held>) {
        let held = held(&asked);
        let act = Act::SignIn {
            user: self.people[person].name.clone(),
            instead_of: earlier.map(|held| held.sid.clone()),
            begins: held.as_ref().map(|held| held.sid.clone()),
        };
        match self.note(asked, act, 200) {
            Outcome::Acknowledged => {
                self.people[person].is_known = true;
                self.people[person].sessions.extend(held);
            }
            // A sign-up that nobody acknowledged did not happen.
            Outcome::Refused(_) if !self.people[person].is_known => {
                self.people[person].is_unknown = true;
            }
            _ => {}
        }
    }

    fn some_carrier(&mut self) -> &'static str {
        if self.random.below(2) == 0 { "cookie" } else { "token" }
    }
}

/// The session that an answer began.
fn held(asked: &Asked) -> Option<Held> {
    let answer = asked.answer.as_ref()?;
    if !matches!(answer.status, 200 | 201) {
        return None;
    }
    let carried = match asked.cookie(COOKIE) {
        Some(cookie) => Carried::Cookie(cookie),
        None => Carried::Tokens(Tokens {
            access: asked.text("/access_token")?,
            since: asked.times.0,
            refresh: asked.text("/refresh_token")?,
            first_presented: None,
        }),
    };
    Some(Held { sid: asked.text("/session/sid")?.into(), carried })
}
