//! What a request for a page brings, and who is there.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use cloakroom_engine::identity::NotSignedIn;
use cloakroom_engine::secret::{self, CookieSecret};
use cloakroom_engine::visitor::{Browser as EngineBrowser, Visitor};
use cloakroom_model::secret::Secret;
use cloakroom_model::session::Replaced;
use cloakroom_oauth::form::Form;
use http::request::Parts;
use http::{HeaderValue, Method};

use super::Pages;
use super::failure::Failure;
use super::form_token::{Browser, FormToken, Holder, Purpose};
use super::local_path::LocalPath;
use super::member::Member;
use super::note::{self, Note};
use super::view::form::LinkSecret;
use super::{paths, reply};
use crate::body;
use crate::cookies::Name;

/// A request for a page, without its body.
pub(super) struct Visit {
    pub(super) visitor: Visitor,
    pub(super) session: Option<CookieSecret>,
    device: Option<Secret>,
    browser: Browser,
    browser_is_new: bool,
    note: Option<Note>,
    was_sent_again: bool,
    method: Method,
    path_and_query: String,
    query: Option<Form>,
}

/// Who is there.
pub(super) enum Who {
    /// Somebody who is signed in.
    Member(Member),
    /// Nobody: no cookie, or a guest's.
    Nobody,
    /// Nobody any more: the cookie's session has ended.
    Ended,
    /// Somebody whose cookie was replaced a moment ago by another answer.
    Replaced(Replaced),
}

impl FromRequestParts<Arc<Pages>> for Visit {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, pages: &Arc<Pages>) -> Result<Self, Failure> {
        let visitor = parts.extensions.get::<Visitor>().cloned().ok_or_else(|| {
            tracing::error!("a request for a page came without its visitor");
            Failure::Internal
        })?;
        let cookie = |name| pages.cookies.read(name, &parts.headers);
        let browser = cookie(Name::Form).and_then(Browser::from_cookie);
        let path_and_query = parts.uri.path_and_query().map_or("/", |whole| whole.as_str());
        Ok(Self {
            visitor,
            session: cookie(Name::Session).and_then(CookieSecret::parse),
            device: cookie(Name::Device).and_then(secret::from_text),
            browser: browser.unwrap_or_else(|| Browser::new(pages.engine.form_number())),
            browser_is_new: browser.is_none(),
            note: cookie(Name::Note).and_then(Note::parse),
            was_sent_again: cookie(Name::Again).is_some(),
            method: parts.method.clone(),
            path_and_query: path_and_query.to_owned(),
            query: Form::parse(parts.uri.query().unwrap_or_default().as_bytes()).ok(),
        })
    }
}

impl Visit {
    /// What the engine wants to know of the browser.
    pub(super) fn brought(&self) -> EngineBrowser {
        EngineBrowser { session: self.session.clone(), device: self.device.clone() }
    }

    /// Who is there. Counts as a use of the session.
    pub(super) async fn who(&self, pages: &Pages) -> Result<Who, Failure> {
        let Some(cookie) = &self.session else { return Ok(Who::Nobody) };
        match pages.engine.check_cookie(cookie).await {
            Ok(identity) => Ok(Member::of(identity).map_or(Who::Nobody, Who::Member)),
            Err(NotSignedIn::Replaced(replaced)) => Ok(Who::Replaced(replaced)),
            Err(NotSignedIn::Store(error)) => Err(error.into()),
            Err(_) => Ok(Who::Ended),
        }
    }

    /// The member who is there, or the way to the sign-in and back.
    pub(super) async fn member(&self, pages: &Pages) -> Result<Member, Response> {
        match self.who(pages).await.map_err(IntoResponse::into_response)? {
            Who::Member(member) => Ok(member),
            Who::Replaced(_) if self.may_be_sent_again() => Err(self.send_again(pages)),
            // What was to be sent is asked for again from a fresh page.
            _ if self.method.is_safe() => Err(to_sign_in(&self.path_and_query)),
            _ => Err(to_sign_in(paths::ACCOUNT)),
        }
    }

    /// Whether somebody whose cookie was replaced a moment ago may be sent to the same address once more.
    pub(super) fn may_be_sent_again(&self) -> bool {
        self.method.is_safe() && !self.was_sent_again
    }

    /// Sends the browser to the same address: the new cookie is on its way with another answer, and is here by then.
    pub(super) fn send_again(&self, pages: &Pages) -> Response {
        let again = pages.cookies.set(Name::Again, "1", Some(note::LIVES / 6));
        reply::with_cookie(reply::see_other(&self.path_and_query), again)
    }

    /// What forms before a sign-in are bound to.
    pub(super) const fn holder(&self) -> Holder {
        Holder::Browser(self.browser)
    }

    /// The token of a form before a sign-in.
    pub(super) fn token(&self, pages: &Pages, purpose: Purpose) -> FormToken {
        pages.key.token(self.holder(), purpose)
    }

    /// Whether a form before a sign-in was shown to this browser.
    pub(super) fn may_send(&self, pages: &Pages, purpose: Purpose, form: &Form) -> bool {
        !self.browser_is_new && pages.key.accepts(self.holder(), purpose, csrf(form))
    }

    /// Gives the browser its number with a page that has a form in it, where it has none yet.
    pub(super) fn known(&self, pages: &Pages, response: Response) -> Response {
        if self.browser_is_new {
            reply::with_cookie(response, self.browser.set_cookie(pages.cookies))
        } else {
            response
        }
    }

    /// What was just done, for the page that it is about; the answer takes the note back.
    pub(super) fn note(&self) -> Option<Note> {
        self.note
    }

    /// Takes the note back, where there is one.
    pub(super) fn noted(&self, pages: &Pages, response: Response) -> Response {
        match self.note {
            Some(_) => reply::with_cookie(response, pages.cookies.clear(Name::Note)),
            None => response,
        }
    }

    /// Where the address says to go on afterwards.
    pub(super) fn return_to(&self) -> Option<LocalPath> {
        self.query.as_ref().and_then(return_to)
    }

    /// Whether the address has a parameter of this name.
    pub(super) fn asks(&self, name: &str) -> bool {
        self.query.as_ref().is_some_and(|query| query.value(name).is_some())
    }

    /// The parameter of this name in the address.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.as_ref().and_then(|query| query.value(name))
    }

    /// The one-time link's secret in the address.
    pub(super) fn link(&self) -> Option<OneTime> {
        self.query.as_ref().and_then(OneTime::from_form)
    }
}

fn to_sign_in(back: &str) -> Response {
    let with_way_back = LocalPath::parse(back).map(|path| path.as_return_to(paths::SIGN_IN));
    reply::see_other(with_way_back.as_deref().unwrap_or(paths::SIGN_IN))
}

/// A one-time link's secret, as text for the form and as bytes for the engine.
pub(super) struct OneTime {
    pub(super) text: LinkSecret,
    pub(super) secret: Secret,
}

impl OneTime {
    /// From the parameter `link`, if it can be one at all.
    pub(super) fn from_form(form: &Form) -> Option<Self> {
        let text = form.value("link")?;
        Some(Self { text: LinkSecret::new(text), secret: secret::from_text(text)? })
    }
}

/// The value of the hidden field.
pub(super) fn csrf(form: &Form) -> &str {
    form.value("csrf").unwrap_or_default()
}

/// Where a form or an address says to go on afterwards; `None` where that is not surely here.
pub(super) fn return_to(form: &Form) -> Option<LocalPath> {
    LocalPath::parse(form.value("return_to")?).ok()
}

/// Whether a box is ticked.
pub(super) fn is_ticked(form: &Form, name: &str) -> bool {
    form.value(name) == Some("true")
}

/// Reads the form that a request brings.
pub(super) async fn read(request: Request) -> Result<Form, Failure> {
    let (parts, body) = request.into_parts();
    Ok(body::form(&parts.headers, body).await?)
}

/// Leaves a note for the page that follows.
pub(super) fn leave_note(pages: &Pages, response: Response, note: Note) -> Response {
    let cookie: HeaderValue = pages.cookies.set(Name::Note, note.word(), Some(note::LIVES));
    reply::with_cookie(response, cookie)
}
