//! `/account/devices`: where I am signed in, with a way out of each.
//!
//! Where the sign-in here is not fresh, the way out that was chosen asks for the password at its own place.

use askama::Template;
use cloakroom_model::id::SessionId;
use cloakroom_model::session::Session;
use cloakroom_model::time::Timestamp;

use super::field::Field;
use super::form::{Form, Notice, Trouble};
use super::moment::{Ago, Moment};
use super::sentence::Sentence;
use super::site::{Room, Section, Site};
use crate::pages::assets;
use crate::pages::form_token::FormToken;

/// The list.
#[derive(Debug, Template)]
#[template(path = "devices.html")]
pub struct Devices<'a> {
    site: &'a Site,
    room: Room<'a>,
    token: FormToken,
    list: Vec<Device>,
    notice: Option<Notice>,
    question: Option<Question>,
}

/// Which sessions are to end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Which {
    /// One.
    One(SessionId),
    /// All but this one.
    Others,
}

/// Asks for the password before `which` end.
#[derive(Debug)]
struct Question {
    which: Which,
    form: Form,
    password: Field,
}

/// Why they did not end yet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Problem {
    /// No password was given.
    NoPassword,
    /// It is another.
    WrongPassword,
    /// Something that is not about what was typed.
    Trouble(Trouble),
}

/// What an act on this page did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Done {
    /// One device was signed out.
    One,
    /// All but this one were.
    Others,
    /// It was signed out already.
    Already,
}

impl<'a> Devices<'a> {
    /// The list, this device first.
    #[must_use]
    pub fn new(room: Room<'a>, token: FormToken, mut list: Vec<Device>) -> Self {
        list.sort_by_key(|device| !device.here);
        Self { site: room.site, room, token, list, notice: None, question: None }
    }

    /// Says what was done.
    #[must_use]
    pub fn done(mut self, done: Done) -> Self {
        self.notice = Some(Notice::good(Sentence::new(match done {
            Done::One => "That device is signed out.",
            Done::Others => "All your other devices are signed out.",
            Done::Already => "That device was signed out already.",
        })));
        self
    }

    /// Says why nothing was done.
    #[must_use]
    pub fn refused(mut self, trouble: Trouble) -> Self {
        self.notice = Some(trouble.into());
        self
    }

    /// Asks for the password before `which` end, and says what was wrong with the last one.
    #[must_use]
    pub fn ask(mut self, which: Which, problem: Option<Problem>) -> Self {
        let mut form = self.form();
        let mut password = Field::password("password", "Your password", "current-password")
            .hint("You signed in here a while ago: to make sure that it is still you.");
        match problem {
            Some(Problem::NoPassword) => {
                password.refuse(Sentence::new("Write your password here."));
            }
            Some(Problem::WrongPassword) => password.refuse(Sentence::new(
                "This is not your password. Nobody was signed out. Please try again.",
            )),
            Some(Problem::Trouble(trouble)) => form.say(trouble.into()),
            None => {}
        }
        form.start(&mut [&mut password]);
        self.question = Some(Question { which, form, password });
        self
    }

    /// Whether this one is in the list.
    #[must_use]
    pub fn has(&self, which: Which) -> bool {
        match which {
            Which::One(sid) => self.list.iter().any(|device| device.sid == sid),
            Which::Others => self.others(),
        }
    }

    fn form(&self) -> Form {
        Form::new(self.token.clone())
    }

    fn asks(&self, which: Which) -> Option<&Question> {
        self.question.as_ref().filter(|question| question.which == which)
    }

    fn others(&self) -> bool {
        self.list.iter().any(|device| !device.here)
    }
}

/// One session, as its owner knows it.
#[derive(Debug)]
pub struct Device {
    sid: SessionId,
    name: String,
    address: String,
    how: &'static str,
    signed_in: Moment,
    last_seen: Ago,
    here: bool,
}

impl Device {
    /// The words for `session`; `here` is the one that asks.
    #[must_use]
    pub fn new(session: &Session, here: SessionId, now: Timestamp) -> Self {
        let name = session.device.name.trim();
        let authentication = session.authentication.as_ref();
        Self {
            sid: session.id,
            name: if name.is_empty() { "Unknown device".to_owned() } else { name.to_owned() },
            address: session.device.address.clone(),
            how: authentication.map_or("Signed in", |authentication| how(&authentication.amr)),
            signed_in: Moment::new(authentication.map_or(session.created_at, |by| by.at)),
            last_seen: Ago::new(session.last_seen_at, now),
            here: session.id == here,
        }
    }

    /// Four letters of the session's public name: enough to tell two tickets of one person apart.
    fn number(&self) -> String {
        let name = self.sid.to_string();
        name[name.len() - 4..].to_owned()
    }
}

/// RFC 8176's means of authentication in words.
fn how(amr: &[String]) -> &'static str {
    let has = |means: &str| amr.iter().any(|by| by == means);
    match (has("pwd"), has("otp")) {
        (true, true) => "Signed in with a password and a code",
        (true, false) => "Signed in with a password",
        (false, true) => "Signed in with a code",
        (false, false) => "Signed in",
    }
}
