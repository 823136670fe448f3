//! `/device`: the code of a device that waits, the question whether it may come in, and the answer (RFC 8628 §3.3).
//!
//! No address leads past the code: what waits with it is shown only after a form of ours was sent with it, whoever wrote
//! the link.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use cloakroom_engine::device_authorization::{Answered, LookError, WaitingDevice};
use cloakroom_model::registration::RegisteredBy;
use cloakroom_oauth::device_authorization::UserCode;
use http::StatusCode;

use super::failure::Failure;
use super::form_token::Purpose;
use super::local_path::LocalPath;
use super::member::Member;
use super::note::Note;
use super::view::consent::Want;
use super::view::device::{AskCode, AskDevice, Asked, DeviceDone, Problem};
use super::view::form::Trouble;
use super::view::moment::Ago;
use super::visit::{Visit, Who, leave_note, read};
use super::{Pages, paths, reply, trouble};

/// The form, with the code that the address brings.
pub(super) async fn show(State(pages): State<Arc<Pages>>, visit: Visit) -> Response {
    let mut view = AskCode::new(&pages.site, visit.token(&pages, Purpose::Device));
    if let Some(code) = visit.parameter("user_code").and_then(|text| UserCode::parse(text).ok()) {
        view = view.brought(&code.shown());
    }
    visit.known(&pages, reply::page(&pages, StatusCode::OK, &view))
}

/// Asks whether the device that shows the code may come in; after the sign-in, where nobody is there yet.
pub(super) async fn send(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
    request: Request,
) -> Result<Response, Failure> {
    let form = read(request).await?;
    let typed = form.value("user_code").unwrap_or_default();
    let again = |problem| Ok(ask_code(&pages, &visit, typed, problem));
    if !visit.may_send(&pages, Purpose::Device, &form) {
        return again(Problem::Trouble(Trouble::Expired));
    }
    let Ok(code) = UserCode::parse(typed) else {
        return again(if typed.trim().is_empty() { Problem::NoCode } else { Problem::NotACode });
    };
    let Who::Member(member) = visit.who(&pages).await? else {
        return Ok(reply::see_other(&by_way_of(paths::SIGN_IN, &code)));
    };
    match pages.engine.look_at_device(&code, &member.identity, &visit.visitor).await {
        Ok(Some(device)) => Ok(ask_device(&pages, &member, &code, &device)),
        Ok(None) => again(Problem::Unknown),
        Err(error) => again(unseen(error)?),
    }
}

/// Back to the code, for who loads the address of the answer.
pub(super) async fn back() -> Response {
    reply::see_other(paths::DEVICE)
}

/// Lets the device in, or turns it away.
pub(super) async fn answer(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
    request: Request,
) -> Result<Response, Response> {
    let form = read(request).await.map_err(Failure::into_response)?;
    let member = visit.member(&pages).await?;
    let bad = || Failure::BadRequest.into_response();
    let text = form.value("user_code").unwrap_or_default();
    let again = |problem| ask_code(&pages, &visit, text, problem);
    let code = UserCode::parse(text).map_err(|_| bad())?;
    if !member.may_send(&pages, Purpose::DeviceAnswer, &form) {
        return Ok(again(Problem::Trouble(Trouble::Expired)));
    }
    let (identity, visitor) = (&member.identity, &visit.visitor);
    let (answered, note) = match form.value("answer") {
        Some("allow") => (pages.engine.let_device_in(&code, identity, visitor).await, Note::LetIn),
        Some("deny") => {
            (pages.engine.turn_device_away(&code, identity, visitor).await, Note::TurnedAway)
        }
        _ => return Err(bad()),
    };
    match answered {
        Ok(Answered::Done) => Ok(leave_note(&pages, reply::see_other(paths::DEVICE_DONE), note)),
        Ok(Answered::Gone) => Ok(again(Problem::Unknown)),
        Ok(Answered::SignedOut) => Ok(reply::see_other(&by_way_of(paths::SIGN_IN, &code))),
        Err(error) => unseen(error).map(again).map_err(Failure::into_response),
    }
}

/// What became of it.
pub(super) async fn done(State(pages): State<Arc<Pages>>, visit: Visit) -> Response {
    let let_in = match visit.note() {
        Some(Note::LetIn) => true,
        Some(Note::TurnedAway) => false,
        _ => return reply::see_other(paths::DEVICE),
    };
    let view = DeviceDone { site: &pages.site, let_in };
    visit.noted(&pages, reply::page(&pages, StatusCode::OK, &view))
}

/// The form again, with what was wrong.
fn ask_code(pages: &Pages, visit: &Visit, typed: &str, problem: Problem) -> Response {
    let token = visit.token(pages, Purpose::Device);
    let view = AskCode::new(&pages.site, token).typed(typed).refused(problem);
    let (status, why) = match problem {
        Problem::Trouble(why) => (trouble::status(why), Some(why)),
        _ => (StatusCode::UNPROCESSABLE_ENTITY, None),
    };
    let page = visit.known(pages, reply::page(pages, status, &view));
    match why {
        Some(why) => trouble::with_wait(page, why),
        None => page,
    }
}

fn ask_device(pages: &Pages, member: &Member, code: &UserCode, device: &WaitingDevice) -> Response {
    let mut wants: Vec<_> =
        device.scope.words().iter().map(|scope| Want::of_scope(scope)).collect();
    wants.sort_by_key(|want| !matches!(want, Want::Known(_)));
    let asked = Asked {
        client: &device.client.name,
        unknown: device.client.registration.by != RegisteredBy::Operator,
        code: code.shown(),
        address: &device.address,
        is_near: device.is_near,
        began: Ago::new(device.began_at, pages.engine.now()),
        who: member.email(),
        wants,
        another: by_way_of(paths::SIGN_IN_AS_ANOTHER, code),
    };
    let view = AskDevice::new(&pages.site, member.token(pages, Purpose::DeviceAnswer), asked);
    reply::page(pages, StatusCode::OK, &view)
}

/// The address of a sign-in that leads back to this code.
fn by_way_of(page: &str, code: &UserCode) -> String {
    let back = format!("{}?user_code={}", paths::DEVICE, &*code.shown());
    // Letters and a hyphen: it is always a path of ours.
    LocalPath::parse(&back).map_or_else(|_| page.to_owned(), |path| path.as_return_to(page))
}

/// Why nobody looked, in the words of the form.
fn unseen(error: LookError) -> Result<Problem, Failure> {
    match error {
        LookError::Limited(limited) => Ok(Problem::Trouble(Trouble::TooMany(limited.retry_after))),
        LookError::Store(error) => Err(error.into()),
        other => Err(Failure::ours(&other)),
    }
}
