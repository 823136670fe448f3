//! RFC 8936: a receiver comes, says what it has, and gets what waits.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Invalid, object};

/// The most that is given at once, whatever is asked for.
pub const MOST: usize = 100;

/// The most tokens that a request may acknowledge or complain of.
const ACKS: usize = 10_000;

/// What a receiver says and asks (§2.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Poll {
    /// At most so many; 0 where it only says what it has.
    pub max_events: usize,
    /// Whether it wants an answer at once.
    pub return_immediately: bool,
    /// The tokens it has.
    pub ack: Vec<String>,
    /// The tokens it cannot take, with what it says of each: a code and perhaps a sentence.
    pub set_errs: Vec<(String, String)>,
}

impl Poll {
    /// Reads one.
    pub fn read(body: &[u8]) -> Result<Self, Invalid> {
        let members = object(body)?;
        let max_events = match members.get("maxEvents") {
            None | Some(Value::Null) => MOST,
            Some(number) => {
                let number = number.as_u64().and_then(|number| usize::try_from(number).ok());
                number.ok_or(Invalid::new("maxEvents", "expected a number from 0"))?.min(MOST)
            }
        };
        let return_immediately = match members.get("returnImmediately") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(at_once)) => *at_once,
            Some(_) => return Err(Invalid::new("returnImmediately", "expected true or false")),
        };
        Ok(Self {
            max_events,
            return_immediately,
            ack: acknowledged(members.get("ack"))?,
            set_errs: refused(members.get("setErrs"))?,
        })
    }
}

/// What waits (§2.3).
#[derive(Clone, Debug, Default, Serialize)]
pub struct Polled {
    /// The tokens by their names.
    pub sets: Map<String, Value>,
    /// Whether more than these wait.
    #[serde(rename = "moreAvailable")]
    pub more_available: bool,
}

fn acknowledged(said: Option<&Value>) -> Result<Vec<String>, Invalid> {
    const EXPECTED: Invalid = Invalid::new("ack", "expected a list of the names of tokens");
    let Some(said) = said.filter(|said| !said.is_null()) else { return Ok(Vec::new()) };
    let all = said.as_array().filter(|all| all.len() <= ACKS).ok_or(EXPECTED)?;
    all.iter().map(|one| one.as_str().map(str::to_owned).ok_or(EXPECTED)).collect()
}

fn refused(said: Option<&Value>) -> Result<Vec<(String, String)>, Invalid> {
    const EXPECTED: Invalid =
        Invalid::new("setErrs", "expected the names of tokens, with an err for each");
    let Some(said) = said.filter(|said| !said.is_null()) else { return Ok(Vec::new()) };
    let all = said.as_object().filter(|all| all.len() <= ACKS).ok_or(EXPECTED)?;
    let read = |(jti, error): (&String, &Value)| {
        let code = error.get("err").and_then(Value::as_str).ok_or(EXPECTED)?;
        let sentence = error.get("description").and_then(Value::as_str).unwrap_or_default();
        Ok((jti.clone(), super::push::told(code, sentence)))
    };
    all.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: &Value) -> Result<Poll, Invalid> {
        Poll::read(value.to_string().as_bytes())
    }

    #[test]
    fn a_receiver_that_says_nothing_waits_for_all_it_can_get() {
        let poll = Poll {
            max_events: MOST,
            return_immediately: false,
            ack: Vec::new(),
            set_errs: Vec::new(),
        };
        assert_eq!(read(&json!({})), Ok(poll));
    }

    #[test]
    fn a_receiver_says_what_it_has_and_what_it_cannot_take() {
        let poll = read(&json!({
            "maxEvents": 0,
            "returnImmediately": true,
            "ack": ["one", "two"],
            "setErrs": { "three": { "err": "invalid_key", "description": "no such key" } },
        }))
        .unwrap();
        assert_eq!((poll.max_events, poll.return_immediately), (0, true));
        assert_eq!(poll.ack, ["one", "two"]);
        assert_eq!(poll.set_errs, [("three".to_owned(), "invalid_key: no such key".to_owned())]);
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_name() {
        for (value, member) in [
            (json!("{}"), "body"),
            (json!({ "maxEvents": -1 }), "maxEvents"),
            (json!({ "maxEvents": "10" }), "maxEvents"),
            (json!({ "returnImmediately": 1 }), "returnImmediately"),
            (json!({ "ack": "one" }), "ack"),
            (json!({ "ack": [1] }), "ack"),
            (json!({ "setErrs": ["one"] }), "setErrs"),
            (json!({ "setErrs": { "one": {} } }), "setErrs"),
        ] {
            assert_eq!(read(&value).unwrap_err().member, member, "{value}");
        }
    }
}
