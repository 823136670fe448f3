//! `POST /oauth/par` (RFC 9126): a client sends its question ahead, and a browser brings its name.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use cloakroom_engine::authorize::PushError;
use cloakroom_model::authorization::PushedRequest;
use cloakroom_oauth::pushed_authorization::PushedAuthorization;
use http::{Request, StatusCode};

use crate::answer;
use crate::app::App;
use crate::around::Around;
use crate::oauth::client;
use crate::oauth::refusal::Refusal;
use crate::oauth::token::unkept;
use crate::problem::Problem;

/// Keeps a question for a minute.
pub async fn post(
    State(app): State<App>,
    Around { visitor, .. }: Around,
    request: Request<Body>,
) -> Result<Response, Refusal> {
    let (parts, form, client) = client::meet(&app, &visitor, request).await?;
    let proved = client::proved_key(&app, &parts, &client, &visitor).await?;
    let (proved, fetch) = (proved.as_ref(), &app.fetch);
    let secret = app.engine.push_question(&form, &client, proved, &visitor, fetch).await?;
    let response = PushedAuthorization::new(&secret, PushedRequest::PUSHED_LIVES);
    Ok(unkept(answer::json(StatusCode::CREATED, &response)))
}

impl From<PushError> for Refusal {
    fn from(error: PushError) -> Self {
        match error {
            PushError::Refused(error) => error.into(),
            PushError::Limited(limited) => Problem::from(limited).into(),
            PushError::Store(error) => Problem::from(error).into(),
            error => crate::refusals::internal(&error).into(),
        }
    }
}
