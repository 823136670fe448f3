//! `/sign-in/link`: from an app into this browser. Looking at the link spends nothing; a POST does.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use cloakroom_engine::session_cookie::SessionCookieError;
use http::StatusCode;

use super::failure::Failure;
use super::form_token::Purpose;
use super::sign_in::carried;
use super::trouble;
use super::view::form::Trouble;
use super::view::link::{Kind, Link, LinkSpent};
use super::visit::{OneTime, Visit, Who, read};
use super::{Pages, paths, reply};

/// Asks whether to go on, and as whom.
pub(super) async fn show(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
) -> Result<Response, Failure> {
    match visit.link() {
        Some(link) => ask(&pages, &visit, link, None).await,
        None => Ok(spent(&pages, Kind::Cookie)),
    }
}

/// Spends the link.
pub(super) async fn send(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
    request: Request,
) -> Result<Response, Failure> {
    let form = read(request).await?;
    let Some(link) = OneTime::from_form(&form) else { return Ok(spent(&pages, Kind::Cookie)) };
    if !visit.may_send(&pages, Purpose::Link, &form) {
        return ask(&pages, &visit, link, Some(Trouble::Expired)).await;
    }
    let brought = visit.brought();
    match pages.engine.spend_cookie_link(&link.secret, &brought, &visit.visitor).await {
        Ok(signed_in) => Ok(carried(&pages, &signed_in, reply::see_other(paths::ACCOUNT))),
        Err(SessionCookieError::Limited(limited)) => Err(limited.into()),
        Err(SessionCookieError::Store(error)) => Err(error.into()),
        Err(_) => Ok(spent(&pages, Kind::Cookie)),
    }
}

/// A link that does nothing any more.
pub(super) fn spent(pages: &Pages, kind: Kind) -> Response {
    reply::page(pages, StatusCode::GONE, &LinkSpent { site: &pages.site, kind })
}

async fn ask(
    pages: &Pages,
    visit: &Visit,
    link: OneTime,
    why: Option<Trouble>,
) -> Result<Response, Failure> {
    let owner = match pages.engine.look_at_cookie_link(&link.secret, &visit.visitor).await {
        Ok(live) => live.user,
        Err(SessionCookieError::Limited(limited)) => return Err(limited.into()),
        Err(SessionCookieError::Store(error)) => return Err(error.into()),
        Err(_) => return Ok(spent(pages, Kind::Cookie)),
    };
    let now = match visit.who(pages).await? {
        Who::Member(member) if member.user.id != owner.id => Some(member.user.email),
        _ => None,
    };
    let instead_of = now.as_ref().map(cloakroom_model::user::Email::as_str);
    let token = visit.token(pages, Purpose::Link);
    let mut view = Link::new(&pages.site, token, link.text, owner.email.as_str(), instead_of);
    if let Some(why) = why {
        view = view.refused(why);
    }
    let status = why.map_or(StatusCode::OK, trouble::status);
    Ok(visit.known(pages, reply::page(pages, status, &view)))
}
