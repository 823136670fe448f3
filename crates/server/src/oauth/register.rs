//! `/oauth/register` (RFC 7591, OpenID Connect Dynamic Client Registration 1.0) and `/oauth/register/{client_id}` (RFC 7592):
//! clients that register themselves, and look at, change and remove what they registered.
//!
//! Where that is off, nothing is here.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use cloakroom_engine::clients::RegisterError;
use cloakroom_oauth::bearer::Carried;
use cloakroom_oauth::error::{Code, Error};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Request, StatusCode};

use crate::answer;
use crate::app::App;
use crate::around::Around;
use crate::body;
use crate::oauth::refusal::Refusal;
use crate::oauth::token::unkept;
use crate::parameters::Segment;
use crate::problem::{Kind, Problem};

/// The longest request that is read, in bytes: a key set and some addresses.
const MAX_BYTES: usize = 64 << 10;

/// Registers a client.
pub async fn post(
    State(app): State<App>,
    Around { visitor, .. }: Around,
    request: Request<Body>,
) -> Response {
    let register = async || {
        let token = token(request.headers())?.map(str::to_owned);
        let body = read(&app, request).await?;
        let token = token.as_deref();
        let told = app.engine.register_client(&body, token, &*app.fetch, &visitor).await?;
        Ok(unkept(answer::json(StatusCode::CREATED, &told.body())))
    };
    answered(register().await)
}

/// What a client registered.
pub async fn get(
    State(app): State<App>,
    Around { visitor, .. }: Around,
    segment: Segment,
    headers: HeaderMap,
) -> Response {
    let look = async || {
        let token = token(&headers)?;
        let told = app.engine.own_registration(segment.text(), token, &visitor).await?;
        Ok(unkept(answer::ok(&told.body())))
    };
    answered(look().await)
}

/// Replaces what a client registered.
pub async fn put(
    State(app): State<App>,
    Around { visitor, .. }: Around,
    segment: Segment,
    request: Request<Body>,
) -> Response {
    let change = async || {
        let token = token(request.headers())?.map(str::to_owned);
        let body = read(&app, request).await?;
        let (id, token, fetch) = (segment.text(), token.as_deref(), &*app.fetch);
        let changing = app.engine.change_own_registration(id, token, &body, fetch, &visitor);
        Ok(unkept(answer::ok(&changing.await?.body())))
    };
    answered(change().await)
}

/// Removes a client.
pub async fn delete(
    State(app): State<App>,
    Around { visitor, .. }: Around,
    segment: Segment,
    headers: HeaderMap,
) -> Response {
    let remove = async || {
        let token = token(&headers)?;
        app.engine.remove_own_registration(segment.text(), token, &visitor).await?;
        Ok(answer::done())
    };
    answered(remove().await)
}

/// Why nothing was registered or changed.
enum Refused {
    /// Nobody registers themselves here, so that nothing is here.
    Nothing,
    /// In the words of OAuth.
    Said(Refusal),
}

fn answered(done: Result<Response, Refused>) -> Response {
    match done {
        Ok(response) => response,
        Err(Refused::Nothing) => Problem::new(Kind::NotFound).into_response(),
        Err(Refused::Said(refusal)) => refusal.into_response(),
    }
}

async fn read(app: &App, request: Request<Body>) -> Result<bytes::Bytes, Refused> {
    // Before the body is looked at, which may be anything.
    if !app.engine.clients_register_themselves() {
        return Err(Refused::Nothing);
    }
    if !body::is(request.headers(), "application/json") {
        let why = "the body must be application/json";
        return Err(Error::new(Code::InvalidRequest, why).into());
    }
    let limit = MAX_BYTES.min(app.body_limit);
    body::bytes(request.into_body(), limit).await.map_err(|why| Refused::Said(why.into()))
}

/// The token of the one `Authorization` header that there may be. Neither body nor query has one (RFC 7592 §2).
fn token(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    let mut lines = headers.get_all(AUTHORIZATION).iter().map(HeaderValue::as_bytes);
    let (header, None) = (lines.next(), lines.next()) else {
        return Err(Error::new(Code::InvalidRequest, "there are two Authorization headers"));
    };
    Ok(Carried::only(header, None, None)?.map(|carried| carried.token))
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Said(error.into())
    }
}

impl From<RegisterError> for Refused {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Off => Self::Nothing,
            error => Self::Said(error.into()),
        }
    }
}

impl From<RegisterError> for Refusal {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Refused(error) => error.into(),
            RegisterError::Limited(limited) => Problem::from(limited).into(),
            RegisterError::Full => {
                Error::new(Code::TemporarilyUnavailable, error.to_string()).into()
            }
            RegisterError::Store(error) => Problem::from(error).into(),
            RegisterError::Keys(error) => Problem::from(error).into(),
            error => crate::refusals::internal(&error).into(),
        }
    }
}
