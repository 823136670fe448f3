//! `/oauth/logout`: whether to sign out, because an app asks for it.

use askama::Template;

use super::form::{Form, Trouble};
use super::site::Site;
use crate::pages::assets;
use crate::pages::form_token::FormToken;

/// The question: anybody can send a browser here.
#[derive(Debug, Template)]
#[template(path = "log_out.html")]
pub struct LogOut<'a> {
    site: &'a Site,
    form: Form,
    who: &'a str,
    client: Option<&'a str>,
    carried: Vec<(&'static str, &'a str)>,
}

impl<'a> LogOut<'a> {
    /// The question to `who`, an email, that `client` asks by its name for people; the form carries on what it asked
    /// for.
    #[must_use]
    pub fn new(
        site: &'a Site,
        token: FormToken,
        who: &'a str,
        client: Option<&'a str>,
        carried: Vec<(&'static str, &'a str)>,
    ) -> Self {
        Self { site, form: Form::new(token), who, client, carried }
    }

    /// Says why it did not happen.
    #[must_use]
    pub fn refused(mut self, trouble: Trouble) -> Self {
        self.form.say(trouble.into());
        self
    }
}
