//! What a browser is given when its session begins or gets a new secret, and what is taken back when it ends.
//!
//! Pages and API both go by this, so that a cookie that is given anywhere is taken back everywhere.

use std::time::Duration;

use cloakroom_engine::Engine;
use cloakroom_engine::begin::SignedIn;
use cloakroom_engine::memory::Remembered;
use cloakroom_engine::secret;
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};

use crate::cookies::{Cookies, Name};

/// The cookies of a session.
#[derive(Clone, Debug)]
pub struct SessionCookies {
    cookies: Cookies,
    /// The domain whose hosts may see who is there (`--cookie-domain`).
    domain: Option<String>,
}

impl SessionCookies {
    /// The cookies of an issuer, with an identifying one for the hosts of `domain` where there is one.
    #[must_use]
    pub const fn new(cookies: Cookies, domain: Option<String>) -> Self {
        Self { cookies, domain }
    }

    /// Gives the browser what it needs from now on. Nothing where the session is carried as tokens.
    pub fn give(&self, engine: &Engine, signed_in: &SignedIn, headers: &mut HeaderMap) {
        let Some(cookie) = &signed_in.cookie else { return };
        let remembered = age(engine, &signed_in.session);
        let header = self.cookies.set(Name::Session, &cookie.to_text(), remembered);
        headers.append(SET_COOKIE, header);
        if let Some(device) = &signed_in.device {
            headers.append(SET_COOKIE, self.cookies.set_device(&secret::to_text(device)));
        }
        self.identify(engine, &signed_in.session, headers);
    }

    /// Shows the hosts of the domain who is there, where there is one; also to a browser whose session is older than that.
    pub fn identify(&self, engine: &Engine, session: &Remembered, headers: &mut HeaderMap) {
        if let Some(domain) = &self.domain
            && let Some(value) = engine.identifying_cookie(session)
        {
            let remembered = age(engine, session);
            headers.append(SET_COOKIE, self.cookies.set_identifying(&value, domain, remembered));
        }
    }

    /// Takes the session's cookies back.
    pub fn take(&self, headers: &mut HeaderMap) {
        for header in self.taken() {
            headers.append(SET_COOKIE, header);
        }
    }

    /// The value of the identifying cookie, where there is a domain for it.
    #[must_use]
    pub fn identifying<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        self.domain.as_ref()?;
        self.cookies.read(Name::Identifying, headers)
    }

    fn taken(&self) -> impl Iterator<Item = HeaderValue> {
        let identifying = self.domain.as_ref().map(|domain| self.cookies.clear_identifying(domain));
        std::iter::once(self.cookies.clear(Name::Session)).chain(identifying)
    }
}

/// How long a browser keeps a session's cookies; `None` for as long as it runs.
fn age(engine: &Engine, session: &Remembered) -> Option<Duration> {
    let session = &session.session;
    session.remembered.then(|| session.expires_at.since(engine.now()))
}
