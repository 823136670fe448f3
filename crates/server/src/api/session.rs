//! `GET` and `POST /api/v1/session`: who is there?

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::Request;

use crate::api::view::IdentityView;
use crate::app::App;
use crate::caller::Caller;
use crate::place::Passed;
use crate::problem::Problem;
use crate::{answer, body};

/// Whoever the request carries, whichever way.
pub async fn get(State(app): State<App>, request: Request<Body>) -> Result<Response, Problem> {
    // As an argument of its own the head would be a copy.
    let (parts, _) = request.into_parts();
    let passed = Passed::before(&app, &parts.headers);
    let caller = Caller::of_anybody(&app, &parts).await?;
    Ok(passed.told_by(shown(&app, &caller)))
}

/// The same for clients that may put their token into a form body (RFC 6750 §2.2).
pub async fn post(State(app): State<App>, request: Request<Body>) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let form = body::form(&parts.headers, body).await?;
    let passed = Passed::before(&app, &parts.headers);
    let caller = Caller::of(&app, &parts, Some(&form)).await?;
    Ok(passed.told_by(shown(&app, &caller)))
}

fn shown(app: &App, Caller { identity, .. }: &Caller) -> Response {
    answer::ok(&IdentityView::new(identity, app.engine.knows(identity)))
}
