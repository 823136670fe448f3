//! RFC 6749 §4.1.2.1: who learns of an error. The client, where it registered the place that the answer goes to; nobody
//! but the person otherwise.

use cloakroom_model::client::Client;

use super::parameters;
use crate::error::Error;
use crate::form::Form;
use crate::redirect::{self, VerifiedRedirect};
use crate::response_mode::ResponseMode;

/// A request that is not granted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Refused {
    /// The person is told, on a page of ours.
    Shown(Error),
    /// The client is told, by way of the browser.
    Returned(Box<Returned>),
}

/// An error, and where it goes. Only with a [`VerifiedRedirect`] can there be one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Returned {
    /// Where it goes.
    pub redirect: VerifiedRedirect,
    /// How it travels.
    pub mode: ResponseMode,
    /// What goes with it.
    pub state: Option<String>,
    /// The error.
    pub error: Error,
}

impl Refused {
    /// An error that was found before the request itself could be read, such as a request object that is not signed.
    /// The client is told if the parameters beside it name a place that it registered.
    #[must_use]
    pub fn beside(form: &Form, client: &Client, error: Error) -> Self {
        let registered = &client.registration.redirect_uris;
        let verified = form
            .value("redirect_uri")
            .map(|requested| redirect::verify(registered, Some(requested), true));
        match verified {
            Some(Ok(redirect)) => {
                let mode = parameters::response_mode(form).unwrap_or_default();
                let state = parameters::echo(form, "state").ok().flatten();
                Self::Returned(Box::new(Returned { redirect, mode, state, error }))
            }
            Some(Err(_)) | None => Self::Shown(error),
        }
    }

    /// The error, for whoever asked directly (RFC 9126 §2.3) and for the log.
    #[must_use]
    pub fn error(&self) -> &Error {
        match self {
            Self::Shown(error) => error,
            Self::Returned(returned) => &returned.error,
        }
    }
}
