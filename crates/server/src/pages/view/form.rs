//! What all forms carry, and what can go wrong with any of them.

use std::fmt;
use std::time::Duration;

use askama::Template;
use askama::filters::HtmlSafe;

use super::field::{Field, start};
use super::moment::wait;
use super::sentence::Sentence;
use crate::pages::form_token::FormToken;
use crate::pages::local_path::LocalPath;

/// The hidden part of a form, and what is said above its fields.
#[derive(Debug, Template)]
#[template(path = "part/form.html")]
pub struct Form {
    token: FormToken,
    return_to: Option<LocalPath>,
    link: Option<LinkSecret>,
    notice: Option<Notice>,
    refused: Vec<(&'static str, &'static str)>,
}

impl Form {
    /// A form that was not sent yet.
    #[must_use]
    pub fn new(token: FormToken) -> Self {
        Self { token, return_to: None, link: None, notice: None, refused: Vec::new() }
    }

    /// Where to go on afterwards.
    #[must_use]
    pub fn return_to(mut self, path: Option<LocalPath>) -> Self {
        self.return_to = path;
        self
    }

    /// Carries on the link that led here.
    #[must_use]
    pub fn link(mut self, link: LinkSecret) -> Self {
        self.link = Some(link);
        self
    }

    /// Says something above the fields.
    pub fn say(&mut self, notice: Notice) {
        self.notice = Some(notice);
    }

    /// Starts where there is something to do, and names the fields that were refused, with a link to each, where
    /// there is more than one: of a single one the words beside it and the focus say everything.
    pub fn start(&mut self, fields: &mut [&mut Field]) {
        start(fields, self.notice.is_some());
        let refused: Vec<_> = fields
            .iter()
            .filter(|field| field.is_refused())
            .map(|field| (field.name(), field.label()))
            .collect();
        self.refused = if refused.len() > 1 { refused } else { Vec::new() };
    }

    /// The address of `path` for a link beside the form, so that the other way in leads on to the same place.
    #[must_use]
    pub fn beside(&self, path: &str) -> String {
        match &self.return_to {
            Some(return_to) => return_to.as_return_to(path),
            None => path.to_owned(),
        }
    }
}

/// The template escapes what it holds.
impl HtmlSafe for Form {}

/// The text of a one-time link, on its way through a form. It does not print by itself.
#[derive(Clone)]
pub struct LinkSecret(String);

impl LinkSecret {
    /// From the address that was opened or the form that was sent; it need not be one that works.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// As it stands in the link and in the form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkSecret(..)")
    }
}

/// Something said above the fields, in its tone.
#[derive(Clone, Debug)]
pub struct Notice {
    tone: Tone,
    words: Sentence,
}

impl Notice {
    /// Its id in the page.
    pub const ID: &str = "notice";

    /// Something happened as it should.
    #[must_use]
    pub fn good(words: Sentence) -> Self {
        Self { tone: Tone::Good, words }
    }

    /// Something to know.
    #[must_use]
    pub fn plain(words: Sentence) -> Self {
        Self { tone: Tone::Plain, words }
    }

    /// Something did not happen.
    #[must_use]
    pub fn bad(words: Sentence) -> Self {
        Self { tone: Tone::Bad, words }
    }

    /// The tone's class in the style sheet.
    #[must_use]
    pub const fn class(&self) -> &'static str {
        match self.tone {
            Tone::Good => "good",
            Tone::Plain => "plain",
            Tone::Bad => "bad",
        }
    }

    /// Bad news is an alert to those who hear the page, the rest a status.
    #[must_use]
    pub const fn role(&self) -> &'static str {
        match self.tone {
            Tone::Bad => "alert",
            Tone::Good | Tone::Plain => "status",
        }
    }

    /// What it says.
    #[must_use]
    pub const fn words(&self) -> &Sentence {
        &self.words
    }
}

#[derive(Clone, Copy, Debug)]
enum Tone {
    Good,
    Plain,
    Bad,
}

/// What can go wrong with any form, whatever was typed into it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Trouble {
    /// The token is missing or belongs to another browser or session.
    Expired,
    /// Too many attempts; there is room for the next after this long.
    TooMany(Duration),
    /// Passwords are being checked as fast as this server can.
    Busy(Duration),
    /// So many attempts failed that only devices that are known may try.
    Closed,
    /// The account has as many sessions as it may.
    Full,
    /// The account was changed by somebody else at the same time.
    Stale,
    /// Nobody would be left who may administrate the server.
    LastAdministrator,
}

impl From<Trouble> for Notice {
    fn from(trouble: Trouble) -> Self {
        Self::bad(Sentence::new(match trouble {
            Trouble::Expired => {
                "Nothing was changed yet: this page was older than your visit here, because you signed in \
                 or out in another tab, or your browser keeps no cookies for this address. Please send \
                 it again."
                    .to_owned()
            }
            Trouble::TooMany(time) => format!(
                "There were too many attempts. Please wait {}, then try again. Your account is fine.",
                wait(time)
            ),
            Trouble::Busy(time) => format!(
                "Many people are signing in just now and this one had to wait too long. Nothing was \
                 changed. Please try again in {}.",
                wait(time)
            ),
            Trouble::Closed => "There were too many wrong attempts, so this account can be reached only from \
                 devices that signed in to it before. Use one of those, or ask the people who run this \
                 service to let you in."
                .to_owned(),
            Trouble::Full => "This account is signed in on as many devices as it may be. Sign out on one of \
                 them, then try again here."
                .to_owned(),
            Trouble::LastAdministrator => "You are the only administrator of this server, and without one nobody \
                 could run it. Nothing was deleted. Make somebody else an administrator first, then come back."
                .to_owned(),
            Trouble::Stale => "Your account was changed at the same time, from another place. Nothing was \
                 changed from here. Please look, and try again."
                .to_owned(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::form_token::{Browser, FormKey, Holder, Purpose};

    #[test]
    fn a_form_carries_its_token_and_where_to_go_on() {
        let path = LocalPath::parse("/oauth/authorize?a=b&c=d").unwrap();
        let form = form().return_to(Some(path));
        let html = form.to_string();
        assert!(html.contains("name=\"csrf\" value=\""));
        assert!(
            html.contains("name=\"return_to\" value=\"/oauth/authorize?a=b&#38;c=d\""),
            "{html}"
        );
        assert_eq!(form.beside("/sign-up"), "/sign-up?return_to=/oauth/authorize%3Fa%3Db%26c%3Dd");
    }

    #[test]
    fn several_problems_are_listed_and_a_single_one_is_not() {
        let mut email = Field::email("email", "Email", "email");
        let mut password = Field::password("password", "Password", "new-password");
        let mut form = form();
        email.refuse(Sentence::new("Write your email."));
        form.start(&mut [&mut email, &mut password]);
        assert!(!form.to_string().contains("href"));
        password.refuse(Sentence::new("Choose a password."));
        form.start(&mut [&mut email, &mut password]);
        let html = form.to_string();
        assert!(html.contains("<a href=\"#email\">Email</a>"), "{html}");
        assert!(html.contains("<a href=\"#password\">Password</a>"));
        assert!(html.contains("role=\"alert\""));
    }

    fn form() -> Form {
        let browser = Holder::Browser(Browser::new([1; 16]));
        Form::new(FormKey::new(&[7; 32]).token(browser, Purpose::SignIn))
    }
}
