//! `/account/delete`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use cloakroom_model::password::Password;
use http::StatusCode;

use crate::pages::failure::Failure;
use crate::pages::form_token::Purpose;
use crate::pages::note::Note;
use crate::pages::sign_out::gone;
use crate::pages::trouble::{self, Unproven};
use crate::pages::view::delete::{Delete, Problem};
use crate::pages::view::form::Trouble;
use crate::pages::view::site::Section;
use crate::pages::visit::{Visit, read};
use crate::pages::{Pages, reply};

/// The form.
pub(in crate::pages) async fn show(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
) -> Result<Response, Response> {
    let member = visit.member(&pages).await?;
    let room = member.room(&pages, Section::Delete);
    let view = Delete::new(room, member.token(&pages, Purpose::Delete));
    Ok(reply::page(&pages, StatusCode::OK, &view))
}

/// Deletes the account, or shows the form again with what was wrong.
pub(in crate::pages) async fn send(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
    request: Request,
) -> Result<Response, Response> {
    let form = read(request).await.map_err(Failure::into_response)?;
    let member = visit.member(&pages).await?;
    let again = |status, problem| {
        let room = member.room(&pages, Section::Delete);
        let view = Delete::new(room, member.token(&pages, Purpose::Delete)).refused(problem);
        reply::page(&pages, status, &view)
    };
    if !member.may_send(&pages, Purpose::Delete, &form) {
        let problem = Problem::Trouble(Trouble::Expired);
        return Ok(again(trouble::status(Trouble::Expired), problem));
    }
    let Some(typed) = form.value("password") else {
        return Ok(again(StatusCode::UNPROCESSABLE_ENTITY, Problem::NoPassword));
    };
    let Ok(password) = Password::new(typed.to_owned()) else {
        return Ok(again(StatusCode::UNPROCESSABLE_ENTITY, Problem::WrongPassword));
    };
    let brought = visit.brought();
    let deleted =
        pages.engine.delete_me(&member.identity, &password, &brought, &visit.visitor).await;
    Ok(match deleted.map_err(Unproven::from) {
        Ok(()) => gone(&pages, Some(Note::Deleted)),
        Err(Unproven::Mismatch) => again(StatusCode::UNPROCESSABLE_ENTITY, Problem::WrongPassword),
        Err(Unproven::Trouble(why)) => {
            trouble::with_wait(again(trouble::status(why), Problem::Trouble(why)), why)
        }
        Err(Unproven::Failure(failure)) => failure.into_response(),
    })
}
