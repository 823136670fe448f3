//! RFC 6749 §4.4.2: a client asks for itself, and for nobody else.

use crate::error::Error;
use crate::form::Form;
use crate::scope::Scope;
use crate::token_request::{resource, scope};

/// What the client's own token shall be.
#[derive(Debug)]
pub struct ClientCredentialsRequest {
    /// What it shall allow; all that the client may where `None`.
    pub scope: Option<Scope>,
    /// The one audience it shall be for; the client's default where `None`.
    pub resource: Option<String>,
}

impl ClientCredentialsRequest {
    pub(super) fn read(form: &Form) -> Result<Self, Error> {
        Ok(Self { scope: scope(form)?, resource: resource(form)? })
    }
}
