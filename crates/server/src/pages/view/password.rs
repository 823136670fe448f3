//! `/account/password`.

use askama::Template;

use super::field::Field;
use super::form::{Form, Notice, Trouble};
use super::sentence::Sentence;
use super::sign_up::{BadPassword, new_password};
use super::site::{Room, Section, Site};
use crate::pages::assets;
use crate::pages::form_token::FormToken;

/// A new password for somebody who knows the old one.
#[derive(Debug, Template)]
#[template(path = "password.html")]
pub struct Password<'a> {
    site: &'a Site,
    room: Room<'a>,
    form: Form,
    current: Field,
    new: Field,
    end_others: bool,
}

/// Why the password was not changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Problem {
    /// The current one was not given.
    NoCurrent,
    /// The current one is another.
    WrongCurrent,
    /// The new one cannot be used.
    New(BadPassword),
    /// Something that is not about what was typed.
    Trouble(Trouble),
}

impl<'a> Password<'a> {
    /// An empty form; ending the other devices is suggested.
    #[must_use]
    pub fn new(room: Room<'a>, token: FormToken) -> Self {
        let shortest = room.site.shortest_password;
        Self {
            site: room.site,
            room,
            form: Form::new(token),
            current: Field::password("current_password", "Current password", "current-password"),
            new: new_password("new_password", shortest),
            end_others: true,
        }
    }

    /// Says that it was changed.
    #[must_use]
    pub fn changed(mut self, others_ended: bool) -> Self {
        self.form.say(Notice::good(Sentence::new(if others_ended {
            "Your password is changed, and all your other devices are signed out."
        } else {
            "Your password is changed. Your other devices stay signed in."
        })));
        self
    }

    /// Keeps the choice about the other devices.
    #[must_use]
    pub fn typed(mut self, end_others: bool) -> Self {
        self.end_others = end_others;
        self
    }

    /// Says why the password was not changed.
    #[must_use]
    pub fn refused(mut self, problems: &[Problem]) -> Self {
        for problem in problems {
            match problem {
                Problem::NoCurrent => {
                    self.current.refuse(Sentence::new("Write the password you have now."));
                }
                Problem::WrongCurrent => self
                    .current
                    .refuse(Sentence::new("This is not your current password. Please try again.")),
                Problem::New(bad) => self.new.refuse(bad.words()),
                Problem::Trouble(trouble) => self.form.say((*trouble).into()),
            }
        }
        self.form.start(&mut [&mut self.current, &mut self.new]);
        self
    }
}
