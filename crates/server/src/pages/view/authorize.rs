//! The two pages that a client's question may end with here: that it cannot be answered, and an answer on its way in a
//! form.

use askama::Template;

use super::site::Site;
use crate::pages::assets;

/// A question that nobody but the person can be told about.
#[derive(Debug, Template)]
#[template(path = "not_answered.html")]
pub struct NotAnswered<'a> {
    site: &'a Site,
    code: &'a str,
    description: &'a str,
}

impl<'a> NotAnswered<'a> {
    /// What was wrong: the code for the client's author, and a sentence. Neither holds anything that was sent.
    #[must_use]
    pub fn new(site: &'a Site, code: &'a str, description: &'a str) -> Self {
        Self { site, code, description }
    }
}

/// An answer that the browser posts to its client. It goes by itself where scripts run, and by a button elsewhere.
#[derive(Template)]
#[template(path = "form_post.html")]
pub struct Post<'a> {
    site: &'a Site,
    action: &'a str,
    host: &'a str,
    fields: &'a [(&'static str, String)],
}

impl<'a> Post<'a> {
    /// These fields for the client at `action`.
    #[must_use]
    pub fn new(site: &'a Site, action: &'a str, fields: &'a [(&'static str, String)]) -> Self {
        let behind_scheme = action.split_once("://").map_or(action, |(_, rest)| rest);
        let host = behind_scheme.split(['/', '?', '#']).next().unwrap_or(behind_scheme);
        Self { site, action, host, fields }
    }
}
