//! `/account/delete`.

use askama::Template;

use super::field::Field;
use super::form::{Form, Trouble};
use super::sentence::Sentence;
use super::site::{Room, Section, Site};
use crate::pages::assets;
use crate::pages::form_token::FormToken;

/// The end of an account, for somebody who knows its password.
#[derive(Debug, Template)]
#[template(path = "delete.html")]
pub struct Delete<'a> {
    site: &'a Site,
    room: Room<'a>,
    form: Form,
    password: Field,
}

/// Why the account is still there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Problem {
    /// No password was given.
    NoPassword,
    /// It is another.
    WrongPassword,
    /// Something that is not about what was typed.
    Trouble(Trouble),
}

impl<'a> Delete<'a> {
    /// An empty form.
    #[must_use]
    pub fn new(room: Room<'a>, token: FormToken) -> Self {
        Self {
            site: room.site,
            room,
            form: Form::new(token),
            password: Field::password("password", "Your password", "current-password")
                .hint("To make sure that it is you."),
        }
    }

    /// Says why the account is still there.
    #[must_use]
    pub fn refused(mut self, problem: Problem) -> Self {
        match problem {
            Problem::NoPassword => {
                self.password.refuse(Sentence::new("Write your password here."));
            }
            Problem::WrongPassword => self.password.refuse(Sentence::new(
                "This is not your password. Nothing was deleted. Please try again.",
            )),
            Problem::Trouble(trouble) => self.form.say(trouble.into()),
        }
        self.form.start(&mut [&mut self.password]);
        self
    }
}
