//! `/oauth/authorize`: a client's question, on its way through a browser.
//!
//! The engine decides each time what is still missing; this sends the browser there and back. Nothing that a page was
//! told counts by itself: what a person answered is in the session, in the consents, or in a token that only our own
//! page can have made.

use std::sync::Arc;

use axum::extract::{RawQuery, Request, State};
use axum::response::Response;
use cloakroom_engine::authorize::{Answer, Next, Question, Unanswerable};
use cloakroom_engine::identity::Identity;
use cloakroom_oauth::authorization_response::Delivery;
use cloakroom_oauth::error::Error;
use cloakroom_oauth::form::Form;
use http::StatusCode;
use url::form_urlencoded;

use super::failure::Failure;
use super::form_token::Purpose;
use super::local_path::LocalPath;
use super::member::Member;
use super::view::authorize::{NotAnswered, Post};
use super::visit::{Visit, Who, read};
use super::{Pages, onward, paths, reply};

/// The parameter by which our own page says that the person chose the account that is there.
const CHOSEN: &str = "chosen";

/// A question in the address.
pub(super) async fn show(
    State(pages): State<Arc<Pages>>,
    RawQuery(query): RawQuery,
    visit: Visit,
) -> Result<Response, Failure> {
    let form = match Form::parse(query.unwrap_or_default().as_bytes()) {
        Ok(form) => form,
        Err(malformed) => return Ok(told(&pages, &malformed.into())),
    };
    let question = match arrived(&pages, &visit, &form).await {
        Ok(question) => question,
        Err(why) => return unanswered(&pages, why),
    };
    if question.comes_once {
        return Ok(reply::see_other(way_back(&pages, &question).await?.as_str()));
    }
    let member = match visit.who(&pages).await? {
        Who::Member(member) => Some(member),
        Who::Replaced(_) if visit.may_be_sent_again() => return Ok(visit.send_again(&pages)),
        _ => None,
    };
    let chosen = member.as_ref().is_some_and(|member| {
        let token = form.value(CHOSEN).unwrap_or_default();
        member.is_token(&pages, Purpose::Choose, token)
    });
    go_on(&pages, &question, member.as_ref(), chosen).await
}

/// A question in a form that a client's page posts (OpenID Connect Core §3.1.2.1). It comes from another site, and
/// without our cookies: the browser is sent here again by itself, and then brings them.
pub(super) async fn send(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
    request: Request,
) -> Result<Response, Failure> {
    let form = read(request).await?;
    match arrived(&pages, &visit, &form).await {
        Ok(question) => Ok(reply::see_other(way_back(&pages, &question).await?.as_str())),
        Err(why) => unanswered(&pages, why),
    }
}

/// The question that a browser comes with, whose client may have to be met first.
async fn arrived(pages: &Pages, visit: &Visit, form: &Form) -> Result<Question, Unanswerable> {
    let named = form.value("client_id");
    pages.engine.meet_client(named, &*pages.fetch, &visit.visitor).await?;
    pages.engine.read_question(form, &visit.visitor, &pages.fetch).await
}

/// Sends the browser to where what is missing is asked for, or to the client with an answer.
pub(super) async fn go_on(
    pages: &Pages,
    question: &Question,
    member: Option<&Member>,
    chosen: bool,
) -> Result<Response, Failure> {
    let identity: Option<&Identity> = member.map(|member| &member.identity);
    let next = match pages.engine.next_for(question, identity, chosen).await {
        Ok(next) => next,
        Err(why) => return unanswered(pages, why),
    };
    let page = match next {
        Next::Answer(answer) => return Ok(deliver(pages, answer)),
        // Somebody is there, and somebody else is wanted.
        Next::SignIn if member.is_some() => paths::SIGN_IN_AS_ANOTHER,
        Next::SignIn => paths::SIGN_IN,
        Next::Reauthenticate => paths::AGAIN,
        Next::Choose => paths::CHOOSE,
        Next::SignUp => paths::SIGN_UP,
        Next::Consent => paths::CONSENT,
    };
    Ok(reply::see_other(&way_back(pages, question).await?.as_return_to(page)))
}

/// The address at which the same question is decided again.
async fn way_back(pages: &Pages, question: &Question) -> Result<LocalPath, Failure> {
    let request_uri = pages.engine.keep_question(question).await?;
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", question.client.id.as_str())
        .append_pair("request_uri", &request_uri)
        .finish();
    // What the serializer writes is plain, but for its spaces, of which there are none.
    LocalPath::parse(&format!("{}?{query}", paths::AUTHORIZE))
        .map_err(|error| Failure::ours(&error))
}

/// The same address, with the word of our own page that the person chose this account.
pub(super) fn chosen(path: &LocalPath, token: &str) -> String {
    format!("{path}&{CHOSEN}={token}")
}

/// The question behind a way back, if it is one and still waits.
pub(super) async fn behind(
    pages: &Pages,
    visit: &Visit,
    path: &LocalPath,
) -> Result<Option<Question>, Failure> {
    let Some((paths::AUTHORIZE, query)) = path.as_str().split_once('?') else { return Ok(None) };
    let Ok(form) = Form::parse(query.as_bytes()) else { return Ok(None) };
    match pages.engine.read_question(&form, &visit.visitor, &pages.fetch).await {
        Ok(question) => Ok(Some(question)),
        Err(Unanswerable::Store(error)) => Err(error.into()),
        Err(Unanswerable::Limited(limited)) => Err(limited.into()),
        Err(_) => Ok(None),
    }
}

/// Lets the form of a page lead on to a client by way of a question, or back to a service behind a proxy. Browsers hold a page's policy against every
/// redirect that answers its forms, and the last of them goes to the client.
pub(super) async fn leading_on(
    pages: &Pages,
    visit: &Visit,
    onward: Option<&LocalPath>,
    response: Response,
) -> Result<Response, Failure> {
    let Some(path) = onward else { return Ok(response) };
    if let Some(address) = onward::behind(pages, path) {
        return Ok(reply::leading_to(response, address.as_str()));
    }
    Ok(match behind(pages, visit, path).await? {
        Some(question) => reply::leading_to(response, &question.request.redirect_uri),
        None => response,
    })
}

/// What the client or the person is told instead of a code.
pub(super) fn unanswered(pages: &Pages, why: Unanswerable) -> Result<Response, Failure> {
    match why {
        Unanswerable::Shown(error) => Ok(told(pages, &error)),
        Unanswerable::Answered(answer) => Ok(deliver(pages, *answer)),
        Unanswerable::Limited(limited) => Err(limited.into()),
        Unanswerable::Store(error) => Err(error.into()),
        other => Err(Failure::ours(&other)),
    }
}

/// Tells the person what the client did wrong: nobody knows where else to say it.
pub(super) fn told(pages: &Pages, error: &Error) -> Response {
    let view = NotAnswered::new(&pages.site, error.code.as_str(), &error.description);
    reply::page(pages, StatusCode::BAD_REQUEST, &view)
}

/// Sends an answer to its client. Never with 307, by which a browser would send on what a person typed
/// (RFC 9700 §4.12).
pub(super) fn deliver(pages: &Pages, Answer(delivery): Answer) -> Response {
    match delivery {
        Delivery::Redirect(location) => reply::to_client(&location),
        Delivery::Post { action, fields } => {
            let view = Post::new(&pages.site, &action, &fields);
            reply::leading_to(reply::page(pages, StatusCode::OK, &view), &action)
        }
    }
}
