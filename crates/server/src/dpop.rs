//! RFC 9449: the proof of a key that a request brings in a header of its own.

use cloakroom_engine::possession::Unproved;
use cloakroom_engine::visitor::Visitor;
use cloakroom_model::grant::Confirmation;
use cloakroom_oauth::dpop::{self, Proved};
use cloakroom_oauth::error::Error;
use http::header::HOST;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::app::App;

/// The header that holds it.
const PROOF: HeaderName = HeaderName::from_static("dpop");

/// The header in which a client is told the nonce for its next one.
pub const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// A proof, and the request that it has to be for. Nothing is proved yet.
pub struct Proof<'a> {
    text: &'a str,
    method: &'a str,
    url: String,
}

impl<'a> Proof<'a> {
    /// The proof of a request, if there is one.
    pub fn of(app: &App, parts: &'a Parts) -> Result<Option<Self>, Error> {
        Self::of_another(&parts.headers, parts.method.as_str(), || url(app, parts))
    }

    /// The proof of a request that was for another server, where it went by `method` to `url`.
    pub fn of_another(
        headers: &'a HeaderMap,
        method: &'a str,
        url: impl FnOnce() -> String,
    ) -> Result<Option<Self>, Error> {
        let lines = headers.get_all(PROOF).iter().map(HeaderValue::as_bytes);
        let text = dpop::only(lines)?;
        Ok(text.map(|text| Self { text, method, url: url() }))
    }

    /// The key that is proved by whoever asks for tokens. The proof does not count again.
    pub async fn key(&self, app: &App, visitor: &Visitor) -> Result<Confirmation, Unproved> {
        app.engine.prove_key(self.text, &self.request(None), visitor).await
    }

    /// The key that is proved by whoever presents this token.
    pub fn beside(&self, app: &App, token: &str) -> Result<Proved, Error> {
        app.engine.verify_proof(self.text, &self.request(Some(token)))
    }

    fn request<'b>(&'b self, access_token: Option<&'b str>) -> dpop::Request<'b> {
        dpop::Request { method: self.method, url: &self.url, access_token }
    }
}

/// Where a request went, as its sender sees it: by one of the two names of this server.
fn url(app: &App, parts: &Parts) -> String {
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    let named = parts.uri.authority().map(http::uri::Authority::as_str).or(host);
    let mtls = app.mtls_address.as_ref();
    let mtls = mtls.filter(|address| named.is_some_and(|named| address.is(named)));
    format!("{}{}", mtls.unwrap_or(&app.address).origin(), parts.uri.path())
}
