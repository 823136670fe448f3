//! `/sign-in`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use cloakroom_engine::begin::SignedIn;
use cloakroom_engine::sign_in::{SignIn as Wish, SignInError};
use cloakroom_model::password::Password;
use cloakroom_model::session::Carrier;
use http::StatusCode;

use super::failure::Failure;
use super::form_token::Purpose;
use super::local_path::LocalPath;
use super::note::Note;
use super::trouble::{self, Unproven};
use super::view::form::Trouble;
use super::view::sign_in::{Because, Problem, SignIn};
use super::visit::{Visit, Who, is_ticked, read, return_to};
use super::{Pages, paths, reply};

/// The form, or straight on where somebody is signed in already.
pub(super) async fn show(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
) -> Result<Response, Failure> {
    let onward = visit.return_to();
    let who = visit.who(&pages).await?;
    if let Who::Member(_) = who {
        return Ok(go_on(onward.as_ref()));
    }
    let because = match who {
        _ if visit.note() == Some(Note::Recovered) => Some(Because::Recovered),
        Who::Ended => Some(Because::Ended),
        _ => onward.is_some().then_some(Because::Needed),
    };
    let mut view = SignIn::new(&pages.site, visit.token(&pages, Purpose::SignIn), onward);
    if let Some(because) = because {
        view = view.because(because);
    }
    let response = reply::page(&pages, StatusCode::OK, &view);
    Ok(visit.known(&pages, visit.noted(&pages, response)))
}

/// Signs in, or shows the form again with what was wrong.
pub(super) async fn send(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
    request: Request,
) -> Result<Response, Failure> {
    let form = read(request).await?;
    let identifier = form.value("identifier").unwrap_or_default().trim();
    let password = form.value("password");
    let remember = is_ticked(&form, "remember");
    let onward = return_to(&form);
    let again = |status, problems: &[Problem]| {
        let view = SignIn::new(&pages.site, visit.token(&pages, Purpose::SignIn), onward.clone())
            .typed(identifier, remember)
            .refused(problems);
        visit.known(&pages, reply::page(&pages, status, &view))
    };
    if !visit.may_send(&pages, Purpose::SignIn, &form) {
        let problem = Problem::Trouble(Trouble::Expired);
        return Ok(again(trouble::status(Trouble::Expired), &[problem]));
    }
    let (Some(password), false) = (password, identifier.is_empty()) else {
        let missing = [
            identifier.is_empty().then_some(Problem::NoIdentifier),
            password.is_none().then_some(Problem::NoPassword),
        ];
        let missing: Vec<_> = missing.into_iter().flatten().collect();
        return Ok(again(StatusCode::UNPROCESSABLE_ENTITY, &missing));
    };
    let Ok(password) = Password::new(password.to_owned()) else {
        // Nobody has a password that is longer than any that is kept.
        return Ok(again(StatusCode::UNPROCESSABLE_ENTITY, &[Problem::Mismatch]));
    };
    let wish = Wish {
        identifier: identifier.to_owned(),
        password,
        carry: Carrier::Cookie,
        client: None,
        remember,
        browser: visit.brought(),
    };
    match pages.engine.sign_in(wish, &visit.visitor).await.map_err(SignInError::into) {
        Ok(signed_in) => Ok(carried(&pages, &signed_in, go_on(onward.as_ref()))),
        Err(Unproven::Mismatch) => {
            Ok(again(StatusCode::UNPROCESSABLE_ENTITY, &[Problem::Mismatch]))
        }
        Err(Unproven::Trouble(why)) => {
            let response = again(trouble::status(why), &[Problem::Trouble(why)]);
            Ok(trouble::with_wait(response, why))
        }
        Err(Unproven::Failure(failure)) => Err(failure),
    }
}

/// To where somebody wanted to go, or to the account.
pub(super) fn go_on(onward: Option<&LocalPath>) -> Response {
    reply::see_other(onward.map_or(paths::ACCOUNT, LocalPath::as_str))
}

/// Adds the cookies of a session that began or stepped up.
pub(super) fn carried(pages: &Pages, signed_in: &SignedIn, mut response: Response) -> Response {
    pages.session_cookies.give(&pages.engine, signed_in, response.headers_mut());
    response
}
