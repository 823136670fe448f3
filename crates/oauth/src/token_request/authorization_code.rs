//! RFC 6749 §4.1.3, RFC 7636 §4.5: a client brings the code that a browser brought it.

use crate::error::Error;
use crate::form::Form;
use crate::token_request::{Presented, resource};

/// A code, and what must be the same as when it was asked for.
#[derive(Debug)]
pub struct CodeRequest {
    /// The code.
    pub code: Presented,
    /// Where the browser was sent. `None` where the request leaves it out, as it may where it was left out before.
    pub redirect_uri: Option<String>,
    /// What the code's challenge was made from; `None` where there was none.
    pub code_verifier: Option<Presented>,
    /// The one audience that the access token shall be for.
    pub resource: Option<String>,
}

impl CodeRequest {
    pub(super) fn read(form: &Form) -> Result<Self, Error> {
        Ok(Self {
            code: Presented::code(form.require("code")?)?,
            redirect_uri: form.value("redirect_uri").map(str::to_owned),
            code_verifier: form.value("code_verifier").map(Presented::code).transpose()?,
            resource: resource(form)?,
        })
    }
}
