//! RFC 6749 §4.1 with PKCE (RFC 7636), `state`, `nonce` and `iss` (RFC 9207): the way to the sign-in and back.
//!
//! What must be the same on the way back is sealed into a cookie of the browser that left: nobody else can bring a code
//! here, and nothing is kept for people who never come back. Each way has a cookie of its own, so that tabs do not disturb
//! each other.

use std::sync::Arc;

use cloakroom_jose::base64url;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use url::{Url, form_urlencoded};

use super::randomness::{self, Randomness};
use super::sealed::Seal;
use super::set_cookie::Cookies;
use super::settings::Settings;
use crate::cookie;
use crate::digest::sha256;

/// How long somebody may take at the sign-in, in seconds.
const LIVES: u64 = 600;

/// So many ways are open at once in one browser; the others begin anew.
const OPEN: usize = 4;

/// A cookie with the longest way back.
const LONGEST_COOKIE: usize = 4096;

/// What somebody left with.
#[derive(Deserialize, Serialize)]
pub(super) struct Flow {
    state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
    /// A path on this host.
    pub(super) return_to: String,
    pub(super) asked: Asked,
    /// The second until which they may come back.
    until: u64,
}

/// What more is asked of the sign-in (RFC 9470 §4).
#[derive(Clone, Default, Deserialize, Serialize)]
pub(super) struct Asked {
    /// How old the proof of who they are may be, in seconds.
    pub(super) max_age: Option<u64>,
    /// Of which kind it must be: one of these words.
    pub(super) acr_values: Option<String>,
}

/// Where the browser is sent, and what it takes along.
pub(super) struct Departure {
    pub(super) location: String,
    pub(super) cookies: Vec<HeaderValue>,
}

/// What came back.
pub(super) struct Arrival {
    /// Takes the way's cookie back, where this browser left by it: a way is gone once.
    pub(super) over: Option<HeaderValue>,
    pub(super) outcome: Result<(Flow, String), Lost>,
}

/// Why nobody is signed in by an answer.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Lost {
    /// Somebody else's way, an old one, or one that was gone already: a code that comes along is not looked at.
    #[error("This browser did not leave for the sign-in, or too long ago.")]
    NotLeft,
    #[error("The answer is another issuer's.")]
    AnotherIssuer,
    #[error("The sign-in was answered: {0}.")]
    Answered(String),
}

/// The ways of one client.
pub(super) struct Flows {
    seal: Seal,
    cookies: Cookies,
    prefix: String,
    random: Arc<dyn Randomness>,
}

impl Flows {
    pub(super) fn new(settings: &Settings) -> Self {
        let cookies = Cookies { https: settings.is_https() };
        Self {
            seal: Seal::new(settings.client.secret.as_bytes(), "relying party flow"),
            cookies,
            prefix: cookies.name(&format!("{}-flow-", settings.cookie_name)),
            random: Arc::clone(&settings.randomness),
        }
    }

    /// Sends somebody to the sign-in at `endpoint`. `now` is the second since 1970.
    pub(super) fn begin(
        &self,
        headers: &HeaderMap,
        mut endpoint: Url,
        settings: &Settings,
        (return_to, asked): (String, Asked),
        now: u64,
    ) -> Departure {
        let random = &*self.random;
        let [state, nonce, verifier] = std::array::from_fn(|_| randomness::text(random));
        let mut query = endpoint.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &settings.client.client_id)
            .append_pair("redirect_uri", &redirect_uri(settings))
            .append_pair("scope", &settings.scope)
            .append_pair("state", &state)
            .append_pair("nonce", &nonce)
            .append_pair("code_challenge", &base64url::encode(&sha256(verifier.as_bytes())))
            .append_pair("code_challenge_method", "S256");
        let max_age = asked.max_age.map(|age| age.to_string());
        let further = [
            ("resource", &settings.resource),
            ("max_age", &max_age),
            ("acr_values", &asked.acr_values),
        ];
        for (name, value) in further {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        drop(query);
        let name = self.name(&state);
        let flow = Flow { state, nonce, verifier, return_to, asked, until: now + LIVES };
        // Texts and numbers always become JSON.
        let text = serde_json::to_vec(&flow).unwrap_or_default();
        let sealed = base64url::encode(&self.seal.seal(&text, &name, random));
        let given = self.given(headers);
        let too_many = given.iter().take((given.len() + 1).saturating_sub(OPEN));
        let mut cookies: Vec<_> = too_many.map(|name| self.cookies.clear(name)).collect();
        cookies.push(self.cookies.set(&name, &sealed, Some(LIVES)));
        Departure { location: endpoint.into(), cookies }
    }

    /// Whether the answer in `query` is to somebody who left by this browser, and was given by `issuer`; `names_itself` is
    /// whether that one always says so (RFC 9207 §3).
    pub(super) fn arrive(
        &self,
        headers: &HeaderMap,
        query: &str,
        (issuer, names_itself): (&str, bool),
        now: u64,
    ) -> Arrival {
        let state = only(query, "state").unwrap_or_default();
        let Some(flow) = self.find(headers, &state, now) else {
            return Arrival { over: None, outcome: Err(Lost::NotLeft) };
        };
        let over = Some(self.cookies.clear(&self.name(&state)));
        let from = match only(query, "iss") {
            Some(iss) => iss == issuer,
            // One that is there twice is none that could be believed.
            None => !names_itself && !has(query, "iss"),
        };
        let outcome = match only(query, "code") {
            _ if !from => Err(Lost::AnotherIssuer),
            Some(code) if !has(query, "error") => Ok((flow, code)),
            _ => Err(Lost::Answered(only(query, "error").unwrap_or_else(|| "nothing".to_owned()))),
        };
        Arrival { over, outcome }
    }

    /// What this browser left with under this `state`, if it did.
    fn find(&self, headers: &HeaderMap, state: &str, now: u64) -> Option<Flow> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if state.len() != 43 || !state.bytes().all(fits) {
            return None;
        }
        let name = self.name(state);
        let sealed = cookie::read_up_to(LONGEST_COOKIE, &name, headers)?;
        let text = self.seal.open(&base64url::decode(sealed).ok()?, &name)?;
        let flow: Flow = serde_json::from_slice(&text).ok()?;
        // Compared as digests, whose common beginnings tell nothing.
        let same = sha256(flow.state.as_bytes()) == sha256(state.as_bytes());
        (same && now < flow.until).then_some(flow)
    }

    fn name(&self, state: &str) -> String {
        format!("{}{}", self.prefix, &state[..8])
    }

    /// The names of the ways that are open in this browser.
    fn given(&self, headers: &HeaderMap) -> Vec<String> {
        let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let names = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
        names
            .map(|(name, _)| name.trim())
            .filter(|name| {
                // What is cleared is put into a header: nothing but a name of ours.
                let way = name.strip_prefix(&*self.prefix);
                way.is_some_and(|way| {
                    way.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
                })
            })
            .map(str::to_owned)
            .collect()
    }
}

/// Where answers come to, as it is registered.
pub(super) fn redirect_uri(settings: &Settings) -> String {
    format!("{}{}", settings.origin, settings.paths.callback)
}

/// The one value of a parameter; one that is there twice is none (RFC 6749 §3.1).
pub(super) fn only(query: &str, name: &str) -> Option<String> {
    let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(one, _)| one == name);
    let value = values.next()?.1.into_owned();
    values.next().is_none().then_some(value)
}

fn has(query: &str, name: &str) -> bool {
    form_urlencoded::parse(query.as_bytes()).any(|(one, _)| one == name)
}

#[cfg(test)]
mod tests;
