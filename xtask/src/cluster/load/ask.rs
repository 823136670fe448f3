//! Asking through a door, and how much an answer settles.

use std::sync::Arc;
use std::time::Duration;

use super::Place;
use crate::cluster::history::{Moment, Name, Outcome};
use crate::http::{Answer, Connection, Request};
use crate::stopwatch::Stopwatch;

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A connection for each door, kept where the server keeps it.
pub(super) struct Lines {
    place: Arc<Place>,
    watch: Arc<Stopwatch>,
    connections: Vec<Option<Connection>>,
}

pub(super) struct Asked {
    pub(super) door: Name,
    pub(super) times: (Moment, Moment),
    pub(super) answer: Option<Answer>,
    sent: bool,
    /// A balancer may have sent it to another node before, which did it and died before it could answer.
    may_be_second: bool,
}

impl Lines {
    pub(super) fn new(place: Arc<Place>, watch: Arc<Stopwatch>) -> Self {
        let connections = place.doors.iter().map(|_| None).collect();
        Self { place, watch, connections }
    }

    pub(super) fn ask(&mut self, door: usize, request: &Request<'_>) -> Asked {
        let from = self.watch.elapsed();
        let (answer, sent) = self.sent(door, request);
        let times = (from, self.watch.elapsed());
        let door = &self.place.doors[door];
        let may_be_second = !door.is_node && ["PUT", "DELETE"].contains(&request.method);
        Asked { door: door.name.clone(), times, answer, sent, may_be_second }
    }

    fn sent(&mut self, door: usize, request: &Request<'_>) -> (Option<Answer>, bool) {
        let port = self.place.doors[door].port;
        let mut connection = match self.connections[door].take() {
            Some(connection) => connection,
            None => match Connection::calling(&self.place.host, port, PATIENCE) {
                Ok(connection) => connection,
                Err(_) => return (None, false),
            },
        };
        let Ok(answer) = connection.send(request) else { return (None, true) };
        if answer.header("connection").is_none_or(|it| !it.eq_ignore_ascii_case("close")) {
            self.connections[door] = Some(connection);
        }
        (Some(answer), true)
    }
}

impl Asked {
    /// What the answer settles, where an acknowledgement has this status.
    pub(super) fn outcome(&self, good: u16) -> Outcome {
        match &self.answer {
            None if !self.sent => Outcome::Unsent,
            None => Outcome::Unknown,
            Some(answer) if answer.status == good => Outcome::Acknowledged,
            // What broke on the way may be done all the same.
            Some(answer) if answer.status >= 500 => Outcome::Unknown,
            // The second try finds what the first one did: nothing left to end, another version.
            Some(_) if self.may_be_second => Outcome::Unknown,
            Some(answer) => Outcome::Refused(code(answer)),
        }
    }

    /// The answer, where it is none that such a question may have.
    pub(super) fn strange(&self, good: u16) -> Option<String> {
        let answer = self.answer.as_ref()?;
        let is_strange = match answer.status {
            400 => &*code(answer) != "invalid_grant",
            401 | 404 | 409 | 410 | 412 | 429 | 502..=504 => false,
            status => status != good,
        };
        is_strange.then(|| format!("{answer:?}"))
    }

    /// A text in the answer's JSON, by its pointer.
    pub(super) fn text(&self, pointer: &str) -> Option<String> {
        let answer = self.answer.as_ref()?;
        Some(answer.json().pointer(pointer)?.as_str()?.to_owned())
    }

    /// A cookie that the answer sets, as a request would send it.
    pub(super) fn cookie(&self, name: &str) -> Option<String> {
        let set = self.answer.as_ref()?.headers.iter().filter(|(known, _)| known == "set-cookie");
        let mut pairs = set.filter_map(|(_, value)| value.split(';').next());
        let pair = pairs.find(|pair| {
            pair.strip_prefix(name).is_some_and(|rest| rest.len() > 1 && rest.starts_with('='))
        })?;
        Some(pair.to_owned())
    }
}

/// The name of a problem, or of an error of OAuth, or else the status.
fn code(answer: &Answer) -> Name {
    let json = answer.json();
    let named = ["code", "error"].iter().find_map(|member| json[*member].as_str());
    named.map_or_else(|| answer.status.to_string().into(), Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_settles_nothing_where_a_balancer_may_have_asked_before() {
        let asked = |status, may_be_second| {
            let answer = Some(Answer { status, headers: Vec::new(), body: Vec::new() });
            let times = (Moment::ZERO, Moment::ZERO);
            Asked { door: "a door".into(), times, answer, sent: true, may_be_second }
        };
        assert_eq!(asked(404, false).outcome(204), Outcome::Refused("404".into()));
        assert_eq!(asked(404, true).outcome(204), Outcome::Unknown);
        assert_eq!(asked(204, true).outcome(204), Outcome::Acknowledged);
    }
}
