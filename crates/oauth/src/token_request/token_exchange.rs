//! RFC 8693 §2.1: a service brings a token that it was given, and asks for one that it can pass on.
//!
//! Deviation: §2.1 lets `audience` and `resource` come several times. A token is for one audience here, so one of either is
//! read.

use crate::error::{Code, Error};
use crate::form::Form;
use crate::scope::Scope;
use crate::token_request::{Presented, resource, scope};

/// The kinds of token (RFC 8693 §3) that can be brought here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TokenType {
    /// An access token of this server.
    AccessToken,
}

impl TokenType {
    /// As it stands in `subject_token_type`, `requested_token_type` and `issued_token_type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "urn:ietf:params:oauth:token-type:access_token",
        }
    }

    /// `urn:…:jwt` says how the token is written rather than what it is for; ours are written so.
    fn parse(name: &str) -> Option<Self> {
        let jwt = "urn:ietf:params:oauth:token-type:jwt";
        (name == Self::AccessToken.as_str() || name == jwt).then_some(Self::AccessToken)
    }
}

/// The longest token that is read, in bytes: as long as access tokens are read elsewhere.
const MAX_BYTES: usize = cloakroom_jose::MAX_TOKEN_BYTES;

/// Tokens, and what shall come of them.
#[derive(Debug)]
pub struct ExchangeRequest {
    /// Whom the new token shall be about.
    pub subject: Presented,
    /// Who acts; the client itself where `None`.
    pub actor: Option<Presented>,
    /// The service that the new token shall be for, by `resource` or `audience`; the subject's own where `None`.
    pub audience: Option<String>,
    /// What it shall allow; all that the subject's token allows where `None`.
    pub scope: Option<Scope>,
}

impl ExchangeRequest {
    pub(super) fn read(form: &Form) -> Result<Self, Error> {
        let subject = token(form, "subject_token", "subject_token_type")?
            .ok_or_else(|| Error::new(Code::InvalidRequest, "subject_token is missing"))?;
        let actor = token(form, "actor_token", "actor_token_type")?;
        if let Some(requested) = form.value("requested_token_type")
            && TokenType::parse(requested).is_none()
        {
            return Err(Error::new(
                Code::InvalidRequest,
                "requested_token_type is not an access token, which is all that is given here",
            ));
        }
        let audience = match (resource(form)?, form.value("audience")) {
            (Some(resource), Some(audience)) if resource != audience => {
                return Err(Error::new(
                    Code::InvalidTarget,
                    "resource and audience name two services, and a token is for one",
                ));
            }
            (resource, audience) => resource.or_else(|| audience.map(str::to_owned)),
        };
        Ok(Self { subject, actor, audience, scope: scope(form)? })
    }
}

/// A token and its type, both or neither (RFC 8693 §2.1).
fn token(
    form: &Form,
    token: &'static str,
    token_type: &'static str,
) -> Result<Option<Presented>, Error> {
    let invalid = |text: String| Err(Error::new(Code::InvalidRequest, text));
    match (form.value(token), form.value(token_type)) {
        (None, None) => Ok(None),
        (Some(_), None) => invalid(format!("{token_type} is missing")),
        (None, Some(_)) => invalid(format!("{token} is missing")),
        (Some(_), Some(kind)) if TokenType::parse(kind).is_none() => {
            invalid(format!("{token_type} is not an access token, which is all that is read here"))
        }
        (Some(text), Some(_)) if text.len() > MAX_BYTES => {
            invalid(format!("{token} is longer than is read"))
        }
        (Some(text), Some(_)) => Ok(Some(Presented::token(text))),
    }
}
