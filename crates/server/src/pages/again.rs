//! `/sign-in/again`: the person who is there proves once more who they are, because an app asks for it. The session goes on.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use cloakroom_model::password::Password;
use http::StatusCode;

use super::authorize::leading_on;
use super::failure::Failure;
use super::form_token::Purpose;
use super::local_path::LocalPath;
use super::member::Member;
use super::onward::behind;
use super::sign_in::{carried, go_on};
use super::trouble::{self, Unproven};
use super::view::again::{Again, Problem};
use super::view::form::Trouble;
use super::visit::{Visit, read, return_to};
use super::{Pages, reply};

/// The form.
pub(super) async fn show(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
) -> Result<Response, Response> {
    let member = visit.member(&pages).await?;
    let onward = visit.return_to();
    let form = form(&pages, &visit, &member, onward.as_ref(), StatusCode::OK, None).await;
    form.map_err(Failure::into_response)
}

/// Renews the proof, or shows the form again with what was wrong.
pub(super) async fn send(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
    request: Request,
) -> Result<Response, Response> {
    let sent = read(request).await.map_err(Failure::into_response)?;
    let member = visit.member(&pages).await?;
    let onward = return_to(&sent);
    let password = sent.value("password");
    let problem = if member.may_send(&pages, Purpose::Again, &sent) {
        match password.map(|typed| Password::new(typed.to_owned())) {
            None => Problem::NoPassword,
            Some(Err(_)) => Problem::Mismatch,
            Some(Ok(password)) => {
                let (identity, brought) = (&member.identity, visit.brought());
                let renewed = pages
                    .engine
                    .reauthenticate(identity, &password, &brought, &visit.visitor)
                    .await;
                match renewed.map_err(Unproven::from) {
                    Ok(renewed) => return Ok(carried(&pages, &renewed, go_on(onward.as_ref()))),
                    Err(Unproven::Mismatch) => Problem::Mismatch,
                    Err(Unproven::Trouble(why)) => Problem::Trouble(why),
                    Err(Unproven::Failure(failure)) => return Err(failure.into_response()),
                }
            }
        }
    } else {
        Problem::Trouble(Trouble::Expired)
    };
    let status = match problem {
        Problem::NoPassword | Problem::Mismatch => StatusCode::UNPROCESSABLE_ENTITY,
        Problem::Trouble(why) => trouble::status(why),
    };
    let form = form(&pages, &visit, &member, onward.as_ref(), status, Some(problem)).await;
    let response = form.map_err(Failure::into_response)?;
    Ok(match problem {
        Problem::Trouble(why) => trouble::with_wait(response, why),
        Problem::NoPassword | Problem::Mismatch => response,
    })
}

async fn form(
    pages: &Pages,
    visit: &Visit,
    member: &Member,
    onward: Option<&LocalPath>,
    status: StatusCode,
    problem: Option<Problem>,
) -> Result<Response, Failure> {
    let token = member.token(pages, Purpose::Again);
    let address = onward.and_then(|path| behind(pages, path));
    let host = address.as_ref().map(|address| address.host().rule.host.as_str());
    let mut view = Again::new(&pages.site, token, member.email(), onward.cloned()).leads_to(host);
    if let Some(problem) = problem {
        view = view.refused(problem);
    }
    leading_on(pages, visit, onward, reply::page(pages, status, &view)).await
}
