//! SSF 1.0 §8.1.1: a stream's configuration, as its receiver sends it and as it is answered.

use cloakroom_model::stream::{Delivery, Stream};
use serde::Serialize;
use serde_json::{Map, Value, json};
use url::Url;

use super::event::{SUPPORTED, types};
use super::metadata::path;
use super::{Invalid, POLL, PUSH, object, stream_id, text};

/// The longest description that is kept, in bytes.
const DESCRIPTION: usize = 1000;

/// The longest address that is posted to, in bytes.
const ENDPOINT: usize = 2000;

/// The longest value of `Authorization` that is sent along, in bytes.
const AUTHORIZATION: usize = 4000;

/// The most types of event that a receiver may name.
const TYPES: usize = 100;

/// What a receiver wants of a stream.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wish {
    /// How it wants to be told; `None` where it does not say.
    pub delivery: Option<Method>,
    /// The types of event it asks for; `None` where it does not say.
    pub events_requested: Option<Vec<String>>,
    /// What it says of the stream; `None` where it says nothing.
    pub description: Option<String>,
}

/// How a receiver wants to be told.
#[derive(Clone, Eq, PartialEq)]
pub enum Method {
    /// It comes and asks.
    Poll,
    /// It is posted to.
    Push {
        /// Where.
        endpoint: String,
        /// With what in `Authorization`.
        authorization: Authorization,
    },
}

/// What is to stand in `Authorization`.
#[derive(Clone, Eq, PartialEq)]
pub enum Authorization {
    /// Nothing is said of it.
    Unsaid,
    /// Nothing is to stand there.
    None,
    /// This secret.
    Secret(String),
}

impl std::fmt::Debug for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Poll => f.write_str("Poll"),
            Self::Push { endpoint, authorization } => {
                let mut push = f.debug_struct("Push");
                push.field("endpoint", endpoint).field("authorization", authorization).finish()
            }
        }
    }
}

impl std::fmt::Debug for Authorization {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unsaid => "Unsaid",
            Self::None => "None",
            Self::Secret(_) => "Secret(…)",
        })
    }
}

/// A request to change or replace a stream.
#[derive(Clone, Debug)]
pub struct Change {
    /// Which stream.
    pub stream_id: String,
    /// What is wanted of it.
    pub wish: Wish,
    /// The members of the request, which say how the receiver believes the stream to be.
    members: Map<String, Value>,
}

impl Wish {
    /// Reads a request for a stream (§8.1.1.1).
    pub fn read(body: &[u8]) -> Result<Self, Invalid> {
        Self::of(&object(body)?)
    }

    fn of(members: &Map<String, Value>) -> Result<Self, Invalid> {
        Ok(Self {
            delivery: delivery(members.get("delivery"))?,
            events_requested: events(members.get("events_requested"))?,
            description: text(members, "description", DESCRIPTION)?,
        })
    }
}

impl Change {
    /// Reads a request to change a stream (§8.1.1.3) or to replace it (§8.1.1.4).
    pub fn read(body: &[u8]) -> Result<Self, Invalid> {
        let members = object(body)?;
        Ok(Self { stream_id: stream_id(&members)?, wish: Wish::of(&members)?, members })
    }

    /// Whether a member stands in the request, null or not.
    #[must_use]
    pub fn names(&self, member: &str) -> bool {
        self.members.contains_key(member)
    }

    /// Refuses a request whose receiver believes that what the transmitter supplies is something else.
    pub fn agrees(&self, present: &Configuration<'_>) -> Result<(), Invalid> {
        const OTHER: &str = "expected what the transmitter says, or nothing";
        let differs = |member: &'static str, value: Value| {
            self.members.get(member).is_some_and(|said| !said.is_null() && *said != value)
        };
        for (member, value) in [("iss", json!(present.iss)), ("aud", json!(present.aud))] {
            if differs(member, value) {
                return Err(Invalid::new(member, OTHER));
            }
        }
        for (member, types) in [
            ("events_supported", &present.events_supported),
            ("events_delivered", &present.events_delivered),
        ] {
            let said = self.members.get(member).filter(|said| !said.is_null());
            if said.is_some_and(|said| !are_these(said, types)) {
                return Err(Invalid::new(member, OTHER));
            }
        }
        // The place to poll at is the transmitter's to say.
        let said = self.members.get("delivery").and_then(|delivery| delivery.get("endpoint_url"));
        let polls = matches!(self.wish.delivery, Some(Method::Poll));
        match said.filter(|said| polls && !said.is_null()) {
            Some(said) if *said != json!(present.poll_endpoint) => {
                Err(Invalid::new("delivery", OTHER))
            }
            _ => Ok(()),
        }
    }
}

/// A stream's configuration, as it is answered. What stands in `Authorization` is not told again.
#[derive(Clone, Debug, Serialize)]
pub struct Configuration<'a> {
    stream_id: String,
    iss: &'a str,
    aud: &'a str,
    delivery: Told<'a>,
    events_supported: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events_requested: Option<&'a [String]>,
    events_delivered: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip)]
    poll_endpoint: String,
}

#[derive(Clone, Debug, Serialize)]
struct Told<'a> {
    method: &'static str,
    endpoint_url: std::borrow::Cow<'a, str>,
}

impl<'a> Configuration<'a> {
    /// That of a stream of this issuer.
    #[must_use]
    pub fn of(issuer: &'a str, stream: &'a Stream) -> Self {
        let poll_endpoint = format!("{}{}/{}", issuer.trim_end_matches('/'), path::POLL, stream.id);
        let delivery = match &stream.delivery {
            Delivery::Poll => Told { method: POLL, endpoint_url: poll_endpoint.clone().into() },
            Delivery::Push { endpoint, .. } => {
                Told { method: PUSH, endpoint_url: endpoint.as_str().into() }
            }
        };
        Self {
            stream_id: stream.id.to_string(),
            iss: issuer,
            aud: stream.client.as_str(),
            delivery,
            events_supported: SUPPORTED.to_vec(),
            events_requested: stream.events_requested.as_deref(),
            events_delivered: types(stream.wants),
            description: stream.description.as_deref(),
            poll_endpoint,
        }
    }
}

fn delivery(said: Option<&Value>) -> Result<Option<Method>, Invalid> {
    let Some(said) = said.filter(|said| !said.is_null()) else { return Ok(None) };
    let members = said.as_object().ok_or(Invalid::new("delivery", "expected an object"))?;
    match members.get("method").and_then(Value::as_str) {
        Some(POLL) => Ok(Some(Method::Poll)),
        Some(PUSH) => {
            let endpoint = text(members, "endpoint_url", ENDPOINT)?;
            let endpoint = endpoint.filter(|endpoint| can_be_posted_to(endpoint));
            let endpoint = endpoint.ok_or(Invalid::new("endpoint_url", "expected an https URL"))?;
            let authorization = if members.contains_key("authorization_header") {
                authorization(text(members, "authorization_header", AUTHORIZATION)?)?
            } else {
                Authorization::Unsaid
            };
            Ok(Some(Method::Push { endpoint, authorization }))
        }
        _ => Err(Invalid::new("delivery", "expected one of the methods that are supported")),
    }
}

fn authorization(said: Option<String>) -> Result<Authorization, Invalid> {
    let Some(secret) = said.filter(|secret| !secret.is_empty()) else {
        return Ok(Authorization::None);
    };
    let is_printable = secret.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if is_printable && secret.trim() == secret {
        Ok(Authorization::Secret(secret))
    } else {
        Err(Invalid::new("authorization_header", "expected printable ASCII"))
    }
}

fn can_be_posted_to(endpoint: &str) -> bool {
    Url::parse(endpoint).is_ok_and(|url| {
        let names_nobody = url.username().is_empty() && url.password().is_none();
        url.scheme() == "https" && url.has_host() && url.fragment().is_none() && names_nobody
    })
}

fn events(said: Option<&Value>) -> Result<Option<Vec<String>>, Invalid> {
    let Some(said) = said.filter(|said| !said.is_null()) else { return Ok(None) };
    let all = said.as_array().filter(|all| all.len() <= TYPES);
    let texts = all.and_then(|all| {
        let texts =
            all.iter().map(|one| Some(one.as_str().filter(|it| it.len() <= 500)?.to_owned()));
        texts.collect::<Option<Vec<_>>>()
    });
    let expected = Invalid::new("events_requested", "expected a list of types of event");
    texts.map(Some).ok_or(expected)
}

/// Whether a list has exactly these texts, in whichever order.
fn are_these(said: &Value, types: &[&str]) -> bool {
    let Some(said) = said.as_array() else { return false };
    said.len() == types.len()
        && said.iter().all(|one| one.as_str().is_some_and(|one| types.contains(&one)))
}

#[cfg(test)]
mod tests {
    use cloakroom_model::id::{ClientId, StreamId};
    use cloakroom_model::stream::Status;
    use cloakroom_model::time::Timestamp;

    use super::super::event::wanted;
    use super::*;

    fn stream(delivery: Delivery) -> Stream {
        let events_requested = Some(vec![SUPPORTED[0].to_owned(), "other".to_owned()]);
        Stream {
            id: StreamId::new(Timestamp(1_700_000_000_000), [7; 10]),
            client: ClientId::parse("warehouse").unwrap(),
            delivery,
            wants: wanted(events_requested.as_deref()),
            events_requested,
            description: None,
            status: Status::Enabled,
            reason: None,
            created_at: Timestamp(1),
        }
    }

    fn read(wish: &Value) -> Result<Wish, Invalid> {
        Wish::read(wish.to_string().as_bytes())
    }

    #[test]
    fn a_stream_is_asked_for_with_all_that_can_be_said() {
        let nothing = Wish { delivery: None, events_requested: None, description: None };
        assert_eq!(read(&json!({})), Ok(nothing));
        let wish = read(&json!({
            "delivery": {
                "method": PUSH,
                "endpoint_url": "https://app.example/events",
                "authorization_header": "Bearer one",
            },
            "events_requested": [SUPPORTED[1]],
            "description": "ours",
            "format": "something of another version",
        }))
        .unwrap();
        let delivery = wish.delivery.clone().unwrap();
        assert!(matches!(
            &delivery,
            Method::Push { endpoint, authorization: Authorization::Secret(secret) }
                if endpoint == "https://app.example/events" && secret == "Bearer one"
        ));
        assert_eq!(wish.events_requested, Some(vec![SUPPORTED[1].to_owned()]));
        assert!(!format!("{wish:?}").contains("one"), "{wish:?}");
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_name() {
        let push = |endpoint: &str| json!({ "method": PUSH, "endpoint_url": endpoint });
        for (wish, member) in [
            (json!([]), "body"),
            (json!({ "delivery": "urn:ietf:rfc:8936" }), "delivery"),
            (json!({ "delivery": { "method": "urn:example:pigeon" } }), "delivery"),
            (json!({ "delivery": { "method": PUSH } }), "endpoint_url"),
            (json!({ "delivery": push("http://app.example/events") }), "endpoint_url"),
            (json!({ "delivery": push("https://ada:secret@app.example/") }), "endpoint_url"),
            (json!({ "delivery": push("/events") }), "endpoint_url"),
            (json!({ "events_requested": "all" }), "events_requested"),
            (json!({ "events_requested": [1] }), "events_requested"),
            (json!({ "description": 1 }), "description"),
            (
                json!({ "delivery": {
                    "method": PUSH, "endpoint_url": "https://app.example/", "authorization_header": "a\nb",
                } }),
                "authorization_header",
            ),
        ] {
            assert_eq!(read(&wish).unwrap_err().member, member, "{wish}");
        }
        for body in [&b"{"[..], b"", b"{\"description\": \"a\", \"description\": \"b\"}"] {
            assert_eq!(Wish::read(body).unwrap_err().member, "body");
        }
    }

    #[test]
    fn a_configuration_never_shows_the_header() {
        let sealed = cloakroom_model::stream::SealedHeader { data_key: 1, sealed: "x".into() };
        let endpoint = "https://app.example/events".to_owned();
        let pushed = stream(Delivery::Push { endpoint, authorization: Some(sealed) });
        let told = Configuration::of("https://id.example", &pushed);
        assert_eq!(
            serde_json::to_value(&told).unwrap(),
            json!({
                "stream_id": "018bcfe5-6800-7707-8707-070707070707",
                "iss": "https://id.example",
                "aud": "warehouse",
                "delivery": { "method": PUSH, "endpoint_url": "https://app.example/events" },
                "events_supported": SUPPORTED,
                "events_requested": [SUPPORTED[0], "other"],
                "events_delivered": [SUPPORTED[0]],
            })
        );
    }

    #[test]
    fn who_changes_a_stream_believes_what_the_transmitter_says() {
        let polled = stream(Delivery::Poll);
        let present = Configuration::of("https://id.example", &polled);
        let mut body = serde_json::to_value(&present).unwrap();
        let poll = "https://id.example/ssf/poll/018bcfe5-6800-7707-8707-070707070707";
        assert_eq!(body["delivery"]["endpoint_url"], poll);
        let change = |body: &Value| Change::read(body.to_string().as_bytes()).unwrap();
        assert_eq!(change(&body).agrees(&present), Ok(()));
        for (member, value) in [
            ("iss", json!("https://other.example")),
            ("aud", json!("other")),
            ("events_delivered", json!([])),
            ("events_supported", json!([SUPPORTED[0]])),
            ("delivery", json!({ "method": POLL, "endpoint_url": "https://other.example/" })),
        ] {
            let before = std::mem::replace(&mut body[member], value);
            assert_eq!(change(&body).agrees(&present).unwrap_err().member, member);
            body[member] = before;
        }
        assert!(change(&body).names("iss"));
        assert!(!change(&body).names("description"));
        let nameless = Change::read(b"{}").unwrap_err();
        assert_eq!(nameless.member, "stream_id");
    }
}
