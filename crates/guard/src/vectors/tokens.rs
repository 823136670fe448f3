//! `tests/vectors/tokens.json`.

use cloakroom_jose::{Algorithms, Jwks, TrustedKeys};
use http::{HeaderMap, HeaderValue, Method, Uri};
use serde::Deserialize;
use serde_json::Value;

use super::Hands;
use crate::guard::{Head, Question, Recalled, Shared};
use crate::identity::{Carrier, Identity};
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::subject::{Digest, Kind};

const FILE: &str = include_str!("../../../../tests/vectors/tokens.json");

#[derive(Deserialize)]
struct Vectors {
    issuer: String,
    audiences: Vec<String>,
    origin: String,
    leeway_seconds: u32,
    jwks: Value,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    now: u64,
    scheme: String,
    token: String,
    method: Option<String>,
    url: Option<String>,
    proof: Option<String>,
    #[serde(default)]
    feed: Feed,
    identity: Option<Value>,
    refused: Option<String>,
}

#[derive(Default, Deserialize)]
struct Feed {
    #[serde(default)]
    ended: Vec<Subject>,
    #[serde(default)]
    changed: Vec<Subject>,
}

#[derive(Deserialize)]
struct Subject {
    kind: String,
    id: String,
}

impl Subject {
    fn digest(&self) -> Digest {
        Digest::of(Kind::named(&self.kind).unwrap(), &self.id)
    }
}

#[test]
fn every_token_is_taken_or_refused_as_the_vectors_say() {
    let vectors: Vectors = serde_json::from_str(FILE).unwrap();
    let wrong: Vec<String> =
        vectors.cases.iter().filter_map(|case| vectors.complaint(case)).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), vectors.cases.len(), wrong.join("\n"));
    assert!(vectors.cases.len() >= 100, "only {} cases", vectors.cases.len());
}

impl Vectors {
    /// Asked twice: what was remembered says the same as what was verified.
    fn complaint(&self, case: &Case) -> Option<String> {
        let shared = self.guard(case);
        let expected = case.identity.clone().map_or_else(|| Err(case.refused.clone().unwrap()), Ok);
        let (first, second) = (self.outcome(&shared, case), self.outcome(&shared, case));
        if first != expected {
            return Some(format!("{}: {first:?} instead of {expected:?}", case.name));
        }
        // A proof counts once.
        let again = if case.proof.is_some() && expected.is_ok() {
            Err("proof".to_owned())
        } else {
            expected
        };
        (second != again).then(|| format!("{}, again: {second:?}", case.name))
    }

    fn guard(&self, case: &Case) -> Shared {
        let settings = Settings::new(&self.issuer, &self.audiences[0])
            .or_audience(&self.audiences[1])
            .origin(&self.origin)
            .service("api", "secret")
            .leeway_seconds(self.leeway_seconds)
            .clock(Hands::at(case.now));
        let shared = Shared::new(settings).unwrap();
        let set = Jwks::from_json(self.jwks.to_string().as_bytes()).unwrap();
        let keys = set.verifying_keys(Algorithms::ASYMMETRIC).map(Result::unwrap);
        shared.provider.keys.ring().replace(TrustedKeys::new(keys).unwrap());
        let (beliefs, now) = (&shared.beliefs, shared.provider.clock().steady());
        case.feed.ended.iter().for_each(|subject| beliefs.end(subject.digest(), u64::MAX, now));
        case.feed
            .changed
            .iter()
            .for_each(|subject| beliefs.change(subject.digest(), u64::MAX, now));
        beliefs.publish(None, now);
        beliefs.heard(now);
        shared
    }

    fn outcome(&self, shared: &Shared, case: &Case) -> Result<Value, String> {
        let mut headers = HeaderMap::new();
        let token = format!("{} {}", case.scheme, case.token);
        headers.insert("authorization", HeaderValue::try_from(token).unwrap());
        if let Some(proof) = &case.proof {
            headers.insert("dpop", HeaderValue::try_from(proof).unwrap());
        }
        let method: Method = case.method.as_deref().unwrap_or("GET").parse().unwrap();
        let url = case.url.as_deref().unwrap_or(&self.origin).strip_prefix(&self.origin).unwrap();
        let uri: Uri = if url.is_empty() { "/" } else { url }.parse().unwrap();
        match shared.recall(Head { method: &method, uri: &uri, headers: &headers }) {
            Recalled::Done(Ok(identity)) => Ok(written(&identity.unwrap())),
            Recalled::Done(Err(refusal)) => Err(reason(&refusal)),
            Recalled::Ask(Question::Keys) => Err("unknown_key".to_owned()),
            Recalled::Ask(Question::Token(_)) => Err("ask".to_owned()),
            Recalled::Ask(Question::Cookie) => panic!("there is no cookie"),
        }
    }
}

fn reason(refusal: &Refusal) -> String {
    match refusal {
        Refusal::InvalidToken(fault) => fault.name(),
        Refusal::TokenRevoked => "revoked",
        Refusal::InvalidProof(_) => "proof",
        other => other.code(),
    }
    .to_owned()
}

fn written(identity: &Identity) -> Value {
    serde_json::json!({
        "user": identity.user(),
        "session": identity.session(),
        "client": identity.client(),
        "scopes": identity.scopes().collect::<Vec<_>>(),
        "roles": identity.roles().collect::<Vec<_>>(),
        "acr": identity.acr(),
        "amr": identity.amr().collect::<Vec<_>>(),
        "authenticated_at": identity.authenticated_at(),
        "carrier": match identity.carrier() {
            Carrier::Cookie => "cookie",
            Carrier::Bearer => "bearer",
            Carrier::Dpop => "dpop",
        },
        "expires_at": identity.expires_at(),
    })
}
