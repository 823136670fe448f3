//! RFC 6749 §4.1.2.1, §5.2 and what later specifications added (named at their rows): the error codes, one row each.

use std::borrow::Cow;

use serde::Serialize;

/// What a row says of its code.
struct Row {
    code: Code,
    text: &'static str,
    status: u16,
    redirectable: bool,
    sentence: &'static str,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident $text:literal $status:literal $redirectable:literal $sentence:literal;)*) => {
        /// An error code, as clients read it.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum Code {
            $(#[doc = concat!("`", $text, "`: ", $sentence)] $code,)*
        }

        /// Every row, in the order of [`Code`].
        const ROWS: &[Row] = &[
            $(Row { code: Code::$code, text: $text, status: $status, redirectable: $redirectable, sentence: $sentence },)*
        ];
    };
}

// code, text, status, may it be sent back to a redirect_uri, sentence; in the order of their specifications
codes! {
    // RFC 6749 §4.1.2.1, §5.2
    InvalidRequest "invalid_request" 400 true "The request lacks something, says something twice, or cannot be read.";
    InvalidClient "invalid_client" 401 false "The client is unknown, or did not prove that it is itself.";
    InvalidGrant "invalid_grant" 400 false "The token presented is not valid, is over, or belongs to another client.";
    UnauthorizedClient "unauthorized_client" 400 true "This client may not ask for this.";
    AccessDenied "access_denied" 400 true "The person, or the server on their behalf, said no.";
    UnsupportedResponseType "unsupported_response_type" 400 true "This server answers an authorization request with a code and nothing else.";
    UnsupportedGrantType "unsupported_grant_type" 400 false "This server does not know the grant type.";
    InvalidScope "invalid_scope" 400 true "The scope cannot be read, or is more than was granted.";
    ServerError "server_error" 500 true "Something broke on this side; the operator can find out what.";
    TemporarilyUnavailable "temporarily_unavailable" 503 true "The server cannot answer at the moment; try again later.";
    // RFC 6750 §3.1
    InvalidToken "invalid_token" 401 false "The access token is not valid, or is over.";
    InsufficientScope "insufficient_scope" 403 false "The access token does not allow this.";
    // RFC 7009 §2.2.1
    UnsupportedTokenType "unsupported_token_type" 400 false "This server cannot end a token of this type.";
    // RFC 7591 §3.2.2
    InvalidRedirectUri "invalid_redirect_uri" 400 false "A redirect_uri is none that answers may be sent to.";
    InvalidClientMetadata "invalid_client_metadata" 400 false "What the client says of itself cannot be registered.";
    UnapprovedSoftwareStatement "unapproved_software_statement" 400 false "This server trusts nobody who signs software statements.";
    // RFC 8628 §3.5
    AuthorizationPending "authorization_pending" 400 false "Nobody has decided yet; ask again after the interval.";
    ExpiredToken "expired_token" 400 false "The device waited too long; begin again.";
    SlowDown "slow_down" 400 false "Too many requests in a short time; try again later.";
    // RFC 8707 §2
    InvalidTarget "invalid_target" 400 true "The resource cannot be read, or is none that tokens may be for here.";
    // RFC 9101 §7, OpenID Connect Core 1.0 §3.1.2.6
    InvalidRequestUri "invalid_request_uri" 400 true "The request_uri is unknown, is over, or gives no request.";
    InvalidRequestObject "invalid_request_object" 400 true "The request object cannot be read, or is not signed as it must be.";
    RequestNotSupported "request_not_supported" 400 true "Request objects of this kind are not read here.";
    RequestUriNotSupported "request_uri_not_supported" 400 true "Requests are not fetched from a request_uri of this kind.";
    RegistrationNotSupported "registration_not_supported" 400 true "A client cannot register itself within a request.";
    InteractionRequired "interaction_required" 400 true "The person must be asked something, and the request forbids it.";
    LoginRequired "login_required" 400 true "The person must sign in, and the request forbids to ask.";
    AccountSelectionRequired "account_selection_required" 400 true "The person must choose an account, and the request forbids to ask.";
    ConsentRequired "consent_required" 400 true "The person must consent, and the request forbids to ask.";
    // RFC 9396 §5
    InvalidAuthorizationDetails "invalid_authorization_details" 400 true "The authorization_details cannot be read, or are of a type that this client may not ask for.";
    // RFC 9449 §5, §8
    InvalidDpopProof "invalid_dpop_proof" 400 false "The DPoP proof is missing, or not valid for this request.";
    UseDpopNonce "use_dpop_nonce" 400 false "The DPoP proof must hold the nonce that this answer brings.";
    // RFC 9470 §3
    InsufficientUserAuthentication "insufficient_user_authentication" 401 false "The person proved too long ago who they are; ask them to prove it again.";
    // OpenID Connect Core Unmet Authentication Requirements 1.0 §2, RFC 9470 §5
    UnmetAuthenticationRequirements "unmet_authentication_requirements" 400 true "The person cannot prove who they are as surely as was asked.";
}

impl Code {
    /// Every code.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(|row| row.code)
    }

    /// As it stands in an answer's `error`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().text
    }

    /// The HTTP status it goes out with.
    #[must_use]
    pub fn status(self) -> u16 {
        self.row().status
    }

    /// Whether it may be sent back to the client by way of the browser, once the `redirect_uri` is verified.
    #[must_use]
    pub fn is_redirectable(self) -> bool {
        self.row().redirectable
    }

    /// What it means, for people.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        self.row().sentence
    }

    fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }
}

/// A refusal: the code for the program, and a sentence for its author.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{}: {description}", code.as_str())]
pub struct Error {
    /// The code.
    pub code: Code,
    /// What was wrong with this request. Holds nothing of what was sent.
    pub description: Cow<'static, str>,
}

impl Error {
    /// A refusal with a description of its own.
    #[must_use]
    pub fn new(code: Code, description: impl Into<Cow<'static, str>>) -> Self {
        Self { code, description: description.into() }
    }

    /// The body of the answer (RFC 6749 §5.2).
    #[must_use]
    pub fn body(&self) -> impl Serialize + '_ {
        #[derive(Serialize)]
        struct Body<'a> {
            error: &'static str,
            error_description: &'a str,
        }
        Body { error: self.code.as_str(), error_description: &self.description }
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self::new(code, code.sentence())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_stands_at_its_code() {
        for code in Code::all() {
            assert_eq!(code.row().code, code);
        }
    }

    #[test]
    fn sentences_fit_into_a_header() {
        // RFC 6750 §3: error_description is %x20-21 / %x23-5B / %x5D-7E.
        for code in Code::all() {
            let fits = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E);
            assert!(code.sentence().bytes().all(fits), "{code:?}");
            assert!((400..=599).contains(&code.status()), "{code:?}");
        }
    }

    #[test]
    fn a_refusal_is_two_members() {
        let error = Error::from(Code::InvalidGrant);
        assert_eq!(
            serde_json::to_string(&error.body()).unwrap(),
            r#"{"error":"invalid_grant","error_description":"The token presented is not valid, is over, or belongs to another client."}"#
        );
    }
}
