//! `GET` and `POST /api/v1/session`: who is there?

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Request, Uri};

use crate::api::view::IdentityView;
use crate::app::App;
use crate::caller::Caller;
use crate::problem::Problem;
use crate::{answer, body};

/// Whoever the request carries, whichever way.
pub async fn get(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let caller = Caller::of_anybody(&app, &headers, uri.query()).await?;
    Ok(shown(&app, &caller))
}

/// The same for clients that may put their token into a form body (RFC 6750 §2.2).
pub async fn post(State(app): State<App>, request: Request<Body>) -> Result<Response, Problem> {
    let (headers, query) = (request.headers().clone(), request.uri().query().map(str::to_owned));
    let form = body::form(request).await?;
    let caller = Caller::of(&app, &headers, query.as_deref(), Some(&form)).await?;
    Ok(shown(&app, &caller))
}

fn shown(app: &App, Caller { identity, .. }: &Caller) -> Response {
    answer::ok(&IdentityView::new(identity, app.engine.knows(identity)))
}
