//! A service behind a proxy that the account may not open.

use askama::Template;

use super::site::Site;
use crate::pages::assets;

/// What is said.
#[derive(Debug, Template)]
#[template(path = "not_let_in.html")]
pub struct NotLetIn<'a> {
    /// The installation.
    pub site: &'a Site,
    /// Who is signed in: an email.
    pub who: &'a str,
    /// The service's host.
    pub host: &'a str,
    /// Where another account is taken.
    pub another: String,
}
