//! `POST /api/v1/sign-up`.

use axum::extract::State;
use axum::response::Response;
use cloakroom_engine::sign_up::SignUp;
use cloakroom_model::id::ClientId;
use cloakroom_model::password::Password;
use cloakroom_model::session::Carrier;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer;
use crate::api::view::{CarrierSchema, SignedInView};
use crate::app::App;
use crate::around::Around;
use crate::body::Json;
use crate::problem::Problem;

/// Somebody who wants an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SignUpRequest)]
pub struct Request {
    #[schema(format = "email", max_length = 254)]
    email: String,
    /// A name to sign in with, beside the email: 2 to 64 letters, digits or `. _ -`.
    #[schema(min_length = 2, max_length = 64)]
    username: Option<String>,
    #[schema(value_type = String, format = "password", min_length = 8, max_length = 1024)]
    password: Password,
    #[schema(value_type = CarrierSchema)]
    carry: Carrier,
    /// The built-in client `cloakroom` where there is none.
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9._~:/-]{1,255}$")]
    client_id: Option<ClientId>,
    /// Whether the cookie outlives the browser.
    #[serde(default)]
    remember: bool,
}

/// Makes the user and the session.
pub async fn post(
    State(app): State<App>,
    around: Around,
    Json(request): Json<Request>,
) -> Result<Response, Problem> {
    let Request { email, username, password, carry, client_id, remember } = request;
    let wish = SignUp {
        email,
        username,
        password,
        carry,
        client: client_id,
        remember,
        set_up: None,
        browser: around.browser,
    };
    let signed_in = app.engine.sign_up(wish, &around.visitor).await?;
    let mut response = answer::json(StatusCode::CREATED, &SignedInView::new(&signed_in, carry));
    app.give_cookies(&signed_in, &mut response);
    Ok(response)
}
