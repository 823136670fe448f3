//! `/setup`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use cloakroom_engine::links::LinkError;
use http::StatusCode;

use super::failure::Failure;
use super::form_token::Purpose;
use super::link::spent;
use super::note::Note;
use super::sign_in::carried;
use super::sign_up::{NoAccount, Refused, Typed};
use super::view::form::Trouble;
use super::view::link::Kind;
use super::view::set_up::SetUp;
use super::visit::{OneTime, Visit, leave_note, read};
use super::{Pages, paths, reply};

/// The form for the holder of the link.
pub(super) async fn show(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
) -> Result<Response, Failure> {
    let Some(link) = visit.link() else { return Ok(spent(&pages, Kind::SetUp)) };
    match pages.engine.look_at_set_up_link(&link.secret, &visit.visitor).await {
        Ok(()) => {}
        Err(LinkError::Limited(limited)) => return Err(limited.into()),
        Err(LinkError::Store(error)) => return Err(error.into()),
        Err(_) => return Ok(spent(&pages, Kind::SetUp)),
    }
    let view = SetUp::new(&pages.site, visit.token(&pages, Purpose::SetUp), link.text);
    Ok(visit.known(&pages, reply::page(&pages, StatusCode::OK, &view)))
}

/// Makes the administrator and signs in, or shows the form again with what was wrong.
pub(super) async fn send(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
    request: Request,
) -> Result<Response, Failure> {
    let form = read(request).await?;
    let Some(link) = OneTime::from_form(&form) else { return Ok(spent(&pages, Kind::SetUp)) };
    let typed = Typed::of(&form);
    let again = |refused: &Refused| {
        let token = visit.token(&pages, Purpose::SetUp);
        let view = SetUp::new(&pages.site, token, link.text.clone())
            .typed(typed.email, typed.username)
            .refused(&refused.problems);
        refused.finish(visit.known(&pages, reply::page(&pages, refused.status, &view)))
    };
    if !visit.may_send(&pages, Purpose::SetUp, &form) {
        return Ok(again(&Refused::by(Trouble::Expired)));
    }
    match typed.sign_up(&pages, &visit, Some(link.secret.clone())).await {
        Ok(signed_in) => {
            let response = carried(&pages, &signed_in, reply::see_other(paths::ACCOUNT));
            Ok(leave_note(&pages, response, Note::Welcome))
        }
        Err(NoAccount::Refused(refused)) => Ok(again(&refused)),
        Err(NoAccount::Failure(failure)) => Err(failure),
        Err(NoAccount::LinkSpent | NoAccount::Closed) => Ok(spent(&pages, Kind::SetUp)),
    }
}
