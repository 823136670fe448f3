//! `/sign-out`, and what is said once it is done.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;

use super::failure::Failure;
use super::form_token::{Holder, Purpose};
use super::local_path::LocalPath;
use super::note::Note;
use super::trouble;
use super::view::form::Trouble;
use super::view::sign_out::{Reach, SignOut, SignedOut};
use super::visit::{Visit, Who, csrf, leave_note, read, return_to};
use super::{Pages, paths, reply};

/// Asks whether to; says that it is done where nobody is signed in.
pub(super) async fn show(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
) -> Result<Response, Failure> {
    if let Who::Member(member) = visit.who(&pages).await? {
        let token = member.token(&pages, Purpose::SignOut);
        let view = SignOut::new(&pages.site, token, member.email(), visit.return_to());
        return Ok(reply::page(&pages, StatusCode::OK, &view));
    }
    let reach = match visit.note() {
        Some(Note::AllOut) => Reach::Everywhere,
        Some(Note::Deleted) => Reach::Account,
        _ => Reach::Here,
    };
    let response = reply::page(&pages, StatusCode::OK, &SignedOut::new(&pages.site, reach));
    Ok(visit.noted(&pages, response))
}

/// Signs out. Who says *sign out* with a cookie that was replaced a moment ago means the session they are in.
pub(super) async fn send(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
    request: Request,
) -> Result<Response, Failure> {
    let form = read(request).await?;
    let onward = return_to(&form);
    let (sid, member) = match visit.who(&pages).await? {
        Who::Member(member) => (Some(member.identity.sid()), Some(member)),
        Who::Replaced(replaced) => (Some(replaced.session), None),
        Who::Nobody | Who::Ended => (None, None),
    };
    let Some(sid) = sid else { return Ok(gone(&pages, None)) };
    if !pages.key.accepts(Holder::Session(sid), Purpose::SignOut, csrf(&form)) {
        // The replaced cookie's page cannot be told whose it is: the next request can.
        let Some(member) = member else { return Ok(reply::see_other(paths::SIGN_OUT)) };
        let token = member.token(&pages, Purpose::SignOut);
        let view =
            SignOut::new(&pages.site, token, member.email(), onward).refused(Trouble::Expired);
        return Ok(reply::page(&pages, trouble::status(Trouble::Expired), &view));
    }
    let frames = pages.engine.front_channel(sid).await?;
    if let Some(cookie) = &visit.session {
        pages.engine.sign_out_cookie(cookie).await?;
    }
    if !frames.is_empty() {
        return Ok(in_frames(&pages, &frames, onward.as_ref().map(LocalPath::as_str)));
    }
    Ok(match onward {
        Some(path) => cleared(&pages, reply::see_other(path.as_str())),
        None => gone(&pages, None),
    })
}

/// To the page that says that it is done, without the cookies of the session that ended.
pub(super) fn gone(pages: &Pages, note: Option<Note>) -> Response {
    let response = cleared(pages, reply::see_other(paths::SIGN_OUT));
    match note {
        Some(note) => leave_note(pages, response, note),
        None => response,
    }
}

/// The page that lets the apps of a session that has ended hear of it, and then goes on.
pub(super) fn in_frames(pages: &Pages, frames: &[String], onward: Option<&str>) -> Response {
    let view = SignedOut { frames, onward, ..SignedOut::new(&pages.site, Reach::Here) };
    cleared(pages, reply::framing(reply::page(pages, StatusCode::OK, &view), frames))
}

/// Takes back the cookies of the session that ended.
pub(super) fn cleared(pages: &Pages, mut response: Response) -> Response {
    pages.session_cookies.take(response.headers_mut());
    response
}
