//! `/oauth/userinfo` (OpenID Connect Core §5.3): who a token's user is.

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use cloakroom_engine::identity::NotSignedIn;
use cloakroom_engine::possession::Unproved;
use cloakroom_engine::userinfo::{UserInfo, UserInfoError};
use cloakroom_oauth::bearer::Needs;
use cloakroom_oauth::error::{Code, Error};
use cloakroom_oauth::form::Form;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, Request, StatusCode};

use crate::app::App;
use crate::oauth::refusal::Refusal;
use crate::oauth::token::unkept;
use crate::presented::{Presented, challenges, is_about_proof};
use crate::problem::Problem;
use crate::{answer, body};

/// With the token in the header.
pub async fn get(State(app): State<App>, request: Request<Body>) -> Response {
    told(&app, &request.into_parts().0, None).await
}

/// With the token in the header, or in the body where its client may put it there.
pub async fn post(State(app): State<App>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    if !parts.headers.contains_key(CONTENT_TYPE) {
        return told(&app, &parts, None).await;
    }
    match body::form(&parts.headers, body).await {
        Ok(form) => told(&app, &parts, Some(&form)).await,
        Err(problem) => Refusal::from(problem).into_response(),
    }
}

async fn told(app: &App, parts: &Parts, form: Option<&Form>) -> Response {
    let in_body = form.and_then(|form| form.value("access_token"));
    let presented = match Presented::of(app, parts, in_body, None) {
        Ok(Some(presented)) => presented,
        // RFC 6750 §3.1: whoever brought nothing is told no code.
        Ok(None) => return refused(app, None),
        Err(error) => return refused(app, Some(&error)),
    };
    let Presented { token, place, .. } = presented;
    let told = app.engine.user_info(token, place, presented.key().as_ref()).await;
    let spent = match &told {
        Ok(_) => presented.spend_proof(app).await,
        Err(_) => Ok(()),
    };
    match spent {
        Ok(()) => (),
        Err(Unproved::Refused(error)) => return refused(app, Some(&error)),
        Err(other) => return Refusal::from(other).into_response(),
    }
    match told {
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
    // At a token endpoint a bad proof is a bad request; here it stands for whoever sends it.
    let status = error.filter(|error| !is_about_proof(error));
    let status = status.map_or(401, |error| error.code.status());
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::UNAUTHORIZED);
    // The body is for people: the challenge alone must not name an error where nothing was brought.
    let told = error
        .cloned()
        .unwrap_or_else(|| Error::new(Code::InvalidRequest, "the request has no access token"));
    let mut response = answer::json(status, &told.body());
    for (name, value) in challenges(app, error, Needs::Nothing) {
        response.headers_mut().append(name, value);
    }
    unkept(response)
}
