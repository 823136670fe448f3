//! RFC 6749 §6: a client asks for a new access token.

use crate::error::{Code, Error};
use crate::form::Form;
use crate::refresh_token::Presented;
use crate::scope::Scope;
use crate::token_request::{resource, scope};

/// A refresh token, and how much of what was granted the access token shall have.
#[derive(Debug)]
pub struct RefreshRequest {
    /// The token, of which nothing is proved yet.
    pub refresh_token: Presented,
    /// What the access token shall allow; all that was granted where `None`.
    pub scope: Option<Scope>,
    /// The one audience it shall be for (RFC 8707 §2.2); the grant's default where `None`.
    pub resource: Option<String>,
}

impl RefreshRequest {
    pub(super) fn read(form: &Form) -> Result<Self, Error> {
        let text = form.require("refresh_token")?;
        let refresh_token = Presented::parse(text).map_err(|_| Error::from(Code::InvalidGrant))?;
        Ok(Self { refresh_token, scope: scope(form)?, resource: resource(form)? })
    }
}
