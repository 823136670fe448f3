//! `POST /oauth/device` (RFC 8628 §3.1): a device begins to wait for a person.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use cloakroom_engine::device_authorization::{BeginError, PollError};
use cloakroom_model::authorization::DeviceRequest;
use cloakroom_model::registration::GrantType;
use cloakroom_oauth::device_authorization::{DeviceAuthorization, DeviceAuthorizationRequest};
use cloakroom_oauth::error::Code;
use http::Request;

use crate::answer;
use crate::app::App;
use crate::around::Around;
use crate::oauth::client;
use crate::oauth::refusal::Refusal;
use crate::oauth::token::unkept;
use crate::pages::paths;
use crate::problem::Problem;

/// Answers what the device asks with, and what a person types.
pub async fn post(
    State(app): State<App>,
    Around { visitor, .. }: Around,
    request: Request<Body>,
) -> Result<Response, Refusal> {
    let (_, form, client) = client::read(&app, &visitor, request).await?;
    let request = DeviceAuthorizationRequest::read(&form)?;
    if !app.engine.may_ask_for_tokens(&client, GrantType::DeviceCode) {
        return Err(Code::UnauthorizedClient.into());
    }
    let waiting = app.engine.begin_to_wait(request, &client, &visitor).await?;
    let page = format!("{}{}", app.address.origin(), paths::DEVICE);
    let response = DeviceAuthorization::new(
        &waiting.device_code,
        &waiting.user_code,
        &page,
        DeviceRequest::LIVES,
        DeviceRequest::INTERVAL,
    );
    Ok(unkept(answer::ok(&response)))
}

impl From<BeginError> for Refusal {
    fn from(error: BeginError) -> Self {
        match error {
            BeginError::Refused(error) => error.into(),
            BeginError::Limited(limited) => Problem::from(limited).into(),
            BeginError::Store(error) => Problem::from(error).into(),
            error => crate::refusals::internal(&error).into(),
        }
    }
}

impl From<PollError> for Refusal {
    fn from(error: PollError) -> Self {
        match error {
            PollError::Pending => Code::AuthorizationPending.into(),
            PollError::TooEarly => Code::SlowDown.into(),
            PollError::Expired => Code::ExpiredToken.into(),
            PollError::Denied => Code::AccessDenied.into(),
            PollError::Redeem(error) => error.into(),
            error => crate::refusals::internal(&error).into(),
        }
    }
}
