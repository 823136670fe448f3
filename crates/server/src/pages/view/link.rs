//! Links that are good for one act: the page that puts an app's session into this browser, and the one that says
//! that a link does not work any more.
//!
//! The first shows whose account it is before anything happens, because whoever wrote the link chose it.

use askama::Template;

use super::form::{Form, LinkSecret, Trouble};
use super::site::Site;
use crate::pages::assets;
use crate::pages::form_token::FormToken;

/// Asks whether this browser shall be signed in to the account of a link.
#[derive(Debug, Template)]
#[template(path = "link.html")]
pub struct Link<'a> {
    site: &'a Site,
    form: Form,
    who: &'a str,
    instead_of: Option<&'a str>,
}

impl<'a> Link<'a> {
    /// The question to the holder of `link`, which leads to the account of `who`, an email. `instead_of` is who
    /// is signed in here now, where that is somebody else.
    #[must_use]
    pub fn new(
        site: &'a Site,
        token: FormToken,
        link: LinkSecret,
        who: &'a str,
        instead_of: Option<&'a str>,
    ) -> Self {
        Self { site, form: Form::new(token).link(link), who, instead_of }
    }

    /// Says why it did not happen.
    #[must_use]
    pub fn refused(mut self, trouble: Trouble) -> Self {
        self.form.say(trouble.into());
        self
    }
}

/// A link that was used, is too old, or never was one: nobody is told which.
#[derive(Debug, Template)]
#[template(path = "link_spent.html")]
pub struct LinkSpent<'a> {
    /// The installation.
    pub site: &'a Site,
    /// What it was for.
    pub kind: Kind,
}

/// What a link is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// To create the administrator.
    SetUp,
    /// To set a new password.
    Recover,
    /// To go from an app to the browser.
    Cookie,
}
