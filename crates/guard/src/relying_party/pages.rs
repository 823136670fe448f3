//! What a relying party answers by itself. Nothing of it is kept by anybody, and no address of it is told to another host.

use std::time::Duration;

use axum_core::body::Body;
use axum_core::response::{IntoResponse as _, Response};
use http::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY,
    SET_COOKIE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use serde_json::json;
use url::{Url, form_urlencoded};

use super::flow::{Arrival, Asked, Flow, only};
use super::logout_token::{self, Ended};
use super::party::{Party, RelyingParty, unavailable};
use super::return_to::return_to;
use super::session::Session;
use super::settings::Paths;
use super::tokens::{self, Trouble};
use super::wait;
use crate::again::is_navigation;
use crate::answer::Refused;
use crate::refusal::Refusal;
use crate::subject::{Digest, Kind};

const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// The longest form with a logout token.
const LONGEST: usize = 64 * 1024;

/// A page of the relying party.
#[derive(Clone, Copy)]
pub(super) enum Page {
    SignIn,
    Callback,
    SignOut,
    BackchannelLogout,
    Me,
}

impl RelyingParty {
    /// The page at a path, if it is one of these.
    pub(super) fn page(&self, path: &str) -> Option<Page> {
        let Paths { sign_in, callback, sign_out, backchannel_logout, me } = &self.0.settings.paths;
        let pages = [
            (sign_in, Page::SignIn),
            (callback, Page::Callback),
            (sign_out, Page::SignOut),
            (backchannel_logout, Page::BackchannelLogout),
            (me, Page::Me),
        ];
        pages.into_iter().find(|(at, _)| *at == path).map(|(_, page)| page)
    }

    /// Answers a page.
    pub(super) async fn answer(&self, page: Page, parts: &Parts, body: Body) -> Response {
        let method = match page {
            Page::SignIn | Page::Callback | Page::Me => Method::GET,
            Page::SignOut | Page::BackchannelLogout => Method::POST,
        };
        if parts.method != method {
            let allowed = HeaderValue::from_str(method.as_str());
            let mut answer = answer(StatusCode::METHOD_NOT_ALLOWED, Body::empty());
            answer.headers_mut().extend(allowed.map(|allowed| (ALLOW, allowed)));
            return answer;
        }
        let app = &self.0;
        let answered = match page {
            Page::SignIn => app.sign_in(parts).await,
            Page::Callback => app.callback(parts).await,
            Page::SignOut => app.sign_out(parts).await,
            Page::BackchannelLogout => app.backchannel_logout(body).await,
            Page::Me => self.me(parts).await,
        };
        answered.unwrap_or_else(|refusal| Refused::new(refusal, &app.guard).into_response())
    }

    /// Where somebody on the way to a page is sent who was refused there; `None` where the refusal is the answer.
    pub(super) fn way_in(&self, parts: &Parts, refusal: &Refusal) -> Option<Response> {
        if parts.method != Method::GET || !is_navigation(&parts.headers) {
            return None;
        }
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("return_to", parts.uri.path_and_query()?.as_str());
        match refusal {
            Refusal::Reauthenticate { max_age, acr_values } => {
                if let Some(age) = max_age {
                    query.append_pair("max_age", &age.as_secs().to_string());
                }
                if let Some(values) = acr_values {
                    query.append_pair("acr_values", values);
                }
            }
            refusal if refusal.means_nobody() => {}
            _ => return None,
        }
        let location = format!("{}?{}", self.0.settings.paths.sign_in, query.finish());
        Some(redirect(&location, Vec::new()))
    }

    async fn me(&self, parts: &Parts) -> Result<Response, Refusal> {
        if let Some(wait) = wait::asked(&parts.headers) {
            let over = self.0.ends_within(wait, parts).await;
            if !over.map_err(|why| unavailable(&why))? {
                return Ok(as_before(wait));
            }
        }
        let told = match self.identify(parts).await {
            Ok(Some(me)) => json!({
                "user": me.user().map(|id| json!({ "id": id, "roles": me.roles().collect::<Vec<_>>() })),
                "acr": me.acr(),
                "authenticated_at": me.authenticated_at(),
            }),
            Ok(None) => json!({ "user": null }),
            Err(refusal) if refusal.means_nobody() => json!({ "user": null }),
            Err(refusal) => return Err(refusal),
        };
        Ok(shown(StatusCode::OK, &told, Vec::new()))
    }
}

impl Party {
    async fn sign_in(&self, parts: &Parts) -> Result<Response, Refusal> {
        let query = parts.uri.query().unwrap_or_default();
        let metadata = self.shared().provider.metadata().await;
        let metadata = metadata.map_err(|why| unavailable(&why.into()))?;
        let endpoint = metadata.authorization_endpoint.as_deref().map(Url::parse);
        let Some(Ok(endpoint)) = endpoint else {
            return Err(unavailable(&Trouble::unavailable("the issuer signs nobody in")));
        };
        let max_age = only(query, "max_age").filter(|age| age.len() <= 9);
        let acr_values = only(query, "acr_values").filter(|values| {
            (1..=200).contains(&values.len()) && values.bytes().all(|b| matches!(b, b' '..=b'~'))
        });
        let asked = Asked { max_age: max_age.and_then(|age| age.parse().ok()), acr_values };
        let wish = (return_to(only(query, "return_to").as_deref()), asked);
        let departure =
            self.flows.begin(&parts.headers, endpoint, &self.settings, wish, self.now());
        Ok(redirect(&departure.location, departure.cookies))
    }

    async fn callback(&self, parts: &Parts) -> Result<Response, Refusal> {
        let query = parts.uri.query().unwrap_or_default();
        let metadata = self.shared().provider.metadata().await;
        let metadata = metadata.map_err(|why| unavailable(&why.into()))?;
        let issuer =
            (metadata.issuer.as_str(), metadata.authorization_response_iss_parameter_supported);
        let arrival = self.flows.arrive(&parts.headers, query, issuer, self.now());
        let Arrival { over, outcome } = arrival;
        let over: Vec<_> = over.into_iter().collect();
        let failed = |why: String| Ok(self.failed(&why, over.clone()));
        let (flow, code) = match outcome {
            Ok(left) => left,
            Err(lost) => return failed(lost.to_string()),
        };
        match self.begin(parts, &flow, &code).await {
            Ok(cookie) => Ok(redirect(&flow.return_to, over.into_iter().chain([cookie]).collect())),
            Err(why @ (Trouble::Unavailable(_) | Trouble::NoClient(_))) => Err(unavailable(&why)),
            Err(why) => {
                tracing::info!(error = %why, "nobody was signed in by a code");
                failed(sentence(&why))
            }
        }
    }

    /// A new session for a code. Returns its cookie.
    async fn begin(&self, parts: &Parts, flow: &Flow, code: &str) -> Result<HeaderValue, Trouble> {
        let now = self.now();
        let session = tokens::redeem(self.shared(), &self.settings, flow, code, now).await?;
        // A new sign-in is a new session, with a new secret: nobody can prepare one for somebody else.
        if let Some(before) = self.opened(parts).await? {
            self.sessions.remove(&before).await?;
        }
        let value = self.sessions.insert(session).await?.ok_or(Trouble::NoLonger)?;
        Ok(self.cookies.set(&self.cookie, &value, None))
    }

    async fn sign_out(&self, parts: &Parts) -> Result<Response, Refusal> {
        if !self.is_own(parts) {
            return Err(Refusal::CrossSite);
        }
        let opened = self.opened(parts).await.map_err(|why| unavailable(&why))?;
        let mut next = self.settings.after_sign_out.clone();
        if let Some(opened) = opened {
            let removed = self.sessions.remove(&opened).await;
            removed.map_err(|why| unavailable(&why.into()))?;
            self.tell_of_end(&opened.session);
            tokens::revoke(self.shared(), &self.settings, &opened.session).await;
            next = self.end_session(&opened.session).await.unwrap_or(next);
        }
        let cleared = vec![self.cookies.clear(&self.cookie)];
        let script =
            parts.headers.get_all(ACCEPT).iter().any(|accept| {
                accept.to_str().is_ok_and(|accept| accept.contains("application/json"))
            });
        if script {
            return Ok(shown(StatusCode::OK, &json!({ "redirect": next }), cleared));
        }
        Ok(redirect(&next, cleared))
    }

    /// OpenID Connect RP-Initiated Logout §2: where the issuer's session is ended, if it has such a page.
    async fn end_session(&self, session: &Session) -> Option<String> {
        let metadata = self.shared().provider.metadata().await.ok()?;
        let mut url = Url::parse(metadata.end_session_endpoint.as_deref()?).ok()?;
        let back = format!("{}{}", self.settings.origin, self.settings.after_sign_out);
        url.query_pairs_mut()
            .append_pair("id_token_hint", &session.id_token)
            .append_pair("client_id", &self.settings.client.client_id)
            .append_pair("post_logout_redirect_uri", &back);
        Some(url.into())
    }

    /// OpenID Connect Back-Channel Logout §2.5, §2.8.
    async fn backchannel_logout(&self, body: Body) -> Result<Response, Refusal> {
        let refused = |why: &str| {
            let said = json!({ "error": "invalid_request", "error_description": why });
            Ok(shown(StatusCode::BAD_REQUEST, &said, Vec::new()))
        };
        let Ok(body) = Limited::new(body, LONGEST).collect().await else {
            return refused("the form cannot be read");
        };
        let body = body.to_bytes();
        let token = std::str::from_utf8(&body).ok().and_then(|form| only(form, "logout_token"));
        let Some(token) = token else { return refused("logout_token is missing") };
        let expect = tokens::expectations(self.shared(), &self.settings, logout_token::TYP);
        let now = self.now();
        let read =
            tokens::verified(self.shared(), |keys| logout_token::read(&token, keys, &expect, now));
        let ended = match read.await {
            Ok(ended) => ended,
            Err(why @ Trouble::Unavailable(_)) => return Err(unavailable(&why)),
            Err(why) => return refused(&why.to_string()),
        };
        let leeway = u64::from(self.shared().provider.settings.leeway_seconds);
        let (subject, at) = match ended {
            // Its name is given once: whenever sessions of it began.
            Ended::Session(sid) => (Digest::of(Kind::Session, &sid), now + leeway),
            Ended::User(sub, at) => (Digest::of(Kind::User, &sub), at.saturating_add(leeway)),
        };
        let until = now + self.settings.lifetime.as_secs();
        let done = self.sessions.end(subject, at, until).await;
        done.map_err(|why| unavailable(&why.into()))?;
        self.shared().beliefs.awaited.tell(&subject);
        Ok(answer(StatusCode::OK, Body::empty()))
    }

    /// A page for a person whose sign-in did not succeed: why, and the way to try again.
    fn failed(&self, why: &str, cookies: Vec<HeaderValue>) -> Response {
        let body = format!(
            "<!doctype html><html lang=\"en\"><title>Not signed in</title><h1>Not signed in</h1>\
             <p>{}</p><p><a href=\"{}\">Try again</a></p></html>",
            escaped(why),
            escaped(&self.settings.paths.sign_in)
        );
        let mut answer = answer(StatusCode::BAD_REQUEST, Body::from(body));
        let headers = answer.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        headers.insert(CONTENT_SECURITY_POLICY, policy);
        put(headers, cookies);
        answer
    }
}

fn answer(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

fn redirect(location: &str, cookies: Vec<HeaderValue>) -> Response {
    let mut response = answer(StatusCode::SEE_OTHER, Body::empty());
    let headers = response.headers_mut();
    // Addresses are printable ASCII: they were parsed, or are paths that were looked at.
    headers.extend(HeaderValue::try_from(location).map(|location| (LOCATION, location)));
    put(headers, cookies);
    response
}

fn shown(status: StatusCode, value: &serde_json::Value, cookies: Vec<HeaderValue>) -> Response {
    let mut response = answer(status, Body::from(value.to_string()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    put(headers, cookies);
    response
}

/// To a question that waited: it is as it was (RFC 7240 §3).
fn as_before(wait: Duration) -> Response {
    let mut response = answer(StatusCode::NO_CONTENT, Body::empty());
    let applied = HeaderValue::try_from(format!("wait={}", wait.as_secs()));
    response.headers_mut().extend(applied.map(|applied| (PREFERENCE_APPLIED, applied)));
    response
}

fn put(headers: &mut HeaderMap, cookies: Vec<HeaderValue>) {
    for cookie in cookies {
        headers.append(SET_COOKIE, cookie);
    }
}

/// As a person reads it.
fn sentence(why: &Trouble) -> String {
    let mut text = why.to_string();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text + "."
}

fn escaped(text: &str) -> String {
    let escape = |c: char| match c {
        '&' | '<' | '>' | '"' | '\'' => format!("&#{};", u32::from(c)),
        c => c.to_string(),
    };
    text.chars().map(escape).collect()
}
