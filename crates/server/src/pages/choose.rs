//! `/sign-in/choose`: which account an app shall get to know, where it asks for that.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use super::authorize::chosen;
use super::failure::Failure;
use super::form_token::Purpose;
use super::view::choose::Choose;
use super::visit::Visit;
use super::{Pages, paths, reply};

/// The account that is there, and the way to another.
pub(super) async fn show(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
) -> Result<Response, Response> {
    let member = visit.member(&pages).await?;
    let onward = visit.return_to().ok_or_else(|| Failure::BadRequest.into_response())?;
    let view = Choose {
        site: &pages.site,
        who: member.email(),
        this: chosen(&onward, member.token(&pages, Purpose::Choose).as_str()),
        another: onward.as_return_to(paths::SIGN_IN_AS_ANOTHER),
    };
    Ok(reply::page(&pages, StatusCode::OK, &view))
}
