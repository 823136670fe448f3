//! `POST /api/v1/guest`.

use axum::extract::State;
use axum::response::Response;
use cloakroom_model::id::ClientId;
use cloakroom_model::session::Carrier;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer;
use crate::api::view::{CarrierSchema, SignedInView};
use crate::app::App;
use crate::around::Around;
use crate::body::Json;
use crate::problem::{Kind, Problem};

/// Somebody who is not asked who they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GuestRequest)]
pub struct Request {
    #[schema(value_type = CarrierSchema)]
    carry: Carrier,
    /// The built-in client `cloakroom` where there is none.
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9._~:/-]{1,255}$")]
    client_id: Option<ClientId>,
}

/// Begins a session without a user.
pub async fn post(
    State(app): State<App>,
    around: Around,
    Json(Request { carry, client_id }): Json<Request>,
) -> Result<Response, Problem> {
    // A second cookie would leave the first session alive, with nobody who could sign it out.
    if carry == Carrier::Cookie
        && let Some(cookie) = &around.browser.session
        && app.engine.check_cookie(cookie).await.is_ok()
    {
        return Err(Problem::because(Kind::Conflict, "This browser has a session already."));
    }
    let signed_in = app.engine.begin_guest(carry, client_id.as_ref(), &around.visitor).await?;
    let mut response = answer::json(StatusCode::CREATED, &SignedInView::new(&signed_in, carry));
    app.give_cookies(&signed_in, &mut response);
    Ok(response)
}
