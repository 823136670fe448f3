//! `POST /api/v1/session/reauthenticate`: proving once more who one is.

use axum::extract::State;
use axum::response::Response;
use cloakroom_engine::reauthenticate::ReauthenticateError;
use cloakroom_model::password::Password;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer;
use crate::api::view::IdentityView;
use crate::app::App;
use crate::around::Around;
use crate::body::Json;
use crate::caller::{Account, session_ended};
use crate::problem::Problem;

/// A proof.
#[derive(Deserialize, ToSchema)]
#[schema(as = Reauthenticate)]
#[serde(deny_unknown_fields)]
pub struct Request {
    #[schema(value_type = String, format = "password", max_length = 1024)]
    password: Password,
}

/// Renews when the session was authenticated. It stays the same session, and its cookie gets a new secret.
pub async fn post(
    State(app): State<App>,
    Account(caller): Account,
    around: Around,
    Json(Request { password }): Json<Request>,
) -> Result<Response, Problem> {
    let Around { visitor, browser } = around;
    let renewed = app.engine.reauthenticate(&caller.identity, &password, &browser, &visitor).await;
    let renewed = renewed.map_err(|error| match error {
        ReauthenticateError::Ended => session_ended(&app),
        error => error.into(),
    })?;
    let mut response = answer::ok(&IdentityView::of(&renewed.session, caller.identity.carrier));
    app.give_cookies(&renewed, &mut response);
    Ok(response)
}
