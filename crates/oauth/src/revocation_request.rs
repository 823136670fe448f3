//! RFC 7009 §2.1: a client gives a token back.
//!
//! What is no token, or no longer one, is not an error (§2.2): what the client wanted is already so.

use std::fmt;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::form::Form;
use crate::refresh_token::{PREFIX, Presented};

/// The token that shall be worth nothing from now on.
#[derive(Clone)]
pub enum RevocationRequest {
    /// A refresh token: its grant ends, and with it all access tokens of the grant.
    Refresh(Presented),
    /// Perhaps an access token: only verifying it tells.
    Access(Zeroizing<String>),
    /// No token that this server could have made.
    Nothing,
}

impl RevocationRequest {
    /// Reads the body of a request. `token_type_hint` is not needed (§2.1 lets a server find out by itself): our
    /// refresh tokens are known by their prefix.
    pub fn read(form: &Form) -> Result<Self, Error> {
        let token = form.require("token")?;
        Ok(if token.starts_with(PREFIX) {
            Presented::parse(token).map_or(Self::Nothing, Self::Refresh)
        } else {
            Self::Access(Zeroizing::new(token.to_owned()))
        })
    }
}

impl fmt::Debug for RevocationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refresh(presented) => f.debug_tuple("Refresh").field(presented).finish(),
            Self::Access(_) => f.write_str("Access(..)"),
            Self::Nothing => f.write_str("Nothing"),
        }
    }
}

#[cfg(test)]
mod tests {
    use cloakroom_model::id::GrantId;

    use super::*;
    use crate::error::Code;
    use crate::refresh_token::ChainKey;

    fn read(body: &str) -> Result<RevocationRequest, Code> {
        RevocationRequest::read(&Form::parse(body.as_bytes()).unwrap()).map_err(|error| error.code)
    }

    #[test]
    fn a_token_is_known_by_its_look_and_not_by_its_hint() {
        let token = ChainKey::derive(&[1; 32], GrantId::from_bytes([2; 16])).token(3);
        let refresh = read(&format!("token={}&token_type_hint=access_token", &*token)).unwrap();
        assert!(matches!(refresh, RevocationRequest::Refresh(presented) if presented.counter == 3));
        let access = read("token=a.b.c&token_type_hint=refresh_token").unwrap();
        assert!(matches!(&access, RevocationRequest::Access(text) if text.as_str() == "a.b.c"));
        assert_eq!(format!("{access:?}"), "Access(..)");
        assert!(matches!(read("token=ckr_broken"), Ok(RevocationRequest::Nothing)));
    }

    #[test]
    fn without_a_token_there_is_nothing_to_give_back() {
        assert_eq!(read("token_type_hint=access_token").unwrap_err(), Code::InvalidRequest);
    }
}
