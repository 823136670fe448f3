//! `POST /oauth/token` (RFC 6749 §3.2, §6).

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use cloakroom_engine::refresh::RefreshError;
use cloakroom_oauth::error::Code;
use cloakroom_oauth::token_request::TokenRequest;
use cloakroom_oauth::token_response::TokenResponse;
use http::header::{CACHE_CONTROL, PRAGMA};
use http::{HeaderValue, Request};

use crate::answer;
use crate::app::App;
use crate::around::Around;
use crate::oauth::client;
use crate::oauth::refusal::Refusal;
use crate::problem::{Kind, Problem};

/// Answers a token request.
pub async fn post(
    State(app): State<App>,
    Around { visitor, .. }: Around,
    request: Request<Body>,
) -> Result<Response, Refusal> {
    let (form, client) = client::read(&app, request).await?;
    let TokenRequest::Refresh(asked) = TokenRequest::read(&form)? else {
        return Err(Code::UnsupportedGrantType.into());
    };
    let (scope, resource) = (asked.scope.as_ref(), asked.resource.as_deref());
    let pair = app.engine.refresh(&asked.refresh_token, &client, scope, resource, &visitor).await?;
    let response = TokenResponse::new(
        pair.access.token,
        pair.access.expires_in,
        Some(pair.refresh),
        pair.scope,
    );
    let mut response = answer::ok(&response);
    // RFC 6749 §5.1.
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    Ok(response)
}

impl From<RefreshError> for Refusal {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Refused => Code::InvalidGrant.into(),
            RefreshError::Scope => Code::InvalidScope.into(),
            RefreshError::Audience => Code::InvalidTarget.into(),
            RefreshError::Wait(wait) => {
                Problem::new(Kind::TooManyRequests).retry_after(wait).into()
            }
            RefreshError::Limited(limited) => Problem::from(limited).into(),
            RefreshError::Mint(error) => Problem::from(error).into(),
            RefreshError::Store(error) => Problem::from(error).into(),
            error => crate::refusals::internal(&error).into(),
        }
    }
}
