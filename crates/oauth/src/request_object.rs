//! RFC 9101 §4, §5, §6, OpenID Connect Core 1.0 §6.1: a request as a token that the client signed.
//!
//! What stands beside such a token counts for nothing: the request is what was signed. It becomes the same parameters
//! as any other request and is held to the same checks. Only signatures are read, never `none`, by keys that the client
//! registered. Nothing here is encrypted, and keys are fetched elsewhere.
//!
//! Deviation: OpenID Connect Core §15.2 has servers with dynamic registration accept an unsigned object behind a
//! `request_uri`. Whoever can write there could then speak as the client.

use cloakroom_jose::{Algorithm, Algorithms, Error as TokenError, Expectations, Jwks, TrustedKeys};
use cloakroom_model::client::Client;
use cloakroom_model::time::Timestamp;
use serde_json::{Map, Value};

use crate::error::{Code, Error};
use crate::form::Form;
use crate::replay::Mark;

/// The `typ` that such tokens have by now (RFC 9101 §10.8). Older ones have `JWT` or none.
pub const TYP: &str = "oauth-authz-req+jwt";

/// What they may be signed with.
pub const ALGORITHMS: Algorithms = Algorithms::ASYMMETRIC;

/// The longest time between `nbf` and now, and between now and `exp`, in seconds.
const LONGEST_SECONDS: u64 = 60 * 60;

/// By how much two clocks may differ, in seconds.
const LEEWAY_SECONDS: u32 = 10;

/// Claims that are about the token and are no parameters.
const OWN: &[&str] = &["iss", "aud", "sub", "exp", "nbf", "iat", "jti"];

/// A request that its client signed.
#[derive(Debug)]
pub struct RequestObject {
    /// What it says, as parameters.
    pub form: Form,
    /// What it is recognised by when it comes again, where it has a name (`jti`).
    pub mark: Option<Mark>,
}

/// How much such a token must say about its time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Times {
    /// What is there must hold.
    WhereSaid,
    /// It must say from when and until when it holds (FAPI 2.0 Message Signing §5.3.1).
    Required,
}

impl RequestObject {
    /// Whether `object` could be a request by `client`, for `issuer`, at `now` in seconds since 1970, if only there was a key
    /// for it: what is asked before keys are fetched. Nothing is proved.
    pub fn could_be(
        object: &str,
        client: &Client,
        accept: Algorithms,
        issuer: &str,
        now: u64,
    ) -> Result<(), Error> {
        let expect = expectations(client, algorithms(client)?.and(accept), issuer);
        match expect.could_be_met_by(object, now) {
            Err(TokenError::Type) => expect.untyped().could_be_met_by(object, now),
            seen => seen,
        }
        .map_err(refusal)
    }

    /// Verifies `object`, signed with one of `accept`, by the `keys` of the client, at `now` in seconds since 1970, and reads
    /// what it says.
    pub fn verify(
        object: &str,
        client: &Client,
        keys: &Jwks,
        accept: Algorithms,
        issuer: &str,
        times: Times,
        now: u64,
    ) -> Result<Self, Error> {
        let accept = algorithms(client)?.and(accept);
        let trusted = TrustedKeys::new(keys.verifying_keys(accept).flatten())
            .map_err(|problem| invalid(problem.to_string()))?;
        let expect = expectations(client, accept, issuer);
        let verified = match trusted.verify::<Map<String, Value>>(object, &expect, now) {
            // The type is compared before anything is computed, so this costs nothing.
            Err(TokenError::Type) => trusted.verify(object, &expect.untyped(), now),
            verified => verified,
        };
        let claims = verified.map_err(refusal)?.into_claims();
        hold(&claims, times, now)?;
        // RFC 9101 §5: whose request it is must be the same outside and inside.
        if claims.get("client_id").is_some_and(|id| id != client.id.as_str()) {
            return Err(invalid("client_id is another than that of the client who signed"));
        }
        // RFC 9101 §4: a request is not inside a request.
        if claims.contains_key("request") || claims.contains_key("request_uri") {
            return Err(invalid("a request object has another inside"));
        }
        let mark = claims.get("jti").and_then(Value::as_str).map(|jti| {
            let until = seconds(&claims, "exp").unwrap_or(now + LONGEST_SECONDS);
            let until = i64::try_from(until + u64::from(LEEWAY_SECONDS)).unwrap_or(i64::MAX);
            Mark::of("request object", client.id.as_str(), jti, Timestamp::from_seconds(until))
        });
        Ok(Self { form: parameters(claims)?, mark })
    }
}

fn expectations(client: &Client, accept: Algorithms, issuer: &str) -> Expectations {
    Expectations::new(client.id.as_str(), issuer, TYP)
        .algorithms(accept)
        .leeway_seconds(LEEWAY_SECONDS)
        .expiry_optional()
        .key_id_optional()
}

/// The algorithms that the client signs with.
fn algorithms(client: &Client) -> Result<Algorithms, Error> {
    let Some(name) = &client.registration.requests.algorithm else { return Ok(ALGORITHMS) };
    let registered: Option<Algorithm> = name.parse().ok();
    match registered {
        Some(algorithm) if ALGORITHMS.contains(algorithm) => Ok(algorithm.into()),
        _ => Err(Code::RequestNotSupported.into()),
    }
}

/// No request is kept for long, in a drawer or by a thief.
fn hold(claims: &Map<String, Value>, times: Times, now: u64) -> Result<(), Error> {
    let (from, until) = (seconds(claims, "nbf"), seconds(claims, "exp"));
    if times == Times::Required && (from.is_none() || until.is_none()) {
        return Err(invalid(
            "the request object must say from when (nbf) and until when (exp) it holds",
        ));
    }
    let longest = LONGEST_SECONDS + u64::from(LEEWAY_SECONDS);
    if from.is_some_and(|from| from.saturating_add(longest) < now) {
        return Err(invalid("the request object is from more than an hour ago (nbf)"));
    }
    if until.is_some_and(|until| until > now.saturating_add(longest)) {
        return Err(invalid("the request object holds for more than an hour (exp)"));
    }
    Ok(())
}

/// A time that `jose` has read before, which has seen that it is a number.
fn seconds(claims: &Map<String, Value>, name: &str) -> Option<u64> {
    let value = claims.get(name)?;
    value.as_u64().or_else(|| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast from a float keeps within what the whole number can be"
        )]
        value.as_f64().map(|seconds| seconds as u64)
    })
}

/// RFC 9101 §4: texts as they are, numbers as texts, and JSON where a parameter is JSON.
fn parameters(claims: Map<String, Value>) -> Result<Form, Error> {
    let mut pairs = Vec::new();
    for (name, value) in claims.into_iter().filter(|(name, _)| !OWN.contains(&name.as_str())) {
        match value {
            Value::String(text) => pairs.push((name, text)),
            Value::Number(number) => pairs.push((name, number.to_string())),
            Value::Array(values) if name == "resource" => {
                for value in values {
                    let Value::String(text) = value else {
                        return Err(invalid("resource must be a text or an array of texts"));
                    };
                    pairs.push((name.clone(), text));
                }
            }
            json @ Value::Object(_) if name == "claims" => pairs.push((name, json.to_string())),
            json @ Value::Array(_) if name == "authorization_details" => {
                pairs.push((name, json.to_string()));
            }
            // What is no parameter of ours is ignored here as it is anywhere.
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {}
        }
    }
    Form::of(pairs).map_err(|problem| invalid(problem.to_string()))
}

fn refusal(error: TokenError) -> Error {
    match error {
        // OpenID Connect Core §3.1.2.6: an unsigned one is not wrong, it is not supported.
        TokenError::AlgorithmUnknown => Error::new(
            Code::RequestNotSupported,
            "the request object's algorithm is not supported; it must be signed",
        ),
        other => invalid(other.to_string()),
    }
}

fn invalid(why: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Code::InvalidRequestObject, why)
}

#[cfg(test)]
mod tests;
