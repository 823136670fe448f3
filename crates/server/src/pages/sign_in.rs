//! `/sign-in`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use cloakroom_engine::begin::SignedIn;
use cloakroom_engine::sign_in::{SignIn as Wish, SignInError};
use cloakroom_model::password::Password;
use cloakroom_model::session::Carrier;
use http::StatusCode;

use super::authorize::{behind, leading_on};
use super::failure::Failure;
use super::form_token::Purpose;
use super::local_path::LocalPath;
use super::note::Note;
use super::trouble::{self, Unproven};
use super::view::form::Trouble;
use super::view::sign_in::{Because, Problem, SignIn};
use super::visit::{Visit, Who, is_ticked, read, return_to};
use super::{Pages, paths, reply, says};
use crate::forward_auth::return_address::ReturnAddress;

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
    form(&pages, &visit, onward, because).await
}

/// The form, whoever is signed in.
pub(super) async fn show_to_another(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
) -> Result<Response, Failure> {
    let onward = visit.return_to();
    form(&pages, &visit, onward, Some(Because::Another)).await
}

async fn form(
    pages: &Pages,
    visit: &Visit,
    onward: Option<LocalPath>,
    because: Option<Because>,
) -> Result<Response, Failure> {
    let question = match &onward {
        Some(path) => behind(pages, visit, path).await?,
        None => None,
    };
    let token = visit.token(pages, Purpose::SignIn);
    let mut view = SignIn::new(&pages.site, token, onward.clone());
    if let Some(hint) = question.as_ref().and_then(|asked| asked.request.login_hint.as_deref()) {
        view = view.typed(hint, false);
    }
    let address = onward.as_ref().and_then(|path| super::onward::behind(pages, path));
    if let Some(because) = because {
        view = view.because(because);
    }
    view = view.leads_to(host_of(address.as_ref()));
    if let Some(question) = &question {
        view = view.sent_by(says::by(question));
    }
    let page = reply::page(pages, StatusCode::OK, &view);
    let page = match (&question, &address) {
        (Some(question), _) => reply::leading_to(page, &question.request.redirect_uri),
        (None, Some(address)) => reply::leading_to(page, address.as_str()),
        (None, None) => page,
    };
    Ok(visit.known(pages, visit.noted(pages, page)))
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
    let address = onward.as_ref().and_then(|path| super::onward::behind(&pages, path));
    let again = async |status, problems: &[Problem]| {
        let view = SignIn::new(&pages.site, visit.token(&pages, Purpose::SignIn), onward.clone())
            .leads_to(host_of(address.as_ref()))
            .typed(identifier, remember)
            .refused(problems);
        let page = visit.known(&pages, reply::page(&pages, status, &view));
        leading_on(&pages, &visit, onward.as_ref(), page).await
    };
    if !visit.may_send(&pages, Purpose::SignIn, &form) {
        let problem = Problem::Trouble(Trouble::Expired);
        return again(trouble::status(Trouble::Expired), &[problem]).await;
    }
    let (Some(password), false) = (password, identifier.is_empty()) else {
        let missing = [
            identifier.is_empty().then_some(Problem::NoIdentifier),
            password.is_none().then_some(Problem::NoPassword),
        ];
        let missing: Vec<_> = missing.into_iter().flatten().collect();
        return again(StatusCode::UNPROCESSABLE_ENTITY, &missing).await;
    };
    let Ok(password) = Password::new(password.to_owned()) else {
        // Nobody has a password that is longer than any that is kept.
        return again(StatusCode::UNPROCESSABLE_ENTITY, &[Problem::Mismatch]).await;
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
            again(StatusCode::UNPROCESSABLE_ENTITY, &[Problem::Mismatch]).await
        }
        Err(Unproven::Trouble(why)) => {
            let response = again(trouble::status(why), &[Problem::Trouble(why)]).await?;
            Ok(trouble::with_wait(response, why))
        }
        Err(Unproven::Failure(failure)) => Err(failure),
    }
}

fn host_of(address: Option<&ReturnAddress>) -> Option<&str> {
    address.map(|address| address.host().rule.host.as_str())
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
