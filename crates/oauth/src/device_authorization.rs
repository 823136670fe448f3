//! RFC 8628 §3.1, §3.2, §6.1 with the advice of RFC 10027: a device without a browser asks to be let in, and gets a code
//! that a person types elsewhere.
//!
//! Whoever shows such a code to somebody else can be let in by them; the page that reads it therefore says which client
//! asks, from where and since when, and asks once more even where the code came with the address. What is said here is how
//! a code looks: letters alone, none of which reads like another or makes words, in two halves of four.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::form::Form;
use crate::scope::Scope;
use crate::token_request::{resource, scope};

/// What a device asks for. Which client it is of is read beside it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeviceAuthorizationRequest {
    /// What the tokens shall allow.
    pub scope: Option<Scope>,
    /// The one audience they shall be for.
    pub resource: Option<String>,
}

impl DeviceAuthorizationRequest {
    /// Reads the body of a request.
    pub fn read(form: &Form) -> Result<Self, Error> {
        Ok(Self { scope: scope(form)?, resource: resource(form)? })
    }
}

/// What a person types. Does not print; [`UserCode::shown`] is for the one who may see it.
#[derive(Clone, Eq, PartialEq)]
pub struct UserCode(Zeroizing<String>);

impl UserCode {
    /// RFC 8628 §6.1: consonants, so that no word comes of them by chance.
    const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
    const LETTERS: usize = 8;

    /// A code from random bytes: 34 bits, which is enough only because guesses are few (§5.1).
    #[must_use]
    pub fn new(random: [u8; 16]) -> Self {
        // 128 bits for 34: what the remainder prefers is far below what anybody could notice.
        let mut rest = u128::from_be_bytes(random);
        let letters = std::iter::repeat_with(|| {
            let digit = (rest % 20) as usize;
            rest /= 20;
            char::from(Self::ALPHABET[digit])
        });
        Self(Zeroizing::new(letters.take(Self::LETTERS).collect()))
    }

    /// Reads what a person typed: in any case, with anything between the letters that is neither letter nor digit.
    pub fn parse(typed: &str) -> Result<Self, NotAUserCode> {
        let mut letters = Zeroizing::new(String::with_capacity(Self::LETTERS));
        for letter in typed.chars().filter(|letter| letter.is_alphanumeric()) {
            let letter = letter.to_ascii_uppercase();
            let known = u8::try_from(letter).is_ok_and(|byte| Self::ALPHABET.contains(&byte));
            if !known || letters.len() == Self::LETTERS {
                return Err(NotAUserCode);
            }
            letters.push(letter);
        }
        if letters.len() == Self::LETTERS { Ok(Self(letters)) } else { Err(NotAUserCode) }
    }

    /// Its letters alone, for a digest.
    #[must_use]
    pub fn letters(&self) -> &str {
        &self.0
    }

    /// As a device shows it: `WDJB-MJHT`.
    #[must_use]
    pub fn shown(&self) -> Zeroizing<String> {
        let (first, second) = self.0.split_at(Self::LETTERS / 2);
        Zeroizing::new([first, second].join("-"))
    }
}

impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserCode(..)")
    }
}

/// What was typed cannot be a code.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected eight letters such as WDJB-MJHT")]
pub struct NotAUserCode;

/// What a device gets. Does not print.
#[derive(Serialize)]
pub struct DeviceAuthorization<'a> {
    device_code: &'a str,
    user_code: String,
    verification_uri: &'a str,
    verification_uri_complete: String,
    expires_in: u64,
    interval: u64,
}

impl<'a> DeviceAuthorization<'a> {
    /// A person types `user_code` at `verification_uri`, while the device asks with `device_code` every `interval`, for
    /// `lifetime` from now.
    #[must_use]
    pub fn new(
        device_code: &'a str,
        user_code: &UserCode,
        verification_uri: &'a str,
        lifetime: Duration,
        interval: Duration,
    ) -> Self {
        let user_code = user_code.shown().to_string();
        Self {
            device_code,
            // §3.3.1: to be shown as a picture; the page asks all the same.
            verification_uri_complete: format!("{verification_uri}?user_code={user_code}"),
            user_code,
            verification_uri,
            expires_in: lifetime.as_secs(),
            interval: interval.as_secs(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::error::Code;

    fn read(body: &str) -> Result<DeviceAuthorizationRequest, Code> {
        let form = Form::parse(body.as_bytes()).unwrap();
        DeviceAuthorizationRequest::read(&form).map_err(|error| error.code)
    }

    #[test]
    fn a_device_asks_for_a_scope_or_for_nothing() {
        let request = read("client_id=tv&scope=b+a&resource=r").unwrap();
        assert_eq!(request.scope, Some(Scope::parse("a b").unwrap()));
        assert_eq!(request.resource.as_deref(), Some("r"));
        assert_eq!(read("").unwrap(), DeviceAuthorizationRequest { scope: None, resource: None });
        assert_eq!(read("scope=a++b"), Err(Code::InvalidScope));
    }

    #[test]
    fn a_code_is_read_however_it_was_typed() {
        let code = UserCode::parse("WDJB-MJHT").unwrap();
        for typed in ["wdjb-mjht", "WDJBMJHT", " w d j b\u{2013}m.j.h.t\n", "WDJB\u{a0}MJHT"] {
            assert_eq!(UserCode::parse(typed), Ok(code.clone()), "{typed:?}");
        }
        for typed in [
            "",
            "WDJB",
            "WDJB-MJH",
            "WDJB-MJHTX",
            "WDJB-MJHA",
            "WDJB-MJH0",
            "WDJB-MJHß",
            "ＷDJB-MJHT",
        ] {
            assert_eq!(UserCode::parse(typed), Err(NotAUserCode), "{typed:?}");
        }
    }

    #[test]
    fn an_answer_has_the_members_of_the_specification() {
        let code = UserCode::parse("WDJBMJHT").unwrap();
        let (uri, lifetime) = ("https://id.example/device", Duration::from_mins(15));
        let answer = DeviceAuthorization::new("d", &code, uri, lifetime, Duration::from_secs(5));
        assert_eq!(
            serde_json::to_value(&answer).unwrap(),
            json!({
                "device_code": "d",
                "user_code": "WDJB-MJHT",
                "verification_uri": "https://id.example/device",
                "verification_uri_complete": "https://id.example/device?user_code=WDJB-MJHT",
                "expires_in": 900,
                "interval": 5,
            })
        );
        assert_eq!(format!("{code:?}"), "UserCode(..)");
    }

    #[test]
    fn every_letter_is_used() {
        let codes = (0..200_u128).map(|n| UserCode::new((n * 0x9E37_79B9_7F4A_7C15).to_be_bytes()));
        let letters: std::collections::BTreeSet<char> =
            codes.flat_map(|code| code.letters().chars().collect::<Vec<_>>()).collect();
        assert_eq!(letters.len(), UserCode::ALPHABET.len());
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read(random: [u8; 16]) {
            let code = UserCode::new(random);
            prop_assert_eq!(UserCode::parse(&code.shown()), Ok(code.clone()));
            prop_assert_eq!(code.letters().len(), 8);
        }

        #[test]
        fn no_text_breaks_the_reader(typed in "\\PC*|[BCDFGHJKLMNPQRSTVWXZ -]{0,12}") {
            if let Ok(code) = UserCode::parse(&typed) {
                prop_assert_eq!(code.letters().len(), 8);
            }
        }
    }
}
