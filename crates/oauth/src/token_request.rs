//! RFC 6749 §3.2: what is asked of the token endpoint, a module for each grant type.
//!
//! The client's proof is read beside it. Whether the client may use the grant type, and whether what it presents is
//! worth anything, is for others to find out.

mod authorization_code;
mod client_credentials;
mod device_code;
mod refresh_token;
mod token_exchange;

use std::fmt;

use cloakroom_model::registration::GrantType;
use zeroize::Zeroizing;

pub use self::authorization_code::CodeRequest;
pub use self::client_credentials::ClientCredentialsRequest;
pub use self::device_code::DeviceCodeRequest;
pub use self::refresh_token::RefreshRequest;
pub use self::token_exchange::{ExchangeRequest, TokenType};
use crate::error::{Code, Error};
use crate::form::Form;
use crate::scope::Scope;

/// What a client wants.
#[derive(Debug)]
pub enum TokenRequest {
    /// Tokens for a code that a browser brought.
    AuthorizationCode(CodeRequest),
    /// A new access token for a refresh token.
    Refresh(RefreshRequest),
    /// An access token for the client itself.
    ClientCredentials(ClientCredentialsRequest),
    /// Tokens for a device that somebody was asked to let in.
    DeviceCode(DeviceCodeRequest),
    /// An access token for another token.
    Exchange(Box<ExchangeRequest>),
}

impl TokenRequest {
    /// Reads the body of a request.
    pub fn read(form: &Form) -> Result<Self, Error> {
        let asked = form.require("grant_type")?;
        let known = GrantType::ALL.into_iter().find(|grant_type| grant_type.as_str() == asked);
        match known.ok_or(Code::UnsupportedGrantType)? {
            GrantType::AuthorizationCode => CodeRequest::read(form).map(Self::AuthorizationCode),
            GrantType::RefreshToken => RefreshRequest::read(form).map(Self::Refresh),
            GrantType::ClientCredentials => {
                ClientCredentialsRequest::read(form).map(Self::ClientCredentials)
            }
            GrantType::DeviceCode => DeviceCodeRequest::read(form).map(Self::DeviceCode),
            GrantType::TokenExchange => {
                ExchangeRequest::read(form).map(Box::new).map(Self::Exchange)
            }
        }
    }

    /// The grant type, to be held against those of the client.
    #[must_use]
    pub const fn grant_type(&self) -> GrantType {
        match self {
            Self::AuthorizationCode(_) => GrantType::AuthorizationCode,
            Self::Refresh(_) => GrantType::RefreshToken,
            Self::ClientCredentials(_) => GrantType::ClientCredentials,
            Self::DeviceCode(_) => GrantType::DeviceCode,
            Self::Exchange(_) => GrantType::TokenExchange,
        }
    }
}

/// Something presented for tokens, of which nothing is proved. Does not print, and is wiped.
#[derive(Clone)]
pub struct Presented(Zeroizing<String>);

impl Presented {
    /// The longest code that is read, in bytes. Ours are shorter; what is longer is none of ours.
    const MAX_BYTES: usize = 512;

    fn code(text: &str) -> Result<Self, Error> {
        if text.len() > Self::MAX_BYTES {
            return Err(Code::InvalidGrant.into());
        }
        Ok(Self::token(text))
    }

    pub(crate) fn token(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Presented(..)")
    }
}

/// The scope of a request; `None` where it asks for none.
pub(crate) fn scope(form: &Form) -> Result<Option<Scope>, Error> {
    let scope = form.value("scope").map(Scope::parse).transpose();
    scope.map_err(|problem| Error::new(Code::InvalidScope, problem.to_string()))
}

/// The one resource of a request (RFC 8707 §2.2); `None` where it names none.
///
/// Deviation: RFC 8707 lets a request name several. A token for several services can be passed on by each to the others.
pub(crate) fn resource(form: &Form) -> Result<Option<String>, Error> {
    let mut resources = form.several("resource");
    let resource = resources.next().map(str::to_owned);
    if resources.next().is_some() {
        return Err(Error::new(
            Code::InvalidTarget,
            "an access token is for one resource: ask for one at a time",
        ));
    }
    Ok(resource)
}

#[cfg(test)]
mod tests;
