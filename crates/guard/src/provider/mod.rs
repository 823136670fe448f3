//! The identity server as a standard provider: what it says of itself, the keys it signs with, and a token for this service.
//!
//! Knows nothing of sessions, cookies or the feed: whatever signs users in by this provider can rest on it as well.

mod credentials;
mod keys;
mod metadata;

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http_body_util::Full;
use url::form_urlencoded;

use crate::clock::Clock;
use crate::http::{Http, Unreachable};
use crate::settings::{Service, Settings, SettingsError};
pub(crate) use credentials::Credentials;
use credentials::basic;
pub(crate) use keys::{Keys, LIFE as KEYS_LIFE};
pub(crate) use metadata::Metadata;

/// A provider, with what was learned of it.
pub(crate) struct Provider {
    pub(crate) http: Http,
    pub(crate) settings: Arc<Settings>,
    pub(crate) keys: Keys,
    metadata: metadata::Cached,
}

/// Why the provider is of no use at the moment.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// It answers, but with something else.
    #[error("the server answers {what} with {status}")]
    Status { what: &'static str, status: u16 },
    /// What it says is not what the specification asks for.
    #[error("the server's {0} cannot be read")]
    Unreadable(&'static str),
    /// It says that it is somebody else (RFC 8414 §3.3).
    #[error("the server says that it is another issuer")]
    AnotherIssuer,
    /// It names an address that nothing may be sent to.
    #[error("the server's {0} is no address that may be asked")]
    Address(&'static str),
    /// It has no such endpoint.
    #[error("the server has no {0}")]
    Missing(&'static str),
    /// This service has no credentials.
    #[error("no credentials of this service are set")]
    NoCredentials,
}

impl Provider {
    pub(crate) fn new(settings: Arc<Settings>) -> Result<Self, SettingsError> {
        settings.check()?;
        let http = Http::new(&settings)?;
        Ok(Self { http, settings, keys: Keys::default(), metadata: metadata::Cached::default() })
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.settings.clock
    }

    /// What the provider says of itself, asked once and again after a while.
    pub(crate) async fn metadata(&self) -> Result<Arc<Metadata>, ProviderError> {
        self.metadata.current(&self.http, &self.settings).await
    }

    /// An address below the issuer's, for what is Cloakroom's own.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.settings.issuer.trim_end_matches('/'))
    }
}

/// A request to a provider, with what every one of them has.
pub(crate) fn request(method: http::Method, url: &str) -> http::request::Builder {
    Request::builder().method(method).uri(url).header(http::header::USER_AGENT, AGENT)
}

/// A form that a client sends to one of the provider's endpoints: its head, and its body.
pub(crate) fn form(
    client: &Service,
    endpoint: &str,
    fields: &[(&str, &str)],
) -> (http::request::Builder, Full<Bytes>) {
    let head = request(http::Method::POST, endpoint)
        .header(AUTHORIZATION, basic(client))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    (head, body.into())
}

const AGENT: &str = concat!("cloakroom-guard/", env!("CARGO_PKG_VERSION"));
