//! The page for what could not be shown: what happened, and what to do next.

use std::time::Duration;

use askama::Template;
use http::StatusCode;

use super::moment::wait;
use super::site::Site;
use crate::pages::assets;

/// One page for every error that no form can show beside its fields.
#[derive(Debug, Template)]
#[template(path = "error.html")]
pub struct ErrorPage<'a> {
    site: &'a Site,
    title: &'static str,
    what: &'static str,
    next: String,
    way: Way,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind<'a> {
    /// 400: the request is not one that our pages make.
    BadRequest,
    /// 403: another site's page sent it.
    CrossSite,
    /// 404.
    NotFound,
    /// 405: the address takes another kind of request.
    MethodNotAllowed,
    /// 413.
    TooLarge,
    /// 421: this is the server for another host; its public URL.
    Misdirected(&'a str),
    /// 429: there is room again after this long.
    TooMany(Duration),
    /// 500.
    Internal,
    /// 503: likely to work after this long.
    Unavailable(Duration),
}

/// The button at the end.
#[derive(Debug)]
enum Way {
    Account,
    SignIn,
    Elsewhere(String),
    /// To wait is all.
    Wait,
}

impl Kind<'_> {
    /// The status that belongs to the page.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::CrossSite => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Misdirected(_) => StatusCode::MISDIRECTED_REQUEST,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// How long to wait, where that is known.
    #[must_use]
    pub const fn wait(&self) -> Option<Duration> {
        match self {
            Self::TooMany(wait) | Self::Unavailable(wait) => Some(*wait),
            _ => None,
        }
    }

    /// Heading, what happened, what to do next.
    fn words(&self) -> (&'static str, &'static str, String) {
        match self {
            Self::BadRequest => (
                "That didn’t make sense to us",
                "The address or the form that brought you here is incomplete or was altered.",
                "Go back and try again. If a link brought you here, ask for a new one.".into(),
            ),
            Self::CrossSite => (
                "We didn’t do that",
                "Another website asked for this in your name, so nothing was changed.",
                "If you meant to do it, start from your account.".into(),
            ),
            Self::NotFound => (
                "There is nothing here",
                "The address may be misspelt, or what was here is gone.",
                "Check the address, or start from your account.".into(),
            ),
            Self::MethodNotAllowed => (
                "This page opens differently",
                "It only works when its form is sent, and nothing was changed.",
                "Start from your account and follow the links from there.".into(),
            ),
            Self::TooLarge => (
                "That was too much to take in",
                "What was sent is larger than any of our forms needs, and nothing was changed.",
                "Go back and send less.".into(),
            ),
            Self::Misdirected(_) => (
                "This is not our address",
                "This server answers under another address, where your sign-in is kept.",
                "Go on there, and keep that address if you saved this one.".into(),
            ),
            Self::TooMany(time) => (
                "A little slower, please",
                "There were too many requests from your network.",
                format!("Wait {}, then load the page again.", wait(*time)),
            ),
            Self::Internal => (
                "Something broke on our side",
                "It was not anything you did. Whether your last change was saved is not certain.",
                "Go to your account and look. If it happens again, tell the people who run this \
                 service."
                    .into(),
            ),
            Self::Unavailable(time) => (
                "We can’t answer just now",
                "The server is very busy or starting up, and nothing was changed.",
                format!("Wait {}, then load the page again.", wait(*time)),
            ),
        }
    }
}

impl<'a> ErrorPage<'a> {
    /// The page for `kind`.
    #[must_use]
    pub fn new(site: &'a Site, kind: Kind<'_>) -> Self {
        let (title, what, next) = kind.words();
        let way = match kind {
            Kind::Misdirected(url) => Way::Elsewhere(url.to_owned()),
            Kind::BadRequest => Way::SignIn,
            Kind::TooMany(_) | Kind::Unavailable(_) => Way::Wait,
            _ => Way::Account,
        };
        Self { site, title, what, next, way }
    }
}
