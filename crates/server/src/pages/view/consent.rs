//! `/consent`: whether a client may have what it asks for.
//!
//! What a client says of itself is shown as what it says. Where nobody who runs this server has registered it, the
//! host that the answer goes to is shown too, because that is all that is known of it.

use askama::Template;

use super::form::{Form, Trouble};
use super::says::Says;
use super::site::Site;
use crate::pages::form_token::FormToken;
use crate::pages::local_path::LocalPath;
use crate::pages::{assets, paths};

/// The question.
#[derive(Debug, Template)]
#[template(path = "consent.html")]
pub struct Consent<'a> {
    site: &'a Site,
    form: Form,
    asked: Asked<'a>,
    says: Says,
    /// Where another account is taken.
    another: String,
}

/// Who asks whom for what.
#[derive(Debug)]
pub struct Asked<'a> {
    /// The host that the answer goes to, where nobody here has vouched for the client.
    pub unknown_at: Option<&'a str>,
    /// The host of the document that a client is known by, where it is known by one.
    pub document_at: Option<&'a str>,
    /// Whose account it is, an email.
    pub who: &'a str,
    /// What it wants to know and to do, a line each.
    pub wants: Vec<Want>,
}

/// One thing that a client wants.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Want {
    /// In our words.
    Known(&'static str),
    /// A claim that was asked for by name.
    Claim(String),
    /// A scope that only the client and its services know.
    Scope(String),
    /// A detail (RFC 9396): its type, and each of its members in words.
    Detail {
        /// Its `type`.
        kind: String,
        /// Its other members: name and value.
        members: Vec<(String, String)>,
    },
}

impl Want {
    /// The words for a scope.
    #[must_use]
    pub fn of_scope(scope: &str) -> Self {
        match scope {
            "openid" => Self::Known("Know that it is you, each time you come"),
            "profile" => Self::Known("See your username"),
            "email" => Self::Known("See your email address"),
            "offline_access" => Self::Known("Stay connected when you are signed out here"),
            other => Self::Scope(other.to_owned()),
        }
    }
}

impl<'a> Consent<'a> {
    /// The question as it is first asked.
    #[must_use]
    pub fn new(
        site: &'a Site,
        token: FormToken,
        asked: Asked<'a>,
        says: Says,
        onward: LocalPath,
    ) -> Self {
        let another = onward.as_return_to(paths::SIGN_IN_AS_ANOTHER);
        Self { site, form: Form::new(token).return_to(Some(onward)), asked, says, another }
    }

    /// Says why the answer did not count.
    #[must_use]
    pub fn refused(mut self, trouble: Trouble) -> Self {
        self.form.say(trouble.into());
        self
    }
}
