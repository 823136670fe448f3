//! Session data: a small document that the server keeps with a session or its user, such as a cart, as a typed argument.
//!
//! It is never remembered here: each reading asks the server, and each writing names what it has seen, so that no update is
//! lost. Who writes against an older version is told, or has its change done again on the newer one.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, ETAG, IF_MATCH, IF_NONE_MATCH, ORIGIN};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::answer::Refused;
use crate::cookie;
use crate::extract::found;
use crate::guard::{Guard, Shared};
use crate::http::{Answer, Unreachable};
use crate::identity::{Carrier, Identity};
use crate::provider::request;

/// How often a change is tried that others get in the way of.
const TRIES: usize = 8;

/// A type whose values are kept as session data.
pub trait Document: Serialize + DeserializeOwned + Send + Sync {
    /// The namespace that they lie in: lower-case letters, digits and hyphens.
    const NAMESPACE: &'static str;
}

/// The document of who sent a request, as an argument of a handler. Refuses a request of nobody.
///
/// Goes by the session's own cookie ([`CookieName::SameHost`](crate::CookieName::SameHost)), or by a bearer token that is for
/// the issuer as well. The cookie for sibling hosts shows who is there and opens no data.
///
/// ```no_run
/// # use cloakroom_guard::data::{DataError, Document, SessionData};
/// # use serde::{Deserialize, Serialize};
/// #[derive(Default, Deserialize, Serialize)]
/// struct Cart { coats: u32 }
///
/// impl Document for Cart { const NAMESPACE: &'static str = "cart"; }
///
/// async fn add(cart: SessionData<Cart>) -> Result<String, DataError> {
///     let cart = cart.update(|cart| cart.coats += 1).await?;
///     Ok(format!("{} coats", cart.coats))
/// }
/// ```
pub struct SessionData<T> {
    shared: Arc<Shared>,
    carried: (HeaderName, HeaderValue),
    document: PhantomData<fn() -> T>,
}

/// A document as it was seen, with the version by which a change names it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Seen<T> {
    /// The document; `None` where there is none.
    pub value: Option<T>,
    version: Option<HeaderValue>,
}

/// Why a document was not read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// Another writer changed it since it was seen. Look again, and decide again.
    #[error("the document is not as it was seen")]
    Changed,
    /// What is carried does not open session data, or the session is over.
    #[error("the server does not open the document to this request: {0}")]
    Refused(u16),
    /// More would be kept than is allowed.
    #[error("the document is too large")]
    TooLarge,
    /// What lies there is not of this type, or this value does not become JSON.
    #[error("the document is of another shape")]
    Shape(#[source] serde_json::Error),
    /// The server does not answer.
    #[error("the server does not answer")]
    Unavailable,
}

impl<T: Document> SessionData<T> {
    /// The document as it is now.
    pub async fn read(&self) -> Result<Seen<T>, DataError> {
        let answer = self.ask(Method::GET, None, Vec::new()).await?;
        match answer.status {
            StatusCode::OK => {
                let value = serde_json::from_slice(&answer.body).map_err(DataError::Shape)?;
                let version = answer.headers.get(ETAG).ok_or(DataError::Unavailable)?;
                Ok(Seen { value: Some(value), version: Some(version.clone()) })
            }
            StatusCode::NOT_FOUND => Ok(Seen { value: None, version: None }),
            status => Err(refusal(status)),
        }
    }

    /// Replaces what was seen; [`DataError::Changed`] where it is not so any more.
    pub async fn replace(&self, seen: &Seen<T>, value: &T) -> Result<(), DataError> {
        let body = serde_json::to_vec(value).map_err(DataError::Shape)?;
        self.change(Method::PUT, seen, body).await
    }

    /// Removes what was seen; [`DataError::Changed`] where it is not so any more.
    pub async fn remove(&self, seen: &Seen<T>) -> Result<(), DataError> {
        if seen.value.is_none() {
            return Ok(());
        }
        self.change(Method::DELETE, seen, Vec::new()).await
    }

    /// Changes the document, or the type's default where there is none, and does so again on the newer version where another
    /// writer was faster. The change may be called several times; only its last effect is kept. Answers what was written.
    pub async fn update(&self, mut change: impl FnMut(&mut T)) -> Result<T, DataError>
    where
        T: Default,
    {
        for _ in 0..TRIES {
            let mut seen = self.read().await?;
            let mut value = seen.value.take().unwrap_or_default();
            change(&mut value);
            match self.replace(&seen, &value).await {
                Err(DataError::Changed) => {}
                Err(error) => return Err(error),
                Ok(()) => return Ok(value),
            }
        }
        Err(DataError::Changed)
    }

    async fn change(&self, method: Method, seen: &Seen<T>, body: Vec<u8>) -> Result<(), DataError> {
        let condition = match &seen.version {
            Some(version) => (IF_MATCH, version.clone()),
            None => (IF_NONE_MATCH, HeaderValue::from_static("*")),
        };
        let answer = self.ask(method, Some(condition), body).await?;
        if answer.status.is_success() { Ok(()) } else { Err(refusal(answer.status)) }
    }

    async fn ask(
        &self,
        method: Method,
        condition: Option<(HeaderName, HeaderValue)>,
        body: Vec<u8>,
    ) -> Result<Answer, DataError> {
        let provider = &self.shared.provider;
        let url = provider.at(&format!("/api/v1/session/data/{}", T::NAMESPACE));
        let (name, value) = &self.carried;
        let mut asked = request(method, &url).header(name, value);
        if !body.is_empty() {
            asked = asked.header(CONTENT_TYPE, "application/json");
        }
        if let Some((name, value)) = condition {
            asked = asked.header(name, value);
        }
        if let Some(origin) = &provider.settings.origin {
            asked = asked.header(ORIGIN, origin);
        }
        let asked = asked.body(body.into()).map_err(|_| DataError::Unavailable)?;
        provider.http.send(asked).await.map_err(|why: Unreachable| {
            tracing::warn!(error = &why as &dyn std::error::Error, "session data cannot be had");
            DataError::Unavailable
        })
    }
}

fn refusal(status: StatusCode) -> DataError {
    match status {
        StatusCode::PRECONDITION_FAILED => DataError::Changed,
        StatusCode::PAYLOAD_TOO_LARGE => DataError::TooLarge,
        status if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => {
            DataError::Refused(status.as_u16())
        }
        _ => DataError::Unavailable,
    }
}

impl<S: Send + Sync, T: Document> FromRequestParts<S> for SessionData<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let identity = <Identity as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        let guard = &found(parts)?.guard;
        let carried = carried(guard, parts, identity.carrier());
        Ok(Self { shared: Arc::clone(guard.shared()), carried, document: PhantomData })
    }
}

/// What the request was believed by, to be sent on.
fn carried(guard: &Guard, parts: &Parts, carrier: Carrier) -> (HeaderName, HeaderValue) {
    let headers = &parts.headers;
    if carrier != Carrier::Cookie {
        let token = headers.get(AUTHORIZATION).cloned();
        return (AUTHORIZATION, token.unwrap_or(HeaderValue::from_static("")));
    }
    let name = guard.shared().cookie_name.unwrap_or_default();
    let pair = cookie::read(name, headers).map(|value| format!("{name}={value}"));
    let pair = pair.and_then(|pair| HeaderValue::try_from(pair).ok());
    let mut value = pair.unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    (COOKIE, value)
}

/// What a handler answers that gives its error on: 409, 413, 403, 503, or 500 for a document of another shape.
impl IntoResponse for DataError {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Changed => StatusCode::CONFLICT,
            Self::Refused(_) => StatusCode::FORBIDDEN,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Shape(_) => {
                tracing::error!(error = &self as &dyn std::error::Error, "session data");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        status.into_response()
    }
}

/// Not what is carried.
impl<T: Document> fmt::Debug for SessionData<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionData").field("namespace", &T::NAMESPACE).finish_non_exhaustive()
    }
}
