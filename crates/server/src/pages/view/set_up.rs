//! `/setup`: the first account, by the link that the server printed when it started.

use askama::Template;

use super::form::{Form, LinkSecret};
use super::sign_up::{NewAccount, Problem};
use super::site::Site;
use crate::pages::assets;
use crate::pages::form_token::FormToken;

/// The administrator's account.
#[derive(Debug, Template)]
#[template(path = "set_up.html")]
pub struct SetUp<'a> {
    site: &'a Site,
    form: Form,
    account: NewAccount,
}

impl<'a> SetUp<'a> {
    /// An empty form for the holder of `link`.
    #[must_use]
    pub fn new(site: &'a Site, token: FormToken, link: LinkSecret) -> Self {
        Self {
            site,
            form: Form::new(token).link(link),
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
