//! `/sign-in/onward`: back to a service behind a proxy, once nothing is missing any more.
//!
//! The proxy was told to send the browser here, with the address that it wanted. Everything is decided anew with what is
//! true by then: who is there, and whether the service's rule lets them in. Pages in between lead back here by a local
//! path, so this is the one place from which anybody gets to another host, and [`ReturnAddress`] the one way.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use cloakroom_engine::entry::Entrant;
use cloakroom_model::policy::entry::Outcome;
use cloakroom_oauth::form::Form;
use http::StatusCode;

use super::failure::Failure;
use super::local_path::LocalPath;
use super::member::Member;
use super::view::not_let_in::NotLetIn;
use super::visit::{Visit, Who};
use super::{Pages, paths, reply};
use crate::forward_auth::return_address::ReturnAddress;

/// On to the service, or to the page that asks for what is missing.
pub(super) async fn show(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
) -> Result<Response, Failure> {
    let to = visit.parameter("to").unwrap_or_default();
    let address = ReturnAddress::parse(to, &pages.hosts).ok_or(Failure::BadRequest)?;
    let member = match visit.who(&pages).await? {
        Who::Member(member) => member,
        Who::Replaced(_) if visit.may_be_sent_again() => return Ok(visit.send_again(&pages)),
        _ => return Ok(reply::see_other(&address.local().as_return_to(paths::SIGN_IN))),
    };
    let entrant = Entrant::from(member.identity.clone());
    Ok(match pages.engine.decide_entry(&address.host().rule, Some(&entrant)) {
        Outcome::Enter => back(&pages, &member, &address),
        Outcome::SignIn => reply::see_other(&address.local().as_return_to(paths::SIGN_IN)),
        Outcome::ProveAgain(_) => reply::see_other(&address.local().as_return_to(paths::AGAIN)),
        Outcome::Refuse | Outcome::StepUp(_) => {
            let another = address.local().as_return_to(paths::SIGN_IN_AS_ANOTHER);
            let host = &address.host().rule.host;
            let view = NotLetIn { site: &pages.site, who: member.email(), host, another };
            reply::page(&pages, StatusCode::FORBIDDEN, &view)
        }
    })
}

/// To the very address, with the cookie by which its host sees who is there.
fn back(pages: &Pages, member: &Member, address: &ReturnAddress) -> Response {
    let mut response = reply::to_client(address.as_str());
    let session = &member.identity.session;
    pages.session_cookies.identify(&pages.engine, session, response.headers_mut());
    response
}

/// The address behind a way back, if it is one.
pub(super) fn behind(pages: &Pages, path: &LocalPath) -> Option<ReturnAddress> {
    let (path, query) = path.as_str().split_once('?')?;
    let form = Form::parse(query.as_bytes()).ok().filter(|_| path == paths::ONWARD)?;
    ReturnAddress::parse(form.value("to")?, &pages.hosts)
}
