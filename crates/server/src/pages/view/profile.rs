//! `/account`: who I am here, and changing what I am called.

use askama::Template;
use cloakroom_model::user::{User, Username};

use super::field::Field;
use super::form::{Form, Notice, Trouble};
use super::moment::Moment;
use super::sentence::Sentence;
use super::sign_up::{no_email, not_a_username, not_an_email, username, username_taken};
use super::site::{Room, Section, Site};
use crate::pages::assets;
use crate::pages::form_token::FormToken;

/// What is known about the user.
#[derive(Debug, Template)]
#[template(path = "profile.html")]
pub struct Profile<'a> {
    site: &'a Site,
    room: Room<'a>,
    username: Option<&'a str>,
    created: Moment,
    administrator: bool,
    notice: Option<Notice>,
    names: Names,
}

/// Email and username, for somebody who knows the password.
#[derive(Debug)]
struct Names {
    form: Form,
    email: Field,
    username: Field,
    password: Field,
    /// Whether the form is unfolded: something in it is to be done again.
    open: bool,
}

/// Why somebody is called what they were called.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Problem {
    /// No email.
    NoEmail,
    /// Not an email address.
    NotAnEmail,
    /// Somebody else has this email.
    EmailTaken,
    /// Not a username.
    NotAUsername,
    /// Somebody else has this username.
    UsernameTaken,
    /// No password was given.
    NoPassword,
    /// It is another.
    WrongPassword,
    /// Something that is not about what was typed.
    Trouble(Trouble),
}

impl<'a> Profile<'a> {
    /// The profile of the user that `room` belongs to, with the form folded away.
    #[must_use]
    pub fn new(room: Room<'a>, user: &'a User, token: FormToken) -> Self {
        let name = user.username.as_ref().map(Username::as_str);
        let mut names = Names {
            form: Form::new(token),
            email: Field::email("email", "Email", "username"),
            username: username(),
            password: Field::password("current_password", "Your password", "current-password")
                .hint("To make sure that it is you."),
            open: false,
        };
        names.email.keep(user.email.as_str());
        names.username.keep(name.unwrap_or_default());
        Self {
            site: room.site,
            room,
            username: name,
            created: Moment::new(user.created_at),
            administrator: user.is_admin(),
            notice: None,
            names,
        }
    }

    /// Greets somebody whose account was made just now.
    #[must_use]
    pub fn welcome(mut self) -> Self {
        self.notice = Some(Notice::good(Sentence::new(
            "Your account is ready, and you are signed in on this device.",
        )));
        self
    }

    /// Says that the names are changed.
    #[must_use]
    pub fn changed(mut self) -> Self {
        self.notice = Some(Notice::good(Sentence::new(
            "Your changes are saved. From now on you sign in with what is written here.",
        )));
        self
    }

    /// Keeps what was typed.
    #[must_use]
    pub fn typed(mut self, email: &str, username: &str) -> Self {
        self.names.email.keep(email);
        self.names.username.keep(username);
        self
    }

    /// Says why nothing was changed.
    #[must_use]
    pub fn refused(mut self, problems: &[Problem]) -> Self {
        self.names.refuse(problems);
        self
    }
}

impl Names {
    fn refuse(&mut self, problems: &[Problem]) {
        for problem in problems {
            match problem {
                Problem::NoEmail => self.email.refuse(no_email()),
                Problem::NotAnEmail => self.email.refuse(not_an_email()),
                Problem::EmailTaken => self
                    .email
                    .refuse(Sentence::new("Somebody has an account with this email. Use another.")),
                Problem::NotAUsername => self.username.refuse(not_a_username()),
                Problem::UsernameTaken => self.username.refuse(username_taken()),
                Problem::NoPassword => {
                    self.password.refuse(Sentence::new("Write your password here."));
                }
                Problem::WrongPassword => self.password.refuse(Sentence::new(
                    "This is not your password. Nothing was changed. Please try again.",
                )),
                Problem::Trouble(trouble) => self.form.say((*trouble).into()),
            }
        }
        self.form.start(&mut [&mut self.email, &mut self.username, &mut self.password]);
        self.open = true;
    }
}
