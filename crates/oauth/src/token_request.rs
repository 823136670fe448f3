//! RFC 6749 §3.2, §6: what is asked of the token endpoint.
//!
//! Knows the grant types that this server answers, which is refreshing; the client's proof is read beside it.

use crate::error::{Code, Error};
use crate::form::Form;
use crate::refresh_token::Presented;
use crate::scope::Scope;

/// What a client wants.
#[derive(Debug)]
pub enum TokenRequest {
    /// A new access token for a refresh token.
    Refresh {
        /// The token, of which nothing is proved yet.
        refresh_token: Presented,
        /// What the access token shall allow; all that was granted where `None`.
        scope: Option<Scope>,
        /// The one audience it shall be for (RFC 8707 §2.2); the grant's default where `None`.
        resource: Option<String>,
    },
}

impl TokenRequest {
    /// Reads the body of a request.
    pub fn read(form: &Form) -> Result<Self, Error> {
        match form.require("grant_type")? {
            "refresh_token" => {
                let text = form.require("refresh_token")?;
                let refresh_token =
                    Presented::parse(text).map_err(|_| Error::from(Code::InvalidGrant))?;
                let scope = form.value("scope").map(Scope::parse).transpose();
                let scope =
                    scope.map_err(|problem| Error::new(Code::InvalidScope, problem.to_string()))?;
                let mut resources = form.several("resource");
                let resource = resources.next().map(str::to_owned);
                if resources.next().is_some() {
                    return Err(Error::new(
                        Code::InvalidTarget,
                        "an access token is for one resource: ask for one at a time",
                    ));
                }
                Ok(Self::Refresh { refresh_token, scope, resource })
            }
            _ => Err(Code::UnsupportedGrantType.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use cloakroom_model::id::GrantId;
    use proptest::prelude::*;

    use super::*;
    use crate::refresh_token::ChainKey;

    fn read(body: &str) -> Result<TokenRequest, Code> {
        let form = Form::parse(body.as_bytes()).map_err(Error::from).map_err(|error| error.code)?;
        TokenRequest::read(&form).map_err(|error| error.code)
    }

    fn token() -> String {
        ChainKey::derive(&[1; 32], GrantId::from_bytes([2; 16])).token(9).to_string()
    }

    #[test]
    fn a_refresh_names_its_token_and_perhaps_less_scope() {
        let token = token();
        let TokenRequest::Refresh { refresh_token, scope, .. } =
            read(&format!("grant_type=refresh_token&refresh_token={token}&scope=b+a")).unwrap();
        assert_eq!(refresh_token.counter, 9);
        assert_eq!(scope, Some(Scope::parse("a b").unwrap()));
        let TokenRequest::Refresh { scope, .. } =
            read(&format!("grant_type=refresh_token&refresh_token={token}&scope=")).unwrap();
        assert_eq!(scope, None);
    }

    #[test]
    fn each_fault_has_its_code() {
        let token = token();
        for (body, code) in [
            (String::new(), Code::InvalidRequest),
            ("grant_type=password".into(), Code::UnsupportedGrantType),
            ("grant_type=refresh_token".into(), Code::InvalidRequest),
            ("grant_type=refresh_token&refresh_token=x".into(), Code::InvalidGrant),
            (
                format!("grant_type=refresh_token&refresh_token={token}&scope=a++b"),
                Code::InvalidScope,
            ),
            (
                format!("grant_type=refresh_token&refresh_token={token}&resource=a&resource=b"),
                Code::InvalidTarget,
            ),
            (
                format!("grant_type=refresh_token&refresh_token={token}&grant_type=refresh_token"),
                Code::InvalidRequest,
            ),
        ] {
            assert_eq!(read(&body).unwrap_err(), code, "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_body_breaks_the_reader(body in "grant_type=refresh_token&(refresh_token=\\PC*)?&(scope=\\PC*)?") {
            let _ = read(&body);
        }
    }
}
