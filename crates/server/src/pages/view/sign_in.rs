//! `/sign-in`.

use askama::Template;

use super::field::Field;
use super::form::{Form, Notice, Trouble};
use super::says::Says;
use super::sentence::Sentence;
use super::site::Site;
use crate::pages::assets;
use crate::pages::form_token::FormToken;
use crate::pages::local_path::LocalPath;

/// The way in.
#[derive(Debug, Template)]
#[template(path = "sign_in.html")]
pub struct SignIn<'a> {
    site: &'a Site,
    form: Form,
    identifier: Field,
    password: Field,
    remember: bool,
    says: Says,
    leads_to: Option<String>,
}

/// Why somebody who did not ask for it sees the page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Because {
    /// The page asked for needs to know who is there.
    Needed,
    /// Another account than the one that is signed in is wanted.
    Another,
    /// The session ended: by time, or from elsewhere.
    Ended,
    /// A new password was set by a one-time link.
    Recovered,
}

/// Why a sign-in did not happen. Whether the account exists is not among it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Problem {
    /// No email or username.
    NoIdentifier,
    /// No password.
    NoPassword,
    /// The two do not match, for whatever reason.
    Mismatch,
    /// Something that is not about what was typed.
    Trouble(Trouble),
}

impl<'a> SignIn<'a> {
    /// An empty form.
    #[must_use]
    pub fn new(site: &'a Site, token: FormToken, return_to: Option<LocalPath>) -> Self {
        Self {
            site,
            form: Form::new(token).return_to(return_to),
            identifier: Field::text("identifier", "Email or username", "username").first(),
            password: Field::password("password", "Password", "current-password"),
            remember: false,
            says: Says::default(),
            leads_to: None,
        }
    }

    /// Says why the page is shown.
    #[must_use]
    pub fn because(mut self, because: Because) -> Self {
        self.form.say(match because {
            Because::Needed => Notice::plain(Sentence::new("Please sign in to go on.")),
            Because::Another => Notice::plain(Sentence::new(
                "Sign in with the account to use. Who is signed in here now is signed out by it.",
            )),
            Because::Ended => Notice::plain(Sentence::new(
                "You were signed out of this browser. Sign in to go on where you were.",
            )),
            Because::Recovered => Notice::good(Sentence::new(
                "Your new password is set, and every device was signed out. Sign in with it.",
            )),
        });
        self.start()
    }

    /// Says who sent somebody here.
    #[must_use]
    pub fn sent_by(mut self, says: Says) -> Self {
        self.says = says;
        self
    }

    /// Says to which host somebody goes on.
    #[must_use]
    pub fn leads_to(mut self, host: Option<&str>) -> Self {
        self.leads_to = host.map(str::to_owned);
        self
    }

    /// Keeps what was typed.
    #[must_use]
    pub fn typed(mut self, identifier: &str, remember: bool) -> Self {
        self.identifier.keep(identifier);
        self.remember = remember;
        self
    }

    /// Says why the sign-in did not happen.
    #[must_use]
    pub fn refused(mut self, problems: &[Problem]) -> Self {
        for problem in problems {
            match problem {
                Problem::NoIdentifier => {
                    self.identifier
                        .refuse(Sentence::new("Write your email or your username here."));
                }
                Problem::NoPassword => {
                    self.password.refuse(Sentence::new("Write your password here."));
                }
                Problem::Mismatch => self.password.refuse(mismatch(self.identifier.value())),
                Problem::Trouble(trouble) => self.form.say((*trouble).into()),
            }
        }
        self.start()
    }

    fn start(mut self) -> Self {
        self.form.start(&mut [&mut self.identifier, &mut self.password]);
        self
    }
}

/// Speaks of an email where one was written.
fn mismatch(identifier: &str) -> Sentence {
    let words = if identifier.contains('@') {
        "This email and password don’t match. Check both, or "
    } else {
        "This username and password don’t match. Check both, or "
    };
    Sentence::new(words).link("/recover", "get help signing in").then(".")
}
