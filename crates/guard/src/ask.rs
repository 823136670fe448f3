//! What the server is asked about a single request, and what is remembered of its answer.
//!
//! Every question notes what is known before it is sent. An answer that this knowledge does not outdate is kept; one that
//! it may outdate serves its request alone. Whatever the answer says, what the feed told to have ended is refused.

use std::sync::Arc;

use http::header::{COOKIE, ORIGIN};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde::Deserialize;

use crate::beliefs::{Mark, Noted};
use crate::cookie::{Cookies, Session, SessionAnswer};
use crate::digest::sha256;
use crate::flights::Flights;
use crate::guard::Shared;
use crate::http::Answer;
use crate::identity::Identity;
use crate::provider::{ProviderError, form, request};
use crate::refusal::Refusal;
use crate::settings::Service;
use crate::token::Token;

/// The place in the log that the server is to have heard.
pub(crate) const PLACE: HeaderName = HeaderName::from_static("cloakroom-place");

/// So many questions of a kind are under way at once at most.
const AT_ONCE: usize = 256;

/// An answer that somebody else asked for may have been outdated when this request came, by its age or by a change that was heard
/// since; then it is asked once more.
const TRIES: usize = 3;

/// Questions that are under way.
pub(crate) struct Asking {
    cookies: Flights<Result<(Arc<Session>, Mark), Refusal>>,
    tokens: Flights<Result<Introspected, Refusal>>,
}

impl Default for Asking {
    fn default() -> Self {
        Self { cookies: Flights::new(AT_ONCE), tokens: Flights::new(AT_ONCE) }
    }
}

/// What the server said of a token.
#[derive(Clone)]
pub(crate) struct Introspected {
    pub(crate) active: bool,
    pub(crate) roles: Arc<[Box<str>]>,
    pub(crate) mark: Option<Mark>,
    /// What was known when it was asked.
    known: Mark,
}

/// Whom a cookie stands for.
pub(crate) async fn about_cookie(
    shared: &Arc<Shared>,
    name: &'static str,
    value: &str,
) -> Result<Identity, Refusal> {
    let digest = Cookies::name(value);
    for left in (0..TRIES).rev() {
        let now = shared.provider.clock().steady();
        let question = || {
            let (shared, value) = (Arc::clone(shared), format!("{name}={value}"));
            async move { session(&shared, &value).await }
        };
        let joined = shared.asking.cookies.join(digest, now, question).await;
        let (said, asked_at) = joined.map_err(|_| Refusal::Unavailable)?;
        if !shared.is_recent(asked_at) {
            continue;
        }
        let (session, known) = said.inspect_err(|why| {
            shared.cookies.keep_refusal(digest, why, now);
        })?;
        if session.has_ended(&shared.beliefs) {
            return Err(Refusal::SessionUnknown);
        }
        if left > 0 && session.has_changed_since(known, &shared.beliefs) {
            continue;
        }
        shared.cookies.keep(digest, &session);
        return Ok(session.identity());
    }
    Err(Refusal::Unavailable)
}

/// Who a token is of now, whose signature and claims are good.
pub(crate) async fn about_token(
    shared: &Arc<Shared>,
    text: &str,
    token: &Token,
) -> Result<Identity, Refusal> {
    for left in (0..TRIES).rev() {
        let now = shared.provider.clock().steady();
        let question = || {
            let (shared, text) = (Arc::clone(shared), text.to_owned());
            async move {
                let service = shared.provider.settings.service.as_ref();
                let service = service.ok_or(Refusal::Unavailable)?;
                introspect(&shared, service, &text).await.map_err(|why| unanswered(&why))
            }
        };
        let joined = shared.asking.tokens.join(sha256(text.as_bytes()), now, question).await;
        let (said, asked_at) = joined.map_err(|_| Refusal::Unavailable)?;
        if !shared.is_recent(asked_at) {
            continue;
        }
        let Introspected { active, roles, mark, known } = said?;
        let claims = token.claims();
        if !active || claims.has_ended(token.kid(), &shared.beliefs) {
            return Err(Refusal::TokenRevoked);
        }
        if left > 0 && claims.has_changed_since(known, &shared.beliefs) {
            continue;
        }
        let identity = claims.with_roles(&roles);
        if let Some(mark) = mark {
            claims.told(identity.clone(), mark);
        }
        return Ok(identity);
    }
    Err(Refusal::Unavailable)
}

impl Shared {
    /// Whether an answer to a question of this moment is not older than anything that is believed.
    fn is_recent(&self, asked_at: std::time::Duration) -> bool {
        let age = self.provider.clock().steady().saturating_sub(asked_at);
        age <= self.beliefs.max_staleness().max(self.provider.settings.ask_timeout)
    }
}

/// `GET /api/v1/session`.
async fn session(shared: &Shared, cookie: &str) -> Result<(Arc<Session>, Mark), Refusal> {
    let asked_at = shared.provider.clock().steady();
    let (known, noted) = (shared.beliefs.present(), shared.beliefs.note(asked_at));
    let asked = request(Method::GET, &shared.provider.at("/api/v1/session"));
    let asked = noting(asked, &noted).header(COOKIE, secret(cookie)?);
    let asked = match &shared.provider.settings.origin {
        Some(origin) => asked.header(ORIGIN, origin),
        None => asked,
    };
    let asked = asked.body(http_body_util::Full::default()).map_err(|_| Refusal::Unavailable)?;
    let answer = shared.provider.http.send(asked).await.map_err(|why| unanswered(&why))?;
    match answer.status {
        StatusCode::OK => {
            let said = SessionAnswer::read(&answer.body).ok_or_else(|| unexpected(&answer))?;
            let mark = shared.beliefs.mark(&noted, answer.header(PLACE.as_str()));
            Ok((Arc::new(Session::new(said, mark, asked_at)), known))
        }
        StatusCode::UNAUTHORIZED => Err(match code(&answer).as_deref() {
            Some("session_replaced") => Refusal::SessionReplaced { again: None },
            Some("session_expired") => Refusal::SessionExpired,
            _ => Refusal::SessionUnknown,
        }),
        _ => Err(unexpected(&answer)),
    }
}

/// RFC 7662 §2.1: what the server says of a token, asked as this client.
pub(crate) async fn introspect(
    shared: &Shared,
    client: &Service,
    token: &str,
) -> Result<Introspected, ProviderError> {
    #[derive(Deserialize)]
    struct Said {
        active: bool,
        #[serde(default)]
        roles: Vec<Box<str>>,
    }

    let noted = shared.beliefs.note(shared.provider.clock().steady());
    let known = shared.beliefs.present();
    let metadata = shared.provider.metadata().await?;
    let endpoint = metadata.introspection_endpoint.as_deref();
    let endpoint = endpoint.ok_or(ProviderError::Missing("introspection endpoint"))?;
    let fields = [("token", token), ("token_type_hint", "access_token")];
    let (head, body) = form(client, endpoint, &fields);
    let asked = noting(head, &noted).body(body);
    let asked = asked.map_err(|_| ProviderError::Address("introspection endpoint"))?;
    let answer = shared.provider.http.send(asked).await?;
    if answer.status != StatusCode::OK {
        let status = answer.status.as_u16();
        return Err(ProviderError::Status { what: "a question about a token", status });
    }
    let said: Option<Said> = answer.json();
    let Said { active, roles } = said.ok_or(ProviderError::Unreadable("answer about a token"))?;
    let mark = shared.beliefs.mark(&noted, answer.header(PLACE.as_str()));
    Ok(Introspected { active, roles: roles.into(), mark, known })
}

fn noting(asked: http::request::Builder, noted: &Noted) -> http::request::Builder {
    match noted.place() {
        Some(place) => asked.header(PLACE, place),
        None => asked,
    }
}

fn secret(cookie: &str) -> Result<HeaderValue, Refusal> {
    let mut value = HeaderValue::from_str(cookie).map_err(|_| Refusal::InvalidRequest)?;
    value.set_sensitive(true);
    Ok(value)
}

/// The member `code` of problem details.
fn code(answer: &Answer) -> Option<String> {
    #[derive(Deserialize)]
    struct Problem {
        code: String,
    }
    answer.json::<Problem>().map(|problem| problem.code)
}

fn unanswered(why: &(dyn std::error::Error + 'static)) -> Refusal {
    tracing::warn!(error = why, "the identity server did not answer a question");
    Refusal::Unavailable
}

fn unexpected(answer: &Answer) -> Refusal {
    tracing::warn!(status = answer.status.as_u16(), "the identity server answered something else");
    Refusal::Unavailable
}
