//! `/oauth/userinfo` (OpenID Connect Core §5.3): who a token's user is.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use cloakroom_engine::identity::NotSignedIn;
use cloakroom_engine::userinfo::{UserInfo, UserInfoError};
use cloakroom_oauth::bearer::{Carried, Challenge};
use cloakroom_oauth::error::{Code, Error};
use cloakroom_oauth::form::Form;
use http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Request, StatusCode};

use crate::app::App;
use crate::oauth::refusal::Refusal;
use crate::oauth::token::unkept;
use crate::problem::Problem;
use crate::{answer, body};

/// With the token in the header.
pub async fn get(State(app): State<App>, headers: HeaderMap) -> Response {
    told(&app, &headers, None).await
}

/// With the token in the header, or in the body where its client may put it there.
pub async fn post(State(app): State<App>, request: Request<Body>) -> Response {
    let headers = request.headers().clone();
    if !headers.contains_key(CONTENT_TYPE) {
        return told(&app, &headers, None).await;
    }
    match body::form(request).await {
        Ok(form) => told(&app, &headers, Some(&form)).await,
        Err(problem) => Refusal::from(problem).into_response(),
    }
}

async fn told(app: &App, headers: &HeaderMap, form: Option<&Form>) -> Response {
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let (header, None) = (lines.next(), lines.next()) else {
        let error = Error::new(Code::InvalidRequest, "there are two Authorization headers");
        return refused(app, Some(&error));
    };
    let in_body = form.and_then(|form| form.value("access_token"));
    let carried = match Carried::only(header.map(HeaderValue::as_bytes), in_body, None) {
        Ok(Some(carried)) => carried,
        // RFC 6750 §3.1: whoever brought nothing is told no code.
        Ok(None) => return refused(app, None),
        Err(error) => return refused(app, Some(&error)),
    };
    match app.engine.user_info(carried.token, carried.place, None).await {
        Ok(UserInfo::Plain(claims)) => unkept(answer::ok(&claims)),
        Ok(UserInfo::Signed(token)) => {
            let mut response = Response::new(Body::from(token));
            let jwt = HeaderValue::from_static("application/jwt");
            response.headers_mut().insert(CONTENT_TYPE, jwt);
            unkept(response)
        }
        Err(why) => match why {
            UserInfoError::Token(NotSignedIn::Store(error)) => {
                Refusal::from(Problem::from(error)).into_response()
            }
            UserInfoError::Token(_) | UserInfoError::Unbound => {
                refused(app, Some(&Code::InvalidToken.into()))
            }
            UserInfoError::Scope => refused(app, Some(&Code::InsufficientScope.into())),
            UserInfoError::Place(error) => refused(app, Some(&error)),
            UserInfoError::Mint(error) => Refusal::from(Problem::from(error)).into_response(),
            other => Refusal::from(crate::refusals::internal(&other)).into_response(),
        },
    }
}

/// RFC 6750 §3.
fn refused(app: &App, error: Option<&Error>) -> Response {
    let status = error.map_or(401, |error| error.code.status());
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::UNAUTHORIZED);
    let mut response = match error.map(Error::body) {
        Some(body) => answer::json(status, &body),
        None => Response::new(Body::empty()),
    };
    *response.status_mut() = status;
    let challenge = Challenge { realm: app.address.origin(), refused: error, scope: None };
    if let Ok(value) = HeaderValue::try_from(challenge.to_string()) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
    unkept(response)
}
