//! `POST /oauth/revoke` (RFC 7009).

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use cloakroom_oauth::token_in_question::TokenInQuestion;
use http::Request;

use crate::app::App;
use crate::around::Around;
use crate::oauth::client;
use crate::oauth::refusal::Refusal;
use crate::problem::Problem;

/// Ends what a client gives back. What is nothing any more is answered like what ended (§2.2).
pub async fn post(
    State(app): State<App>,
    Around { visitor, .. }: Around,
    request: Request<Body>,
) -> Result<Response, Refusal> {
    let (_, form, client) = client::read(&app, &visitor, request).await?;
    let request = TokenInQuestion::read(&form)?;
    app.engine.revoke(&request, &client).await.map_err(Problem::from)?;
    Ok(Response::new(Body::empty()))
}
