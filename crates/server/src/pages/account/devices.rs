//! `/account/devices`, and the ways out from there.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use cloakroom_engine::StoreError;
use cloakroom_model::id::SessionId;
use cloakroom_oauth::form::Form;
use http::StatusCode;

use crate::pages::failure::Failure;
use crate::pages::form_token::Purpose;
use crate::pages::member::Member;
use crate::pages::note::Note;
use crate::pages::sign_out::gone;
use crate::pages::view::devices::{Device, Devices, Done};
use crate::pages::view::form::Trouble;
use crate::pages::view::site::Section;
use crate::pages::visit::{Visit, leave_note, read};
use crate::pages::{Pages, paths, reply, trouble};

/// The list.
pub(in crate::pages) async fn show(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
) -> Result<Response, Response> {
    let member = visit.member(&pages).await?;
    let mut view = list(&pages, &member).await.map_err(failed)?;
    let done = match visit.note() {
        Some(Note::DeviceOut) => Some(Done::One),
        Some(Note::DeviceOutAlready) => Some(Done::Already),
        Some(Note::OthersOut) => Some(Done::Others),
        _ => None,
    };
    if let Some(done) = done {
        view = view.done(done);
    }
    Ok(visit.noted(&pages, reply::page(&pages, StatusCode::OK, &view)))
}

/// Back to the list, for who loads the address of an act.
pub(in crate::pages) async fn back() -> Response {
    reply::see_other(paths::DEVICES)
}

/// Signs one device out.
pub(in crate::pages) async fn one(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
    request: Request,
) -> Result<Response, Response> {
    let (member, form) = allowed(&pages, &visit, request).await?;
    let sid: SessionId = form
        .value("sid")
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Failure::BadRequest.into_response())?;
    let ended = pages.engine.end_my_session(&member.identity, sid).await.map_err(failed)?;
    Ok(if sid == member.identity.sid() {
        gone(&pages, None)
    } else {
        let note = if ended { Note::DeviceOut } else { Note::DeviceOutAlready };
        leave_note(&pages, reply::see_other(paths::DEVICES), note)
    })
}

/// Signs all others out.
pub(in crate::pages) async fn others(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
    request: Request,
) -> Result<Response, Response> {
    let (member, _) = allowed(&pages, &visit, request).await?;
    pages.engine.end_my_sessions(&member.identity, false).await.map_err(failed)?;
    Ok(leave_note(&pages, reply::see_other(paths::DEVICES), Note::OthersOut))
}

/// Signs everything out, this browser too.
pub(in crate::pages) async fn all(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
    request: Request,
) -> Result<Response, Response> {
    let (member, _) = allowed(&pages, &visit, request).await?;
    pages.engine.end_my_sessions(&member.identity, true).await.map_err(failed)?;
    Ok(gone(&pages, Some(Note::AllOut)))
}

/// The member and the form, where the form was shown to this session; else the list with a word about it.
async fn allowed(
    pages: &Pages,
    visit: &Visit,
    request: Request,
) -> Result<(Member, Form), Response> {
    let form = read(request).await.map_err(Failure::into_response)?;
    let member = visit.member(pages).await?;
    if member.may_send(pages, Purpose::Devices, &form) {
        return Ok((member, form));
    }
    let view = list(pages, &member).await.map_err(failed)?.refused(Trouble::Expired);
    Err(reply::page(pages, trouble::status(Trouble::Expired), &view))
}

async fn list<'a>(pages: &'a Pages, member: &'a Member) -> Result<Devices<'a>, StoreError> {
    let sessions = pages.engine.list_sessions(member.user.id).await?;
    let (here, now) = (member.identity.sid(), pages.engine.now());
    let devices = sessions.iter().map(|session| Device::new(session, here, now)).collect();
    let token = member.token(pages, Purpose::Devices);
    Ok(Devices::new(member.room(pages, Section::Devices), token, devices))
}

fn failed(error: StoreError) -> Response {
    Failure::from(error).into_response()
}
