//! `/account/password`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use cloakroom_engine::profile::ProfileError;
use cloakroom_model::password::Password as Secret;
use http::StatusCode;

use crate::pages::failure::Failure;
use crate::pages::form_token::Purpose;
use crate::pages::note::Note;
use crate::pages::sign_in::carried;
use crate::pages::trouble::{self, Unproven};
use crate::pages::view::form::Trouble;
use crate::pages::view::password::{Password, Problem};
use crate::pages::view::sign_up::BadPassword;
use crate::pages::view::site::Section;
use crate::pages::visit::{Visit, is_ticked, leave_note, read};
use crate::pages::{Pages, paths, reply};

/// The form.
pub(in crate::pages) async fn show(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
) -> Result<Response, Response> {
    let member = visit.member(&pages).await?;
    let room = member.room(&pages, Section::Password);
    let mut view = Password::new(room, member.token(&pages, Purpose::Password));
    match visit.note() {
        Some(Note::PasswordChanged) => view = view.changed(false),
        Some(Note::PasswordChangedAndOthersOut) => view = view.changed(true),
        _ => {}
    }
    Ok(visit.noted(&pages, reply::page(&pages, StatusCode::OK, &view)))
}

/// Changes the password, or shows the form again with what was wrong.
pub(in crate::pages) async fn send(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
    request: Request,
) -> Result<Response, Response> {
    let form = read(request).await.map_err(Failure::into_response)?;
    let member = visit.member(&pages).await?;
    let end_others = is_ticked(&form, "end_others");
    let again = |status, problems: &[Problem]| {
        let room = member.room(&pages, Section::Password);
        let view = Password::new(room, member.token(&pages, Purpose::Password))
            .typed(end_others)
            .refused(problems);
        reply::page(&pages, status, &view)
    };
    if !member.may_send(&pages, Purpose::Password, &form) {
        let problem = Problem::Trouble(Trouble::Expired);
        return Ok(again(trouble::status(Trouble::Expired), &[problem]));
    }
    let typed = |name| form.value(name).unwrap_or_default();
    let (current, new) = match read_both(typed("current_password"), typed("new_password")) {
        Ok(both) => both,
        Err(problems) => return Ok(again(StatusCode::UNPROCESSABLE_ENTITY, &problems)),
    };
    let (engine, brought) = (&pages.engine, visit.brought());
    let changed = engine
        .change_my_password(&member.identity, &current, &new, end_others, &brought, &visit.visitor)
        .await;
    let refused = match changed {
        Ok(signed_in) => {
            let response = carried(&pages, &signed_in, reply::see_other(paths::PASSWORD));
            let note =
                if end_others { Note::PasswordChangedAndOthersOut } else { Note::PasswordChanged };
            return Ok(leave_note(&pages, response, note));
        }
        Err(ProfileError::NewPassword(refusal)) => {
            let problem = Problem::New(BadPassword::Refused(refusal));
            return Ok(again(StatusCode::UNPROCESSABLE_ENTITY, &[problem]));
        }
        Err(error) => Unproven::from(error),
    };
    Ok(match refused {
        Unproven::Mismatch => again(StatusCode::UNPROCESSABLE_ENTITY, &[Problem::WrongCurrent]),
        Unproven::Trouble(why) => {
            trouble::with_wait(again(trouble::status(why), &[Problem::Trouble(why)]), why)
        }
        Unproven::Failure(failure) => failure.into_response(),
    })
}

/// Both passwords, or what is wrong with them before anybody is asked.
fn read_both(current: &str, new: &str) -> Result<(Secret, Secret), Vec<Problem>> {
    let current_read = if current.is_empty() {
        Err(Problem::NoCurrent)
    } else {
        Secret::new(current.to_owned()).map_err(|_| Problem::WrongCurrent)
    };
    let new_read = if new.is_empty() {
        Err(Problem::New(BadPassword::Missing))
    } else if new == current {
        Err(Problem::New(BadPassword::Same))
    } else {
        Secret::new(new.to_owned()).map_err(|_| Problem::New(BadPassword::TooLong))
    };
    match (current_read, new_read) {
        (Ok(current), Ok(new)) => Ok((current, new)),
        (current, new) => Err(current.err().into_iter().chain(new.err()).collect()),
    }
}
