//! RFC 7009 §2.1 and RFC 7662 §2.1: the token that a request is about, to give it back or to ask what it is worth.
//!
//! What is no token, or no longer one, is not an error: whoever gives it back has what they wanted (RFC 7009 §2.2), and
//! whoever asks is told that it is not active (RFC 7662 §2.2).

use std::fmt;

use zeroize::Zeroizing;

use crate::error::Error;
use crate::form::Form;
use crate::refresh_token::{PREFIX, Presented};

/// What the `token` of a request may be.
#[derive(Clone)]
pub enum TokenInQuestion {
    /// A refresh token.
    Refresh(Presented),
    /// Perhaps an access token: only verifying it tells.
    Access(Zeroizing<String>),
    /// No token that this server could have made.
    Nothing,
}

impl TokenInQuestion {
    /// Reads the body of a request. `token_type_hint` is not needed (both let a server find out by itself): our
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

impl fmt::Debug for TokenInQuestion {
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

    fn read(body: &str) -> Result<TokenInQuestion, Code> {
        TokenInQuestion::read(&Form::parse(body.as_bytes()).unwrap()).map_err(|error| error.code)
    }

    #[test]
    fn a_token_is_known_by_its_look_and_not_by_its_hint() {
        let token = ChainKey::derive(&[1; 32], GrantId::from_bytes([2; 16])).token(3);
        let refresh = read(&format!("token={}&token_type_hint=access_token", &*token)).unwrap();
        assert!(matches!(refresh, TokenInQuestion::Refresh(presented) if presented.counter == 3));
        let access = read("token=a.b.c&token_type_hint=refresh_token").unwrap();
        assert!(matches!(&access, TokenInQuestion::Access(text) if text.as_str() == "a.b.c"));
        assert_eq!(format!("{access:?}"), "Access(..)");
        assert!(matches!(read("token=ckr_broken"), Ok(TokenInQuestion::Nothing)));
    }

    #[test]
    fn a_request_without_a_token_is_about_nothing() {
        assert_eq!(read("token_type_hint=access_token").unwrap_err(), Code::InvalidRequest);
    }
}
