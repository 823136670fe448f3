//! `/recover`: a new password by a one-time link, and how to come by such a link.

use askama::Template;

use super::field::Field;
use super::form::{Form, LinkSecret, Trouble};
use super::sign_up::{BadPassword, new_password};
use super::site::Site;
use crate::pages::assets;
use crate::pages::form_token::FormToken;

/// A new password for the holder of a link.
#[derive(Debug, Template)]
#[template(path = "recover.html")]
pub struct Recover<'a> {
    site: &'a Site,
    form: Form,
    who: &'a str,
    new_password: Field,
}

impl<'a> Recover<'a> {
    /// An empty form for the holder of `link`, which is for the account of `who`, an email.
    #[must_use]
    pub fn new(site: &'a Site, token: FormToken, link: LinkSecret, who: &'a str) -> Self {
        Self {
            site,
            form: Form::new(token).link(link),
            who,
            new_password: new_password("new_password", site.shortest_password).first(),
        }
    }

    /// Says why the password was not set.
    #[must_use]
    pub fn refused(mut self, problem: Problem) -> Self {
        match problem {
            Problem::Password(bad) => self.new_password.refuse(bad.words()),
            Problem::Trouble(trouble) => self.form.say(trouble.into()),
        }
        self.form.start(&mut [&mut self.new_password]);
        self
    }
}

/// Why the password was not set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Problem {
    /// It cannot be used.
    Password(BadPassword),
    /// Something that is not about what was typed.
    Trouble(Trouble),
}

/// How to get back in, for those who come without a link.
#[derive(Debug, Template)]
#[template(path = "recover_help.html")]
pub struct RecoverHelp<'a> {
    /// The installation.
    pub site: &'a Site,
}
