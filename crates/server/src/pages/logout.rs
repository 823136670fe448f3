//! `/oauth/logout`: a client sends a browser here to be signed out, and perhaps back to it afterwards.
//!
//! Anybody can send a browser here. What signs out at once is a token: the session's own ID token, or the one that a
//! page of ours gave to that session. For everything else the person is asked first.

use std::sync::Arc;

use axum::extract::{RawQuery, Request, State};
use axum::response::Response;
use cloakroom_engine::logout::{Logout, LogoutError};
use cloakroom_oauth::form::Form;
use cloakroom_oauth::logout_request::Decision;
use http::{Method, StatusCode};
use url::form_urlencoded::Serializer;

use super::authorize::told;
use super::failure::Failure;
use super::form_token::{Holder, Purpose};
use super::member::Member;
use super::sign_out::{cleared, gone, in_frames};
use super::view::form::Trouble;
use super::view::logout::LogOut;
use super::visit::{Visit, Who, csrf, read};
use super::{Pages, paths, reply, trouble};

/// A wish in the address.
pub(super) async fn show(
    State(pages): State<Arc<Pages>>,
    RawQuery(query): RawQuery,
    visit: Visit,
) -> Result<Response, Failure> {
    match Form::parse(query.unwrap_or_default().as_bytes()) {
        Ok(form) => answer(&pages, &visit, &form, &Method::GET).await,
        Err(malformed) => Ok(told(&pages, &malformed.into())),
    }
}

/// A wish in a form: a client's page posts it, or ours does once the person was asked.
pub(super) async fn send(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
    request: Request,
) -> Result<Response, Failure> {
    let form = read(request).await?;
    answer(&pages, &visit, &form, &Method::POST).await
}

async fn answer(
    pages: &Pages,
    visit: &Visit,
    form: &Form,
    method: &Method,
) -> Result<Response, Failure> {
    let logout = match pages.engine.read_logout(form, &visit.visitor).await {
        Ok(logout) => logout,
        Err(LogoutError::Refused(error)) => return Ok(told(pages, &error)),
        Err(LogoutError::Limited(limited)) => return Err(limited.into()),
        Err(other) => return Err(Failure::ours(&other)),
    };
    let member = match visit.who(pages).await? {
        Who::Member(member) => member,
        // A form from another site comes without the cookie; the browser brings it when it is sent here again.
        _ if method == Method::POST => return Ok(reply::see_other(&way_back(pages, &logout))),
        Who::Replaced(_) if visit.may_be_sent_again() => return Ok(visit.send_again(pages)),
        Who::Replaced(_) => return Ok(reply::see_other(paths::SIGN_OUT)),
        Who::Nobody | Who::Ended => return Ok(done(pages, &logout)),
    };
    let meant = logout.decide(Some(member.identity.sid())) == Decision::End;
    if !meant && !member.may_send(pages, Purpose::LogOut, form) {
        let why = (!csrf(form).is_empty()).then_some(Trouble::Expired);
        return Ok(ask(pages, &member, &logout, why));
    }
    let frames = pages.engine.front_channel(member.identity.sid()).await?;
    pages.engine.sign_out(&member.identity).await?;
    if frames.is_empty() {
        return Ok(done(pages, &logout));
    }
    Ok(in_frames(pages, &frames, logout.location().as_deref()))
}

/// The question.
fn ask(pages: &Pages, member: &Member, logout: &Logout, why: Option<Trouble>) -> Response {
    let token = member.token(pages, Purpose::LogOut);
    let client = logout.client.as_ref().map(|client| client.name.as_str());
    let mut view = LogOut::new(&pages.site, token, member.email(), client, logout.carried());
    if let Some(why) = why {
        view = view.refused(why);
    }
    let page = reply::page(pages, why.map_or(StatusCode::OK, trouble::status), &view);
    match &logout.redirect {
        Some(redirect) => reply::leading_to(page, redirect.as_str()),
        None => page,
    }
}

/// The address at which the same is asked for again. A token of the session that is meant becomes the token of our own
/// form for that session, so that no ID token stands in an address.
fn way_back(pages: &Pages, logout: &Logout) -> String {
    let mut query = Serializer::new(String::new());
    query.extend_pairs(logout.carried());
    if let Some(session) = logout.session() {
        let token = pages.key.token(Holder::Session(session), Purpose::LogOut);
        query.append_pair("csrf", token.as_str());
    }
    format!("{}?{}", paths::LOGOUT, query.finish())
}

/// On to where the client wants the browser, if it may, or to the page that says that it is done.
fn done(pages: &Pages, logout: &Logout) -> Response {
    match logout.location() {
        Some(location) => cleared(pages, reply::to_client(&location)),
        None => gone(pages, None),
    }
}
