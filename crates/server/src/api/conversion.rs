//! `POST /api/v1/session/token` and `POST /api/v1/session/cookie`: from one carrier to the other.

use axum::extract::State;
use axum::response::Response;
use cloakroom_engine::session_cookie::{SCOPE, SessionCookieError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answer;
use crate::app::{App, LINK_LIVES};
use crate::body::Json;
use crate::caller::{Caller, lacks_scope, session_ended};
use crate::pages::paths;
use crate::problem::Problem;

/// For whom the token shall be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SessionTokenRequest)]
pub struct TokenRequest {
    /// A URL that the client may have tokens for; the server's own public URL for Cloakroom itself.
    #[schema(max_length = 2048)]
    audience: String,
}

/// A short token.
#[derive(Serialize, ToSchema)]
#[schema(as = SessionToken)]
pub struct ShortToken {
    access_token: String,
    #[schema(value_type = String)]
    token_type: &'static str,
    /// In seconds.
    expires_in: u64,
}

/// A link that leads to a cookie.
#[derive(Serialize, ToSchema)]
#[schema(as = SessionCookieLink)]
pub struct CookieLink {
    /// To be opened in a browser, once.
    #[schema(format = "uri")]
    link: String,
    /// In seconds.
    expires_in: u64,
}

/// A cookie earns a token.
pub async fn token(
    State(app): State<App>,
    caller: Caller,
    Json(TokenRequest { audience }): Json<TokenRequest>,
) -> Result<Response, Problem> {
    let client = caller.client(&app)?;
    let earned = app.engine.earn_token(&caller.identity, &client, &audience)?;
    Ok(answer::ok(&ShortToken {
        access_token: earned.token,
        token_type: "Bearer",
        expires_in: earned.expires_in.as_secs(),
    }))
}

/// A token earns a link to a cookie.
pub async fn cookie(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    let secret = app.engine.cookie_link(&caller.identity).await.map_err(|error| match error {
        SessionCookieError::NotAllowed => lacks_scope(&app, SCOPE),
        SessionCookieError::Ended => session_ended(&app),
        error => error.into(),
    })?;
    Ok(answer::ok(&CookieLink {
        link: paths::one_time_link(app.address.origin(), paths::LINK, &secret).to_string(),
        expires_in: LINK_LIVES.as_secs(),
    }))
}
