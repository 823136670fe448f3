//! `/sign-out`, before and after.

use askama::Template;

use super::form::{Form, Trouble};
use super::site::Site;
use crate::pages::assets;
use crate::pages::form_token::FormToken;
use crate::pages::local_path::LocalPath;

/// Asks before signing out: a link alone must not do it.
#[derive(Debug, Template)]
#[template(path = "sign_out.html")]
pub struct SignOut<'a> {
    site: &'a Site,
    form: Form,
    who: &'a str,
}

impl<'a> SignOut<'a> {
    /// The question to `who`, an email.
    #[must_use]
    pub fn new(
        site: &'a Site,
        token: FormToken,
        who: &'a str,
        return_to: Option<LocalPath>,
    ) -> Self {
        Self { site, form: Form::new(token).return_to(return_to), who }
    }

    /// Says why it did not happen.
    #[must_use]
    pub fn refused(mut self, trouble: Trouble) -> Self {
        self.form.say(trouble.into());
        self
    }
}

/// Says that it is done.
#[derive(Debug, Template)]
#[template(path = "signed_out.html")]
pub struct SignedOut<'a> {
    /// The installation.
    pub site: &'a Site,
    /// What ended.
    pub reach: Reach,
    /// Addresses of apps that hear of it by being loaded (OpenID Connect Front-Channel Logout 1.0).
    pub frames: &'a [String],
    /// Where the browser goes once they had a moment for it.
    pub onward: Option<&'a str>,
}

impl<'a> SignedOut<'a> {
    /// The page with nothing to load and nowhere to go.
    #[must_use]
    pub const fn new(site: &'a Site, reach: Reach) -> Self {
        Self { site, reach, frames: &[], onward: None }
    }
}

/// How much a sign-out ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reach {
    /// This browser alone.
    Here,
    /// Every device.
    Everywhere,
    /// The account is gone, and every device with it.
    Account,
}
