//! `/sign-up`, and the fields that every new account has.

use askama::Template;
use cloakroom_model::policy::password::Refusal;

use super::field::Field;
use super::form::{Form, Trouble};
use super::sentence::Sentence;
use super::site::Site;
use crate::pages::assets;
use crate::pages::form_token::FormToken;
use crate::pages::local_path::LocalPath;

/// A new account for whoever comes.
#[derive(Debug, Template)]
#[template(path = "sign_up.html")]
pub struct SignUp<'a> {
    site: &'a Site,
    form: Form,
    account: NewAccount,
}

/// Sign-up is closed: who to turn to.
#[derive(Debug, Template)]
#[template(path = "sign_up_closed.html")]
pub struct SignUpClosed<'a> {
    /// The installation.
    pub site: &'a Site,
}

/// Why an account was not made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Problem {
    /// No email.
    NoEmail,
    /// Not an email address.
    NotAnEmail,
    /// There is an account with this email.
    EmailTaken,
    /// Not a username.
    NotAUsername,
    /// Somebody else has this username.
    UsernameTaken,
    /// The password cannot be used.
    Password(BadPassword),
    /// Something that is not about what was typed.
    Trouble(Trouble),
}

/// Why a new password cannot be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BadPassword {
    /// None was given.
    Missing,
    /// More bytes than are read.
    TooLong,
    /// The one that is to be replaced.
    Same,
    /// The rules of this installation say so.
    Refused(Refusal),
}

impl BadPassword {
    /// What to do about it.
    #[must_use]
    pub fn words(self) -> Sentence {
        match self {
            Self::Missing => Sentence::new("Choose a password."),
            Self::TooLong => Sentence::new("This is longer than can be kept. Use a shorter one."),
            Self::Same => Sentence::new("This is the password you have now. Choose another."),
            Self::Refused(refusal) => Sentence::new(refusal.to_string()),
        }
    }
}

impl<'a> SignUp<'a> {
    /// An empty form.
    #[must_use]
    pub fn new(site: &'a Site, token: FormToken, return_to: Option<LocalPath>) -> Self {
        Self {
            site,
            form: Form::new(token).return_to(return_to),
            account: NewAccount::new(site.shortest_password),
        }
    }

    /// Keeps what was typed.
    #[must_use]
    pub fn typed(mut self, email: &str, username: &str) -> Self {
        self.account.keep(email, username);
        self
    }

    /// Says why the account was not made.
    #[must_use]
    pub fn refused(mut self, problems: &[Problem]) -> Self {
        self.account.refuse(&mut self.form, problems);
        self
    }
}

/// Email, username and password of an account that is to be made.
#[derive(Debug)]
pub(super) struct NewAccount {
    pub(super) email: Field,
    pub(super) username: Field,
    pub(super) password: Field,
}

impl NewAccount {
    pub(super) fn new(shortest_password: usize) -> Self {
        Self {
            // What password managers keep is what everybody can sign in with.
            email: Field::email("email", "Email", "username").first(),
            username: username(),
            password: new_password("password", shortest_password),
        }
    }

    pub(super) fn keep(&mut self, email: &str, username: &str) {
        self.email.keep(email);
        self.username.keep(username);
    }

    pub(super) fn refuse(&mut self, form: &mut Form, problems: &[Problem]) {
        for problem in problems {
            match problem {
                Problem::NoEmail => self.email.refuse(no_email()),
                Problem::NotAnEmail => self.email.refuse(not_an_email()),
                Problem::EmailTaken => self.email.refuse(
                    Sentence::new("There is an account with this email already. ")
                        .link(form.beside("/sign-in"), "Sign in instead")
                        .then(", or use another email."),
                ),
                Problem::NotAUsername => self.username.refuse(not_a_username()),
                Problem::UsernameTaken => self.username.refuse(username_taken()),
                Problem::Password(bad) => self.password.refuse(bad.words()),
                Problem::Trouble(trouble) => form.say((*trouble).into()),
            }
        }
        form.start(&mut [&mut self.email, &mut self.username, &mut self.password]);
    }
}

/// A field for the short name, which nobody needs.
pub(super) fn username() -> Field {
    Field::text("username", "Username", "nickname")
        .optional()
        .hint("A short name to sign in with instead of your email.")
}

pub(super) fn no_email() -> Sentence {
    Sentence::new("Write your email here.")
}

pub(super) fn not_an_email() -> Sentence {
    Sentence::new("Check the spelling: an email looks like name@example.com.")
}

pub(super) fn not_a_username() -> Sentence {
    Sentence::new(
        "Use 2 to 64 letters and digits; dots, dashes and underscores may stand between them. Or \
         leave it empty.",
    )
}

pub(super) fn username_taken() -> Sentence {
    Sentence::new("Somebody has this username. Choose another, or leave it empty.")
}

/// A field for a password that is not used yet.
pub(super) fn new_password(name: &'static str, shortest: usize) -> Field {
    let label = if name == "password" { "Password" } else { "New password" };
    Field::password(name, label, "new-password").hint(format!(
        "At least {shortest} characters. A few words in a row are easy to remember and hard to guess."
    ))
}
