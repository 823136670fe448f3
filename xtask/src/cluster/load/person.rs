//! What a client holds: people, and the sessions that they carry.

use std::time::Duration;

use crate::cluster::history::{Document, Moment, Name, Owner};
use crate::http::Request;

/// The name of a session's cookie where the server is called by plain http.
pub(super) const COOKIE: &str = "cloakroom";

/// An access token lives ten minutes, and a clock of a test may be off.
const TOKEN_IS_OLD: Duration = Duration::from_mins(8);

/// So many writes go to a namespace before the next one is begun.
const WRITES: usize = 120;

pub(super) struct Person {
    /// The email.
    pub(super) name: Name,
    pub(super) password: String,
    /// Whether the sign-up was acknowledged.
    pub(super) is_known: bool,
    /// Whether it turned out that there was none.
    pub(super) is_unknown: bool,
    pub(super) sessions: Vec<Held>,
    pub(super) writes: usize,
}

/// A session, and what is presented for it.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) sid: Name,
    pub(super) carried: Carried,
}

#[derive(Clone)]
pub(super) enum Carried {
    /// As a request sends it.
    Cookie(String),
    Tokens(Tokens),
}

#[derive(Clone)]
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) since: Moment,
    pub(super) refresh: String,
    /// When the refresh token was presented for the first time.
    pub(super) first_presented: Option<Moment>,
}

impl Person {
    pub(super) fn namespaces(&self) -> usize {
        self.writes / WRITES
    }

    /// The document that is written to at present.
    pub(super) fn present(&self) -> Document {
        self.document(self.namespaces())
    }

    pub(super) fn document(&self, number: usize) -> Document {
        Document { owner: Owner::User(self.name.clone()), namespace: namespace(number) }
    }
}

pub(super) fn namespace(number: usize) -> Name {
    format!("cart{number}").into()
}

impl Held {
    /// The request with what shows who sends it.
    pub(super) fn identified<'a>(&self, request: Request<'a>) -> Request<'a> {
        match &self.carried {
            Carried::Cookie(cookie) => request.header("cookie", cookie.as_str()),
            Carried::Tokens(tokens) => {
                request.header("authorization", format!("Bearer {}", tokens.access))
            }
        }
    }

    pub(super) fn tokens(&self) -> Option<&Tokens> {
        match &self.carried {
            Carried::Tokens(tokens) => Some(tokens),
            Carried::Cookie(_) => None,
        }
    }

    pub(super) fn is_by_cookie(&self) -> bool {
        matches!(self.carried, Carried::Cookie(_))
    }

    /// Whether it can be used without a refresh.
    pub(super) fn is_usable(&self, now: Moment) -> bool {
        self.tokens().is_none_or(|tokens| !tokens.is_old(now))
    }
}

impl Tokens {
    pub(super) fn is_old(&self, now: Moment) -> bool {
        now.saturating_sub(self.since) > TOKEN_IS_OLD
    }
}
