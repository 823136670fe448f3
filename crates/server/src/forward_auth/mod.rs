//! `/forward-auth`: a proxy asks whether a request that came to it may go on to a service, and about whom to tell it.
//!
//! For nginx's `auth_request`, Caddy's `forward_auth` and what works like them. The proxy says what was asked of it
//! ([`original`]), and is believed where it is trusted; the host has a rule ([`hosts`]); who it is comes from memory,
//! like at every other address. The answer is 200 with what the service is told, or a refusal that a person's browser is led
//! out of: to the [page](crate::pages::paths::ONWARD) that knows what is missing, and from there back ([`return_address`]).
//! Nothing is decided there that is not decided here again.

pub mod hosts;
pub mod original;
mod passed;
pub mod return_address;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use cloakroom_engine::entry::{Entrant, ServiceTokenError};
use cloakroom_model::policy::entry::{Outcome, Service};
use cloakroom_model::session::Carrier;
use cloakroom_oauth::bearer::Needs;
use cloakroom_oauth::error::{Code, Error};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request, StatusCode};

use self::original::{Original, Style};
use self::return_address::ReturnAddress;
use crate::app::App;
use crate::caller::{challenge, lacks_scopes, not_signed_in, refused, spend_proof};
use crate::layers::client_address::Peer;
use crate::presented::Presented;
use crate::problem::{Kind, Problem};
use crate::refusals::internal;

/// The code of a refusal, for proxies that do not pass on the body of one.
const PROBLEM: HeaderName = HeaderName::from_static("x-cloakroom-problem");

/// Says whether a request may go on.
pub async fn answer(State(app): State<App>, request: Request<Body>) -> Response {
    // As an argument of its own the head would be a copy.
    let (parts, _) = request.into_parts();
    let mut response = match decide(&app, &parts).await {
        Ok(response) => response,
        Err(problem) => refusal(problem),
    };
    // nginx takes a status that it does not know for a failure of this server, and answers 500.
    if response.status().is_client_error()
        && response.status() != StatusCode::UNAUTHORIZED
        && Style::of(&parts.headers) == Style::OriginalUrl
    {
        *response.status_mut() = StatusCode::FORBIDDEN;
    }
    response
}

async fn decide(app: &App, parts: &Parts) -> Result<Response, Problem> {
    let peer = parts.extensions.get::<Peer>();
    if !peer.is_some_and(|Peer(peer)| app.trusts(peer.ip())) {
        return Err(Problem::new(Kind::ProxyNotTrusted));
    }
    let original = Original::read(&parts.headers, &app.hosts)?;
    let rule = &original.host.rule;
    let is_open = rule.is_open(original.path());
    let (entrant, why) = match entrant(app, parts, &original).await {
        Ok(entrant) => (entrant, None),
        Err(_) if is_open => return Ok(passed::nobody(rule)),
        Err(problem) if led_to_sign_in(&problem, &original) => (None, Some(problem)),
        Err(problem) => return Err(problem),
    };
    match (app.engine.decide_entry(rule, entrant.as_ref()), &entrant) {
        (Outcome::Enter, Some(entrant)) => passed::somebody(app, parts, rule, entrant),
        _ if is_open => Ok(passed::nobody(rule)),
        (outcome, _) => Ok(turned_away(app, &original, outcome, why)),
    }
}

/// Who brings the request; `None` where it brings nothing that could say so.
async fn entrant(
    app: &App,
    parts: &Parts,
    original: &Original<'_>,
) -> Result<Option<Entrant>, Problem> {
    if let Some(service) = original.host.rule.service.as_ref().filter(|service| service.accepts) {
        let url = || original.url_without_query();
        let presented = Presented::of_another(app, parts, original.method, url);
        if let Some(presented) = presented.map_err(|error| refused(app, &error))? {
            return by_token(app, &presented, service).await.map(Some);
        }
    }
    let headers = &parts.headers;
    let checked = if app.address.is_https() {
        let Some(cookie) = app.session_cookies.identifying(headers) else { return Ok(None) };
        app.engine.check_identifying_cookie(cookie).await
    } else {
        // On this machine every port has the session's own cookie, because cookies know no ports.
        let Some(cookie) = app.session_cookie(headers) else { return Ok(None) };
        app.engine.check_cookie(&cookie).await
    };
    match checked {
        Ok(identity) => Ok(Some(identity.into())),
        Err(why) => Err(not_signed_in(app, why, Carrier::Cookie)),
    }
}

async fn by_token(
    app: &App,
    presented: &Presented<'_>,
    service: &Service,
) -> Result<Entrant, Problem> {
    let key = presented.key();
    let checked = app.engine.check_service_token(presented.token, service, key.as_ref()).await;
    let entrant = checked.map_err(|why| match why {
        ServiceTokenError::NotSignedIn(why) => not_signed_in(app, why, Carrier::Token),
        ServiceTokenError::Scope => lacks_scopes(app, service.scope.clone()),
        other => internal(&other),
    })?;
    spend_proof(app, presented).await?;
    Ok(entrant)
}

/// Whether a browser that brings a cookie which is worth nothing is led to sign in, like one that brings none.
fn led_to_sign_in(problem: &Problem, original: &Original<'_>) -> bool {
    let about_a_session = matches!(
        problem.kind(),
        Kind::SessionUnknown | Kind::SessionExpired | Kind::SessionReplaced
    );
    about_a_session && original.is_navigation
}

/// What somebody is told whose request does not go on. A browser is shown the way to the page that says what is missing.
fn turned_away(
    app: &App,
    original: &Original<'_>,
    outcome: Outcome,
    why: Option<Problem>,
) -> Response {
    let too_weak = Error::from(Code::InsufficientUserAuthentication);
    let again = Problem::new(Kind::ReauthenticationRequired);
    let problem = match outcome {
        // RFC 9470 §3.
        Outcome::ProveAgain(within) => {
            challenge(again, app, Some(&too_weak), Needs::ProofWithin(within))
        }
        Outcome::StepUp(level) => challenge(again, app, Some(&too_weak), Needs::Level(level)),
        Outcome::Refuse => Problem::new(Kind::EntryRefused),
        Outcome::SignIn | Outcome::Enter => why.unwrap_or_else(|| {
            challenge(Problem::new(Kind::NotSignedIn), app, None, Needs::Nothing)
        }),
    };
    if !original.is_navigation {
        return refusal(problem);
    }
    let back = ReturnAddress::of(&original.host, original.target);
    let Ok(location) = HeaderValue::try_from(back.way(app.address.origin())) else {
        return refusal(problem);
    };
    if problem.kind() == Kind::EntryRefused {
        return told(problem, &location, original);
    }
    let mut response = refusal(problem);
    let headers = response.headers_mut();
    headers.insert(LOCATION, location);
    if original.style == Style::Forwarded {
        // The proxy passes it on as it is.
        headers.remove(http::header::WWW_AUTHENTICATE);
        headers.remove(CONTENT_TYPE);
        *response.body_mut() = Body::empty();
        *response.status_mut() = StatusCode::FOUND;
    }
    response
}

/// Tells a person that they may not enter, with a link to the page that says as whom.
fn told(problem: Problem, location: &HeaderValue, original: &Original<'_>) -> Response {
    let mut response = refusal(problem);
    // The address has no letter in it that HTML knows, and a host is letters, digits, dots, hyphens and a colon.
    let page = format!(
        "<!doctype html><meta charset=\"utf-8\"><title>Not for this account</title>\
         <p>This account may not open {}. <a href=\"{}\">See which account it is, or use another</a>.\n",
        original.host.rule.host,
        location.to_str().unwrap_or_default(),
    );
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(LOCATION, location.clone());
    *response.body_mut() = page.into();
    response
}

fn refusal(problem: Problem) -> Response {
    let code = HeaderValue::from_static(problem.kind().row().code);
    let mut response = problem.into_response();
    response.headers_mut().insert(PROBLEM, code);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
