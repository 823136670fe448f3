//! `/device`: a person types the code that a device shows, looks at who asks, and lets it in or not.
//!
//! The code may have been sent by somebody whose device it is, to be let into the account of whoever types it. So the
//! page says which app asks, from where and since when, and what it means to say yes; and nothing of that is shown, or
//! done, before the code was sent from a form of ours.

use askama::Template;
use zeroize::Zeroizing;

use super::consent::Want;
use super::field::Field;
use super::form::{Form, Notice, Trouble};
use super::moment::Ago;
use super::sentence::Sentence;
use super::site::Site;
use crate::pages::assets;
use crate::pages::form_token::FormToken;

/// Asks for the code.
#[derive(Debug, Template)]
#[template(path = "device.html")]
pub struct AskCode<'a> {
    site: &'a Site,
    form: Form,
    code: Field,
}

/// Why no device was found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Problem {
    /// No code was typed.
    NoCode,
    /// What was typed is no code.
    NotACode,
    /// No device waits with it.
    Unknown,
    /// Something that is not about what was typed.
    Trouble(Trouble),
}

impl<'a> AskCode<'a> {
    /// An empty form.
    #[must_use]
    pub fn new(site: &'a Site, token: FormToken) -> Self {
        let code = Field::text("user_code", "Code", "off");
        let code = code.hint("Eight letters that the device shows, such as WDJB-MJHT.").first();
        Self { site, form: Form::new(token), code }
    }

    /// Keeps what was typed.
    #[must_use]
    pub fn typed(mut self, code: &str) -> Self {
        self.code.keep(code);
        self
    }

    /// Shows a code that came with the address.
    #[must_use]
    pub fn brought(mut self, code: &str) -> Self {
        self.form.say(Notice::plain(Sentence::new(
            "Is this the code that your device shows now? Go on only if it is.",
        )));
        self.typed(code)
    }

    /// Says why no device was found.
    #[must_use]
    pub fn refused(mut self, problem: Problem) -> Self {
        match problem {
            Problem::NoCode => {
                self.code.refuse(Sentence::new("Write the code here that your device shows."));
            }
            Problem::NotACode => self.code.refuse(Sentence::new(
                "This is not such a code: it has eight letters, and no vowels among them.",
            )),
            Problem::Unknown => self.code.refuse(Sentence::new(
                "No device waits with this code. Check the letters. A code lasts 15 minutes and works once: if \
                 it is older, begin again on the device.",
            )),
            Problem::Trouble(trouble) => self.form.say(trouble.into()),
        }
        self.form.start(&mut [&mut self.code]);
        self
    }
}

/// Asks whether the device may come in.
#[derive(Debug, Template)]
#[template(path = "device_ask.html")]
pub struct AskDevice<'a> {
    site: &'a Site,
    form: Form,
    asked: Asked<'a>,
}

/// Which device asks whom for what.
#[derive(Debug)]
pub struct Asked<'a> {
    /// The name for people of the client whose device it says it is.
    pub client: &'a str,
    /// Whether nobody here has vouched for the client.
    pub unknown: bool,
    /// The code, as the device shows it.
    pub code: Zeroizing<String>,
    /// Where it asked from.
    pub address: &'a str,
    /// Whether the person is there too.
    pub is_near: bool,
    /// When it began to wait.
    pub began: Ago,
    /// Whose account it is, an email.
    pub who: &'a str,
    /// What it wants to know and to do, a line each.
    pub wants: Vec<Want>,
    /// Where another account is taken.
    pub another: String,
}

impl<'a> AskDevice<'a> {
    /// The question.
    #[must_use]
    pub fn new(site: &'a Site, token: FormToken, asked: Asked<'a>) -> Self {
        Self { site, form: Form::new(token), asked }
    }
}

/// What became of the device.
#[derive(Debug, Template)]
#[template(path = "device_done.html")]
pub struct DeviceDone<'a> {
    /// The installation.
    pub site: &'a Site,
    /// Whether it may come in.
    pub let_in: bool,
}
