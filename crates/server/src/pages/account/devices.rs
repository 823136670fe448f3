//! `/account/devices`, and the ways out from there.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use cloakroom_engine::StoreError;
use cloakroom_engine::devices::EndError;
use cloakroom_engine::identity::Identity;
use cloakroom_model::id::SessionId;
use cloakroom_model::password::Password;
use cloakroom_oauth::form::Form;
use http::StatusCode;

use crate::pages::failure::Failure;
use crate::pages::form_token::Purpose;
use crate::pages::member::Member;
use crate::pages::note::Note;
use crate::pages::sign_in::carried;
use crate::pages::sign_out::gone;
use crate::pages::trouble::{self, Unproven};
use crate::pages::view::devices::{Device, Devices, Done, Problem, Which};
use crate::pages::view::form::Trouble;
use crate::pages::view::site::Section;
use crate::pages::visit::{Visit, is_ticked, leave_note, read};
use crate::pages::{Pages, paths, reply};

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
    if sid == member.identity.sid() {
        pages.engine.sign_out(&member.identity).await.map_err(failed)?;
        return Ok(gone(&pages, None));
    }
    Out { pages: &pages, visit: &visit, member: &member, which: Which::One(sid) }.of(&form).await
}

/// Signs all others out.
pub(in crate::pages) async fn others(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
    request: Request,
) -> Result<Response, Response> {
    let (member, form) = allowed(&pages, &visit, request).await?;
    Out { pages: &pages, visit: &visit, member: &member, which: Which::Others }.of(&form).await
}

/// Signs everything out, this browser too.
pub(in crate::pages) async fn all(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
    request: Request,
) -> Result<Response, Response> {
    let (member, _) = allowed(&pages, &visit, request).await?;
    pages.engine.end_my_sessions(&member.identity, true).await.map_err(unended)?;
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

/// A way out of other sessions than this one.
struct Out<'a> {
    pages: &'a Pages,
    visit: &'a Visit,
    member: &'a Member,
    which: Which,
}

impl Out<'_> {
    /// Ends them; where the sign-in here is not fresh, after the password that `form` holds or is shown to get.
    async fn of(&self, form: &Form) -> Result<Response, Response> {
        match self.end(&self.member.identity).await {
            Err(EndError::NotFresh(_)) => {}
            ended => return ended.map(|note| self.back(Some(note))).map_err(unended),
        }
        if !is_ticked(form, "asked") {
            return self.ask(StatusCode::FORBIDDEN, None).await;
        }
        let unfit = StatusCode::UNPROCESSABLE_ENTITY;
        let Some(typed) = form.value("password") else {
            return self.ask(unfit, Some(Problem::NoPassword)).await;
        };
        let Ok(password) = Password::new(typed.to_owned()) else {
            return self.ask(unfit, Some(Problem::WrongPassword)).await;
        };
        let Self { pages, visit, member, .. } = self;
        let brought = visit.brought();
        let renewed = pages
            .engine
            .reauthenticate(&member.identity, &password, &brought, &visit.visitor)
            .await;
        match renewed.map_err(Unproven::from) {
            Ok(renewed) => {
                let identity = member.identity.in_session(Arc::clone(&renewed.session));
                // Whatever comes of the act, the browser needs its new cookie: a failure leads back to the list.
                let ended = self.end(&identity).await;
                Ok(carried(pages, &renewed, self.back(ended.ok())))
            }
            Err(Unproven::Mismatch) => self.ask(unfit, Some(Problem::WrongPassword)).await,
            Err(Unproven::Trouble(why)) => {
                let again = self.ask(trouble::status(why), Some(Problem::Trouble(why))).await?;
                Ok(trouble::with_wait(again, why))
            }
            Err(Unproven::Failure(failure)) => Err(failure.into_response()),
        }
    }

    async fn end(&self, identity: &Identity) -> Result<Note, EndError> {
        let engine = &self.pages.engine;
        match self.which {
            Which::One(sid) if engine.end_my_session(identity, sid).await? => Ok(Note::DeviceOut),
            Which::One(_) => Ok(Note::DeviceOutAlready),
            Which::Others => {
                engine.end_my_sessions(identity, false).await?;
                Ok(Note::OthersOut)
            }
        }
    }

    /// The list, with the question at the way out that was chosen.
    async fn ask(
        &self,
        status: StatusCode,
        problem: Option<Problem>,
    ) -> Result<Response, Response> {
        let view = list(self.pages, self.member).await.map_err(failed)?;
        if !view.has(self.which) {
            let note = match self.which {
                Which::One(_) => Note::DeviceOutAlready,
                Which::Others => Note::OthersOut,
            };
            return Ok(self.back(Some(note)));
        }
        Ok(reply::page(self.pages, status, &view.ask(self.which, problem)))
    }

    fn back(&self, note: Option<Note>) -> Response {
        let response = reply::see_other(paths::DEVICES);
        match note {
            Some(note) => leave_note(self.pages, response, note),
            None => response,
        }
    }
}

fn unended(error: EndError) -> Response {
    match error {
        EndError::Store(error) => failed(error),
        other => Failure::ours(&other).into_response(),
    }
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
