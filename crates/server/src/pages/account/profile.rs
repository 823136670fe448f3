//! `/account`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use cloakroom_engine::profile::ProfileError;
use cloakroom_model::password::Password;
use cloakroom_model::user::{Email, Username};
use cloakroom_oauth::form::Form;
use http::StatusCode;

use crate::pages::failure::Failure;
use crate::pages::form_token::Purpose;
use crate::pages::note::Note;
use crate::pages::trouble::{self, Unproven};
use crate::pages::view::form::Trouble;
use crate::pages::view::profile::{Problem, Profile};
use crate::pages::view::site::Section;
use crate::pages::visit::{Visit, leave_note, read};
use crate::pages::{Pages, paths, reply};

/// The profile.
pub(in crate::pages) async fn show(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
) -> Result<Response, Response> {
    let member = visit.member(&pages).await?;
    let room = member.room(&pages, Section::Profile);
    let mut view = Profile::new(room, &member.user, member.token(&pages, Purpose::Profile));
    match visit.note() {
        Some(Note::Welcome) => view = view.welcome(),
        Some(Note::ProfileChanged) => view = view.changed(),
        _ => {}
    }
    Ok(visit.noted(&pages, reply::page(&pages, StatusCode::OK, &view)))
}

/// Changes email and username, or shows the form again with what was wrong.
pub(in crate::pages) async fn send(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
    request: Request,
) -> Result<Response, Response> {
    let form = read(request).await.map_err(Failure::into_response)?;
    let member = visit.member(&pages).await?;
    let typed = Typed::of(&form);
    let again = |status, problems: &[Problem]| {
        let room = member.room(&pages, Section::Profile);
        let view = Profile::new(room, &member.user, member.token(&pages, Purpose::Profile))
            .typed(typed.email, typed.username)
            .refused(problems);
        reply::page(&pages, status, &view)
    };
    if !member.may_send(&pages, Purpose::Profile, &form) {
        let problem = Problem::Trouble(Trouble::Expired);
        return Ok(again(trouble::status(Trouble::Expired), &[problem]));
    }
    let password = match typed.fit() {
        Ok(password) => password,
        Err(problems) => return Ok(again(StatusCode::UNPROCESSABLE_ENTITY, &problems)),
    };
    let username = (!typed.username.is_empty()).then_some(typed.username);
    let (identity, brought) = (&member.identity, visit.brought());
    let changed = pages
        .engine
        .change_my_names(identity, &password, typed.email, username, &brought, &visit.visitor)
        .await;
    let unproven = match changed {
        Ok(_) => {
            return Ok(leave_note(&pages, reply::see_other(paths::ACCOUNT), Note::ProfileChanged));
        }
        Err(ProfileError::EmailTaken) => {
            return Ok(again(StatusCode::CONFLICT, &[Problem::EmailTaken]));
        }
        Err(ProfileError::UsernameTaken) => {
            return Ok(again(StatusCode::CONFLICT, &[Problem::UsernameTaken]));
        }
        Err(error) => Unproven::from(error),
    };
    Ok(match unproven {
        Unproven::Mismatch => again(StatusCode::UNPROCESSABLE_ENTITY, &[Problem::WrongPassword]),
        Unproven::Trouble(why) => {
            trouble::with_wait(again(trouble::status(why), &[Problem::Trouble(why)]), why)
        }
        Unproven::Failure(failure) => failure.into_response(),
    })
}

/// What somebody who wants another name typed.
struct Typed<'a> {
    email: &'a str,
    username: &'a str,
    password: &'a str,
}

impl<'a> Typed<'a> {
    fn of(form: &'a Form) -> Self {
        let text = |name| form.value(name).unwrap_or_default();
        // A keyboard's suggestion ends with a space.
        Self {
            email: text("email").trim(),
            username: text("username").trim(),
            password: text("current_password"),
        }
    }

    /// The password, or all that is wrong before anybody is asked.
    fn fit(&self) -> Result<Password, Vec<Problem>> {
        let email = match Email::parse(self.email) {
            _ if self.email.is_empty() => Some(Problem::NoEmail),
            Err(_) => Some(Problem::NotAnEmail),
            Ok(_) => None,
        };
        let unfit = !self.username.is_empty() && Username::parse(self.username).is_err();
        let username = unfit.then_some(Problem::NotAUsername);
        let password = if self.password.is_empty() {
            Err(Problem::NoPassword)
        } else {
            // Nobody has a password that is longer than any that is kept.
            Password::new(self.password.to_owned()).map_err(|_| Problem::WrongPassword)
        };
        match (email, username, password) {
            (None, None, Ok(password)) => Ok(password),
            (email, username, password) => {
                Err(email.into_iter().chain(username).chain(password.err()).collect())
            }
        }
    }
}
