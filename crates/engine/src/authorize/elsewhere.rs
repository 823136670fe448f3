//! Questions that lie at a URL of their client (RFC 9101 §5.2, OpenID Connect Core 1.0 §6.2).
//!
//! Any browser can bring such a URL, long before it is known whose question it is. So it is one that the client
//! registered, it is asked by the guarded way out and for a signed object alone, each network causes so many questions
//! and no more, and who brings the same URL at the same time shares the answer. What was read once is kept with us, and
//! the browser goes on under that name.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_model::client::Client;
use cloakroom_oauth::error::{Code, Error};
use cloakroom_oauth::form::Form;
use url::Url;

use crate::Engine;
use crate::fetch::{Fetch, FetchError, Limits};
use crate::possession::Unproved;
use crate::throttle::What;
use crate::visitor::Visitor;

/// As large as a token is read at all.
const LIMITS: Limits = Limits { bytes: 16 << 10, time: Duration::from_secs(5) };

/// RFC 9101 §5.2.3, and what it was before there was a type of its own (RFC 7519 §10.3.1).
const MEDIA_TYPES: &[&str] = &["application/oauth-authz-req+jwt", "application/jwt"];

/// Why nothing could be read. What it displays is for the operator.
#[derive(Debug, thiserror::Error)]
enum Unread {
    #[error("the request_uri is no URL")]
    Url,
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("the request_uri answered {0}")]
    Status(u16),
    #[error("what is at the request_uri is no request object by its type")]
    Type,
    #[error("what is at the request_uri is no text")]
    Text,
}

impl Engine {
    /// Gets the object at a URL that the client registered, and opens it like one that was brought by value.
    pub(super) async fn open_elsewhere(
        &self,
        uri: &str,
        client: &Client,
        visitor: &Visitor,
        fetch: &Arc<dyn Fetch>,
    ) -> Result<Form, Unproved> {
        // Nothing could be read of a client without keys, so nobody is asked for its sake.
        if client.registration.keys.is_none() {
            return Err(Error::from(Code::RequestNotSupported).into());
        }
        self.limits.check(What::Reference, &visitor.address, self.time.now()).await?;
        let object = match get(uri, &**fetch).await {
            Ok(object) => object,
            Err(why) => {
                tracing::info!(client = %client.id, %why, "a request_uri gave no request");
                return Err(why.told().into());
            }
        };
        self.open_object(object.trim_ascii(), client, fetch).await
    }
}

/// Not from memory: what lies at the same URL may be another question by now.
async fn get(uri: &str, fetch: &dyn Fetch) -> Result<String, Unread> {
    let mut url = Url::parse(uri).map_err(|_| Unread::Url)?;
    // It names the version, and is for nobody there.
    url.set_fragment(None);
    let fetched = fetch.fetch_anew(&url, LIMITS).await?;
    if fetched.status != 200 {
        return Err(Unread::Status(fetched.status));
    }
    let object = fetched.document(MEDIA_TYPES).ok_or(Unread::Type)?;
    String::from_utf8(object.to_vec()).map_err(|_| Unread::Text)
}

impl Unread {
    /// As whoever wrote the client reads it.
    fn told(&self) -> Error {
        let why = match self {
            Self::Url => "the request_uri cannot be asked",
            Self::Fetch(error) => return error.told("the request_uri", Code::InvalidRequestUri),
            Self::Status(_) => "the request_uri did not answer with a request object (200)",
            Self::Type => {
                "what is at the request_uri is not application/oauth-authz-req+jwt or application/jwt"
            }
            Self::Text => "what is at the request_uri is no request object",
        };
        Error::new(Code::InvalidRequestUri, why)
    }
}
