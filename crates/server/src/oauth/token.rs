//! `POST /oauth/token` (RFC 6749 §3.2): tokens for what a client brings.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use cloakroom_engine::granting::{Beside, Granted};
use cloakroom_engine::redeem_code::RedeemError;
use cloakroom_engine::refresh::RefreshError;
use cloakroom_engine::token_exchange::ExchangeError;
use cloakroom_model::grant::Confirmation;
use cloakroom_model::registration::Binding;
use cloakroom_oauth::error::{Code, Error};
use cloakroom_oauth::token_request::{RefreshRequest, TokenRequest};
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
    let (parts, form, client) = client::read(&app, &visitor, request).await?;
    let request = TokenRequest::read(&form)?;
    if !app.engine.may_ask_for_tokens(&client, request.grant_type()) {
        return Err(Code::UnauthorizedClient.into());
    }
    let proved = client::proved_key(&app, &parts, &client, &visitor).await?;
    let granted = match &request {
        TokenRequest::AuthorizationCode(request) => {
            app.engine.redeem_code(request, &client, proved, &visitor).await?
        }
        TokenRequest::Refresh(RefreshRequest { refresh_token, scope, resource }) => {
            let (scope, resource) = (scope.as_ref(), resource.as_deref());
            let pair = app
                .engine
                .refresh(refresh_token, &client, scope, resource, proved.as_ref(), &visitor)
                .await?;
            pair.into()
        }
        TokenRequest::ClientCredentials(request) => {
            app.engine.client_credentials(request, &client, proved)?
        }
        TokenRequest::DeviceCode(request) => {
            app.engine.redeem_device(request, &client, proved, &visitor).await?
        }
        TokenRequest::Exchange(request) => {
            app.engine.exchange(request, &client, proved, &visitor).await?
        }
    };
    let response = answer_with(granted)?;
    Ok(unkept(answer::ok(&match request {
        TokenRequest::Exchange(_) => response.exchanged(),
        _ => response,
    })))
}

/// RFC 6749 §5.1.
fn answer_with(granted: Granted) -> Result<TokenResponse, Problem> {
    let Granted { access, refresh, scope, beside } = granted;
    let Beside { id_token, confirmation, authorization_details } = beside;
    let mut response = TokenResponse::new(access.token, access.expires_in, refresh, scope);
    if let Some(Confirmation::Key(_)) = confirmation {
        response = response.bound_by_dpop();
    }
    if let Some(id_token) = id_token {
        response = response.id_token(id_token);
    }
    if let Some(details) = authorization_details {
        let details = serde_json::from_str(&details);
        response = response
            .authorization_details(details.map_err(|error| crate::refusals::internal(&error))?);
    }
    Ok(response)
}

/// Nobody on the way keeps the answer (RFC 6749 §5.1).
pub(super) fn unkept(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
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

impl From<ExchangeError> for Refusal {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::Refused(error) => error.into(),
            ExchangeError::Redeem(error) => error.into(),
            error => crate::refusals::internal(&error).into(),
        }
    }
}

impl From<RedeemError> for Refusal {
    fn from(error: RedeemError) -> Self {
        match error {
            RedeemError::Refused => Code::InvalidGrant.into(),
            RedeemError::Scope => Code::InvalidScope.into(),
            RedeemError::Audience => Code::InvalidTarget.into(),
            RedeemError::Unbound(Binding::Certificate) => Error::new(
                Code::InvalidRequest,
                "the client's tokens are bound to its certificate, and none was shown",
            )
            .into(),
            RedeemError::Unbound(_) => Error::new(
                Code::InvalidDpopProof,
                "the client's tokens are bound to a key, and none was proved",
            )
            .into(),
            RedeemError::Limited(limited) => Problem::from(limited).into(),
            RedeemError::Mint(error) => Problem::from(error).into(),
            RedeemError::Store(error) => Problem::from(error).into(),
            error => crate::refusals::internal(&error).into(),
        }
    }
}
