//! RFC 6749 §4.1.2.1, §5.2, RFC 6750 §3.1, RFC 7009 §2.2.1, RFC 8628 §3.5: the error codes, one row each.

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

// code, text, status, may it be sent back to a redirect_uri, sentence
codes! {
    InvalidRequest "invalid_request" 400 true "The request lacks something, says something twice, or cannot be read.";
    InvalidClient "invalid_client" 401 false "The client is unknown, or did not prove that it is itself.";
    InvalidGrant "invalid_grant" 400 false "The token presented is not valid, is over, or belongs to another client.";
    UnauthorizedClient "unauthorized_client" 400 true "This client may not ask for this.";
    UnsupportedGrantType "unsupported_grant_type" 400 false "This server does not know the grant type.";
    UnsupportedTokenType "unsupported_token_type" 400 false "This server cannot end a token of this type.";
    InvalidScope "invalid_scope" 400 true "The scope cannot be read, or is more than was granted.";
    InvalidTarget "invalid_target" 400 true "The resource cannot be read, or is none that tokens may be for here.";
    InvalidToken "invalid_token" 401 false "The access token is not valid, or is over.";
    InsufficientScope "insufficient_scope" 403 false "The access token does not allow this.";
    SlowDown "slow_down" 429 false "Too many requests in a short time; try again later.";
    ServerError "server_error" 500 true "Something broke on this side; the operator can find out what.";
    TemporarilyUnavailable "temporarily_unavailable" 503 true "The server cannot answer at the moment; try again later.";
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
