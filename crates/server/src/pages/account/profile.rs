//! `/account`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use cloakroom_model::user::Username;
use http::StatusCode;

use crate::pages::note::Note;
use crate::pages::view::moment::Moment;
use crate::pages::view::profile::Profile;
use crate::pages::view::site::Section;
use crate::pages::visit::Visit;
use crate::pages::{Pages, reply};

/// The profile.
pub(in crate::pages) async fn show(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
) -> Result<Response, Response> {
    let member = visit.member(&pages).await?;
    let user = &member.user;
    let username = user.username.as_ref().map(Username::as_str);
    let room = member.room(&pages, Section::Profile);
    let mut view = Profile::new(room, username, Moment::new(user.created_at), user.is_admin());
    if visit.note() == Some(Note::Welcome) {
        view = view.welcome();
    }
    Ok(visit.noted(&pages, reply::page(&pages, StatusCode::OK, &view)))
}
