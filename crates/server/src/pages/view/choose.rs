//! `/sign-in/choose`: this account or another.

use askama::Template;

use super::site::Site;
use crate::pages::assets;

/// The choice.
#[derive(Debug, Template)]
#[template(path = "choose.html")]
pub struct Choose<'a> {
    /// The installation.
    pub site: &'a Site,
    /// Who is signed in: an email.
    pub who: &'a str,
    /// Where this account goes on.
    pub this: String,
    /// Where another is taken.
    pub another: String,
}
