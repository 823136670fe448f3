//! Asking other servers: what a use case may ask of the network, and nothing of how it is done.
//!
//! Whoever registers a client chooses URLs that this server will ask for: key sets, request objects, places to be told
//! of a sign-out. So a use case takes a [`Fetch`] as an argument and never a client for HTTP, and what is behind it
//! sees to it that a stranger's URL leads nowhere that a stranger could not reach.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cloakroom_oauth::error::{Code, Error as OauthError};
use url::Url;

/// How much of an answer is read, and for how long it is waited for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Limits {
    /// The largest body, in bytes.
    pub bytes: usize,
    /// The time from the question to the end of the answer.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 64 << 10, time: Duration::from_secs(5) }
    }
}

/// The only way out.
#[async_trait]
pub trait Fetch: Send + Sync {
    /// Gets what is at an https URL. It may be an answer that was remembered; a redirect is an answer and is not
    /// followed.
    async fn fetch(&self, url: &Url, limits: Limits) -> Result<Fetched, FetchError>;

    /// Gets what is at an https URL by now, whatever was remembered of it, but for a failure of a moment ago. Who wants the
    /// same at the same time gets the same answer.
    async fn fetch_anew(&self, url: &Url, limits: Limits) -> Result<Fetched, FetchError>;

    /// Posts a form to an https URL, each time anew.
    async fn post(
        &self,
        url: &Url,
        form: &[(&str, &str)],
        limits: Limits,
    ) -> Result<Fetched, FetchError>;

    /// Posts a message to an https URL, each time anew.
    async fn send(
        &self,
        url: &Url,
        message: Message<'_>,
        limits: Limits,
    ) -> Result<Fetched, FetchError>;
}

/// What is posted as it is.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    /// Its `Content-Type`.
    pub content_type: &'a str,
    /// What may be answered: `Accept`.
    pub accept: &'a str,
    /// What stands in `Authorization`: a secret.
    pub authorization: Option<&'a str>,
    /// The message.
    pub body: &'a str,
}

/// What another server answered. Cheap to clone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fetched {
    /// The status, whichever it is.
    pub status: u16,
    /// `Content-Type` as it was sent.
    pub content_type: Option<String>,
    /// The whole body.
    pub body: Arc<[u8]>,
    /// How long it may be believed, by its `Cache-Control` and within our bounds.
    pub fresh_for: Duration,
}

impl Fetched {
    /// The body, where it was answered with 200 and is of one of these media types. Parameters of the type make no
    /// difference.
    #[must_use]
    pub fn document(&self, media_types: &[&str]) -> Option<&[u8]> {
        let essence = self.content_type.as_deref()?.split(';').next()?.trim();
        let is_wanted = media_types.iter().any(|wanted| wanted.eq_ignore_ascii_case(essence));
        (self.status == 200 && is_wanted).then_some(&*self.body)
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FetchError {
    /// The URL is one that is never asked for. Whoever gave it must give another.
    #[error("this URL is not asked for: {0}")]
    Url(&'static str),
    /// The URL leads to a machine that strangers cannot reach and must not reach through this server.
    #[error("the URL leads to {0}, which is not a public address")]
    Forbidden(IpAddr),
    /// Its host has no address, nobody answers there, or not as https.
    #[error("nobody answers: {0}")]
    Unreachable(String),
    /// The answer did not end in time.
    #[error("the answer did not end in time")]
    TooSlow,
    /// The body is larger than was allowed.
    #[error("the answer is too large")]
    TooLarge,
    /// Too many questions are on their way already. Nobody's fault; ask again later.
    #[error("too many other servers are being asked")]
    Busy,
}

impl FetchError {
    /// As whoever wrote a client reads it, where `place` names what the client gave the URL as, and asking there in vain
    /// earns `code`. Which machines there are behind a name is for the operator alone.
    pub(crate) fn told(&self, place: &str, code: Code) -> OauthError {
        let why = match self {
            Self::Url(_) => format!("{place} cannot be asked"),
            Self::Forbidden(_) => format!("{place} leads to an address that is not public"),
            Self::Unreachable(_) => format!("nobody answers at {place}"),
            Self::TooSlow => format!("{place} did not answer in time"),
            Self::TooLarge => format!("what is at {place} is too large"),
            // Nobody's fault: the same may go well in a moment.
            Self::Busy => return Code::TemporarilyUnavailable.into(),
        };
        OauthError::new(code, why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_of_the_type_that_was_asked_for_and_was_found() {
        let fetched = |status, content_type: Option<&str>| Fetched {
            status,
            content_type: content_type.map(str::to_owned),
            body: b"{}".as_slice().into(),
            fresh_for: Duration::ZERO,
        };
        let json = ["application/json", "application/jwk-set+json"];
        for content_type in ["application/json", "Application/JSON; charset=utf-8"] {
            let found = fetched(200, Some(content_type));
            assert_eq!(found.document(&json), Some(&b"{}"[..]), "{content_type}");
        }
        for (status, content_type) in [
            (200, None),
            (200, Some("text/html")),
            (200, Some("application/jsonp")),
            (302, Some("application/json")),
            (404, Some("application/json")),
        ] {
            let other = fetched(status, content_type);
            assert_eq!(other.document(&json), None, "{status} {content_type:?}");
        }
    }
}
