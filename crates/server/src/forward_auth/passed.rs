//! What a service is told about a request that goes on to it.
//!
//! Each header is always there, empty where there is nothing to tell: a proxy that copies them then overwrites whatever
//! its client wrote under their names.

use std::fmt::Write as _;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use cloakroom_engine::entry::Entrant;
use cloakroom_model::policy::entry::{Name, Passes, Rule};
use cloakroom_model::session::Carrier;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::app::App;
use crate::problem::Problem;

/// The user's id.
const USER: HeaderName = HeaderName::from_static("x-cloakroom-user");
/// The session's name.
const SESSION: HeaderName = HeaderName::from_static("x-cloakroom-session");
/// How surely the user is known.
const LEVEL: HeaderName = HeaderName::from_static("x-cloakroom-level");
/// A short access token for the service.
const TOKEN: HeaderName = HeaderName::from_static("x-cloakroom-token");
/// The user as the rule has the service call them.
const REMOTE_USER: HeaderName = HeaderName::from_static("remote-user");
/// Their email.
const REMOTE_EMAIL: HeaderName = HeaderName::from_static("remote-email");
/// Their roles, with commas between.
const REMOTE_GROUPS: HeaderName = HeaderName::from_static("remote-groups");

const ALL: [HeaderName; 7] =
    [USER, SESSION, LEVEL, TOKEN, REMOTE_USER, REMOTE_EMAIL, REMOTE_GROUPS];

/// The request goes on, and nothing is known of who sent it.
pub(super) fn nobody(rule: &Rule) -> Response {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.reserve(ALL.len() + 4);
    for name in ALL {
        headers.insert(name, HeaderValue::from_static(""));
    }
    if rule.service.as_ref().is_some_and(|service| service.passes == Some(Passes::Authorization)) {
        headers.insert(AUTHORIZATION, HeaderValue::from_static(""));
    }
    response
}

/// The request goes on, and this is who sent it.
pub(super) fn somebody(
    app: &App,
    parts: &Parts,
    rule: &Rule,
    entrant: &Entrant,
) -> Result<Response, Problem> {
    let mut response = nobody(rule);
    let headers = response.headers_mut();
    tell(headers, rule, entrant);
    let Some(passes) = rule.service.as_ref().and_then(|service| service.passes) else {
        return Ok(response);
    };
    match (passes, entrant.carrier()) {
        // It is for this service already.
        (Passes::Authorization, Carrier::Token) => {
            if let Some(own) = parts.headers.get(AUTHORIZATION) {
                headers.insert(AUTHORIZATION, own.clone());
            }
        }
        (Passes::OwnHeader, Carrier::Token) => {}
        (passes, Carrier::Cookie) => {
            if let Some(token) = app.engine.pass_token(entrant, rule)? {
                let (name, text) = match passes {
                    Passes::OwnHeader => (TOKEN, HeaderValue::from_str(&token)),
                    Passes::Authorization => {
                        (AUTHORIZATION, HeaderValue::try_from(format!("Bearer {token}")))
                    }
                };
                if let Ok(mut value) = text {
                    value.set_sensitive(true);
                    headers.insert(name, value);
                }
            }
        }
    }
    Ok(response)
}

/// Writes all texts into one, of which each header is a piece: one allocation for all of them.
fn tell(headers: &mut HeaderMap, rule: &Rule, entrant: &Entrant) {
    let Some(user) = entrant.user() else { return };
    let mut text = String::with_capacity(256);
    let mut pieces = [const { (USER, 0) }; 6];
    let mut count = 0;
    let mut piece = |text: &String, name: HeaderName| {
        pieces[count] = (name, text.len());
        count += 1;
    };
    // Writing to a text does not fail.
    let _ = write!(text, "{}", user.id);
    let id = text.len();
    piece(&text, USER);
    if let Some(sid) = entrant.sid() {
        let _ = write!(text, "{sid}");
    }
    piece(&text, SESSION);
    text.push_str(user.email.as_str());
    piece(&text, REMOTE_EMAIL);
    match (rule.name, &user.username) {
        (Name::Id, _) => text.extend_from_within(..id),
        (Name::Email, _) => text.push_str(user.email.as_str()),
        (Name::Username, Some(name)) => text.push_str(name.as_str()),
        (Name::Username, None) => {}
    }
    piece(&text, REMOTE_USER);
    for (index, role) in user.roles.iter().enumerate() {
        text.push_str(if index == 0 { "" } else { "," });
        text.push_str(role.as_str());
    }
    piece(&text, REMOTE_GROUPS);
    text.push_str(entrant.proof().map_or("", |proof| proof.acr.as_str()));
    piece(&text, LEVEL);
    let text = Bytes::from(text);
    let mut from = 0;
    for (name, to) in pieces {
        // A name may have letters beyond ASCII: they are passed on in UTF-8 (RFC 9110 §5.5).
        if let Ok(value) = HeaderValue::from_maybe_shared(text.slice(from..to)) {
            headers.insert(name, value);
        }
        from = to;
    }
}
