//! `/sign-in/again`: the password of the account that is signed in.

use askama::Template;

use super::field::Field;
use super::form::{Form, Trouble};
use super::sentence::Sentence;
use super::site::Site;
use crate::pages::form_token::FormToken;
use crate::pages::local_path::LocalPath;
use crate::pages::{assets, paths};

/// The question.
#[derive(Debug, Template)]
#[template(path = "again.html")]
pub struct Again<'a> {
    site: &'a Site,
    form: Form,
    who: &'a str,
    password: Field,
    another: String,
    leads_to: Option<String>,
}

/// Why nothing was proved.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Problem {
    /// No password.
    NoPassword,
    /// Another one.
    Mismatch,
    /// Something that is not about what was typed.
    Trouble(Trouble),
}

impl<'a> Again<'a> {
    /// An empty form for `who`, an email.
    #[must_use]
    pub fn new(site: &'a Site, token: FormToken, who: &'a str, onward: Option<LocalPath>) -> Self {
        let another = onward.as_ref().map_or_else(
            || paths::SIGN_IN_AS_ANOTHER.to_owned(),
            |path| path.as_return_to(paths::SIGN_IN_AS_ANOTHER),
        );
        let form = Form::new(token).return_to(onward);
        let password = Field::password("password", "Password", "current-password").first();
        Self { site, form, who, password, another, leads_to: None }
    }

    /// Says which host asks, where it is one behind a proxy.
    #[must_use]
    pub fn leads_to(mut self, host: Option<&str>) -> Self {
        self.leads_to = host.map(str::to_owned);
        self
    }

    /// Says why nothing was proved.
    #[must_use]
    pub fn refused(mut self, problem: Problem) -> Self {
        match problem {
            Problem::NoPassword => {
                self.password.refuse(Sentence::new("Write your password here."));
            }
            Problem::Mismatch => self.password.refuse(Sentence::new(
                "This is not the password of this account. Check it and try again.",
            )),
            Problem::Trouble(trouble) => self.form.say(trouble.into()),
        }
        self.form.start(&mut [&mut self.password]);
        self
    }
}
