//! `/account/apps`: what I let other applications do, with a way to take each of them back.

use askama::Template;
use cloakroom_model::id::ClientId;

use super::consent::Want;
use super::form::{Form, Notice, Trouble};
use super::moment::Moment;
use super::sentence::Sentence;
use super::site::{Room, Section, Site};
use crate::pages::assets;
use crate::pages::form_token::FormToken;

/// The list.
#[derive(Debug, Template)]
#[template(path = "apps.html")]
pub struct Apps<'a> {
    site: &'a Site,
    room: Room<'a>,
    token: FormToken,
    list: Vec<App>,
    notice: Option<Notice>,
}

/// An application that I let in.
#[derive(Debug)]
pub struct App {
    /// Its name in the form that takes it back.
    pub client: ClientId,
    /// Its name for people.
    pub name: String,
    /// What it may know and do.
    pub may: Vec<Want>,
    /// Since when it may do all of that.
    pub since: Moment,
}

impl<'a> Apps<'a> {
    /// The list, in the order in which it is given.
    #[must_use]
    pub fn new(room: Room<'a>, token: FormToken, list: Vec<App>) -> Self {
        Self { site: room.site, room, token, list, notice: None }
    }

    /// Says that one was taken back.
    #[must_use]
    pub fn withdrawn(mut self) -> Self {
        let words = "That app can do nothing with your account any more.";
        self.notice = Some(Notice::good(Sentence::new(words)));
        self
    }

    /// Says why nothing was done.
    #[must_use]
    pub fn refused(mut self, trouble: Trouble) -> Self {
        self.notice = Some(trouble.into());
        self
    }

    fn form(&self) -> Form {
        Form::new(self.token.clone())
    }
}
