//! RFC 6750 §2, §3, RFC 9470 §3: where a request may carry an access token, and how it is told that it lacks a good one.
//!
//! Header, body and query are looked at, and one token at most is accepted. The header is always allowed; the other two
//! only where the token's client is configured for them, which is known once the token is verified.

use std::fmt;
use std::time::Duration;

use cloakroom_model::client::TokenPlace;
use cloakroom_model::session::Acr;

use crate::error::{Code, Error};
use crate::scope::Scope;

/// The token of a request and where it stood. Nothing about it is proved yet. Does not print.
#[derive(Clone, Copy)]
pub struct Carried<'a> {
    /// The token.
    pub token: &'a str,
    /// Where it stood beside the header; `None` for the header itself.
    pub place: Option<TokenPlace>,
}

impl<'a> Carried<'a> {
    /// The one token of a request, from what stands in its `Authorization` header and in `access_token` in its form
    /// body and its query. `None` where there is none, or where the header is for another scheme.
    pub fn only(
        authorization: Option<&'a [u8]>,
        body: Option<&'a str>,
        query: Option<&'a str>,
    ) -> Result<Option<Self>, Error> {
        let header = authorization.map(|value| in_header(value, "Bearer")).transpose()?.flatten();
        let mut found = [
            header.map(|token| Self { token, place: None }),
            body.map(|token| Self { token, place: Some(TokenPlace::Body) }),
            query.map(|token| Self { token, place: Some(TokenPlace::Query) }),
        ]
        .into_iter()
        .flatten();
        let first = found.next();
        if found.next().is_some() {
            // RFC 6750 §2: not more than one method in a request.
            return Err(Error::new(
                Code::InvalidRequest,
                "the access token is there more than once",
            ));
        }
        match first {
            // What stands in the header was looked at as it was read.
            Some(Self { token, place: Some(_) }) if !is_b64token(token.as_bytes()) => {
                Err(malformed())
            }
            other => Ok(other),
        }
    }

    /// Whether a token of a client with these places may stand where it stood.
    pub fn allowed_by(&self, places: &[TokenPlace]) -> Result<(), Error> {
        match self.place {
            Some(place) if !places.contains(&place) => Err(Error::new(
                Code::InvalidRequest,
                "this client's access tokens are accepted in the Authorization header alone",
            )),
            _ => Ok(()),
        }
    }
}

/// The token of an `Authorization` header in this scheme (RFC 6750 §2.1, RFC 9449 §7.1), `None` where the header is for
/// another. The scheme's name is compared without regard to case (RFC 9110 §11.1).
pub(crate) fn in_header<'a>(value: &'a [u8], scheme: &str) -> Result<Option<&'a str>, Error> {
    let named = value.split(|&byte| byte == b' ').next().unwrap_or_default();
    if !named.eq_ignore_ascii_case(scheme.as_bytes()) {
        return Ok(None);
    }
    let token = value.get(named.len()..).unwrap_or_default().trim_ascii_start();
    let token = Some(token).filter(|token| is_b64token(token));
    token.and_then(|token| std::str::from_utf8(token).ok()).map(Some).ok_or_else(malformed)
}

/// RFC 6750 §2.1: letters, digits and `-._~+/`, then any number of `=`.
fn is_b64token(text: &[u8]) -> bool {
    let end = text.iter().rposition(|&byte| byte != b'=').map_or(0, |last| last + 1);
    let allowed = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
    };
    // To the end whatever comes, so that the processor compares many bytes at a time.
    end > 0 && text[..end].iter().fold(true, |all, &byte| all & allowed(byte))
}

fn malformed() -> Error {
    Error::new(Code::InvalidRequest, "the access token is not written as RFC 6750 section 2.1 says")
}

/// The value of a `WWW-Authenticate` header (RFC 6750 §3).
#[derive(Clone, Copy, Debug)]
pub struct Challenge<'a> {
    /// What the token is for: the server's public URL.
    pub realm: &'a str,
    /// Why the token was refused. `None` where the request had none: §3.1 wants no code then.
    pub refused: Option<&'a Error>,
    /// What a better one would have.
    pub needs: Needs<'a>,
}

/// What an access token would have to have, so that the request is answered.
#[derive(Clone, Copy, Debug)]
pub enum Needs<'a> {
    /// No more than to be a good one.
    Nothing,
    /// This scope (RFC 6750 §3).
    Scope(&'a Scope),
    /// A user who proved within this time who they are (RFC 9470 §3).
    ProofWithin(Duration),
    /// A user who is known so surely (RFC 9470 §3).
    Level(Acr),
}

impl fmt::Display for Needs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scope(scope) if !scope.is_empty() => write!(f, ", scope=\"{scope}\""),
            Self::Nothing | Self::Scope(_) => Ok(()),
            Self::ProofWithin(time) => write!(f, ", max_age=\"{}\"", time.as_secs()),
            Self::Level(acr) => write!(f, ", acr_values=\"{}\"", acr.as_str()),
        }
    }
}

impl fmt::Display for Challenge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bearer realm=\"{}\"", Quotable(self.realm))?;
        if let Some(Error { code, description }) = self.refused {
            let description = Quotable(description);
            write!(f, ", error=\"{}\", error_description=\"{description}\"", code.as_str())?;
        }
        write!(f, "{}", self.needs)
    }
}

/// A text without what may not stand between quotes (RFC 6750 §3: %x20-21 / %x23-5B / %x5D-7E).
struct Quotable<'a>(&'a str);

impl fmt::Display for Quotable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |c: &char| matches!(c, ' '..='!' | '#'..='[' | ']'..='~');
        self.0.chars().filter(fits).try_for_each(|c| write!(f, "{c}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn only(
        header: Option<&str>,
        body: Option<&str>,
        query: Option<&str>,
    ) -> Result<Option<(String, Option<TokenPlace>)>, Code> {
        Carried::only(header.map(str::as_bytes), body, query)
            .map(|found| found.map(|carried| (carried.token.to_owned(), carried.place)))
            .map_err(|error| error.code)
    }

    #[test]
    fn a_token_is_found_in_each_place() {
        let token = |place| Ok(Some(("a.b-c_d~e+f/g==".to_owned(), place)));
        assert_eq!(only(Some("Bearer a.b-c_d~e+f/g=="), None, None), token(None));
        assert_eq!(only(Some("bEARER  a.b-c_d~e+f/g=="), None, None), token(None));
        assert_eq!(only(None, Some("a.b-c_d~e+f/g=="), None), token(Some(TokenPlace::Body)));
        assert_eq!(only(None, None, Some("a.b-c_d~e+f/g==")), token(Some(TokenPlace::Query)));
    }

    #[test]
    fn another_scheme_is_no_token() {
        for header in ["Basic YTpi", "DPoP abc", "Bearerabc", ""] {
            assert_eq!(only(Some(header), None, None), Ok(None), "{header}");
        }
        assert_eq!(only(None, None, None), Ok(None));
    }

    #[test]
    fn two_tokens_are_one_too_many() {
        assert!(only(Some("Bearer a"), None, None).is_ok());
        for (body, query) in [(Some("a"), None), (None, Some("a"))] {
            assert_eq!(only(Some("Bearer a"), body, query), Err(Code::InvalidRequest));
        }
        assert_eq!(only(None, Some("a"), Some("a")), Err(Code::InvalidRequest));
    }

    #[test]
    fn what_is_no_b64token_is_refused() {
        for bad in
            ["Bearer", "Bearer ", "Bearer a b", "Bearer a=b", "Bearer =", "Bearer ü", "Bearer a,b"]
        {
            assert_eq!(only(Some(bad), None, None), Err(Code::InvalidRequest), "{bad}");
        }
        assert_eq!(only(None, Some(""), None), Err(Code::InvalidRequest));
    }

    #[test]
    fn body_and_query_are_for_clients_that_asked_for_them() {
        let at = |place| Carried { token: "a", place };
        assert!(at(None).allowed_by(&[]).is_ok());
        for place in [TokenPlace::Body, TokenPlace::Query] {
            assert!(at(Some(place)).allowed_by(&[place]).is_ok());
            assert_eq!(at(Some(place)).allowed_by(&[]).unwrap_err().code, Code::InvalidRequest);
        }
        assert!(at(Some(TokenPlace::Query)).allowed_by(&[TokenPlace::Body]).is_err());
    }

    #[test]
    fn who_sent_nothing_is_told_no_code() {
        let challenge =
            Challenge { realm: "https://id.example.com", refused: None, needs: Needs::Nothing };
        assert_eq!(challenge.to_string(), r#"Bearer realm="https://id.example.com""#);
    }

    #[test]
    fn who_sent_something_is_told_why_it_was_refused() {
        let error = Error::new(Code::InsufficientScope, "the \"token\" does not \\ allow this");
        let scope = Scope::parse("session:cookie").unwrap();
        let challenge =
            Challenge { realm: "r", refused: Some(&error), needs: Needs::Scope(&scope) };
        assert_eq!(
            challenge.to_string(),
            r#"Bearer realm="r", error="insufficient_scope", error_description="the token does not  allow this", scope="session:cookie""#
        );
    }

    proptest! {
        #[test]
        fn a_challenge_is_one_line_of_balanced_quotes(realm in "\\PC*", text in "\\PC*") {
            let error = Error::new(Code::InvalidToken, text);
            let challenge = Challenge { realm: &realm, refused: Some(&error), needs: Needs::Nothing };
            let line = challenge.to_string();
            prop_assert_eq!(line.matches('"').count(), 6);
            prop_assert!(line.bytes().all(|byte| (0x20..0x7F).contains(&byte)));
        }

        #[test]
        fn no_header_breaks_the_reader(bytes: Vec<u8>) {
            let _ = Carried::only(Some(&bytes), None, None);
        }
    }
}
