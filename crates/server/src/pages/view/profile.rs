//! `/account`: who I am here.

use askama::Template;

use super::form::Notice;
use super::moment::Moment;
use super::sentence::Sentence;
use super::site::{Room, Section, Site};
use crate::pages::assets;

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
}

impl<'a> Profile<'a> {
    /// The profile of the user that `room` belongs to.
    #[must_use]
    pub fn new(
        room: Room<'a>,
        username: Option<&'a str>,
        created: Moment,
        administrator: bool,
    ) -> Self {
        Self { site: room.site, room, username, created, administrator, notice: None }
    }

    /// Greets somebody whose account was made just now.
    #[must_use]
    pub fn welcome(mut self) -> Self {
        self.notice = Some(Notice::good(Sentence::new(
            "Your account is ready, and you are signed in on this device.",
        )));
        self
    }
}
