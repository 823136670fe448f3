//! RFC 7636 §4, RFC 9700 §2.1.1: proof that who redeems a code is who asked for it. S256 alone.
//!
//! `plain` is not read: it shows in the request what shall prove something later.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest;
use cloakroom_jose::base64url;
use serde::{Deserialize, Serialize};

use crate::error::{Code, Error};
use crate::form::Form;

/// The one `code_challenge_method`.
pub const METHOD: &str = "S256";

/// SHA-256 of a secret that the client keeps.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Challenge([u8; 32]);

impl Challenge {
    /// Reads `code_challenge` and `code_challenge_method`; `None` where there is neither.
    pub fn read(form: &Form) -> Result<Option<Self>, Error> {
        let refuse = |why| Err(Error::new(Code::InvalidRequest, why));
        match (form.value("code_challenge"), form.value("code_challenge_method")) {
            (None, None) => Ok(None),
            (None, Some(_)) => {
                refuse("code_challenge_method is there, and code_challenge is missing")
            }
            // §4.3: a request without a method means `plain`.
            (Some(text), Some(METHOD)) => match Self::parse(text) {
                Ok(challenge) => Ok(Some(challenge)),
                Err(NotAChallenge) => {
                    refuse("code_challenge is not SHA-256 as 43 letters of base64url")
                }
            },
            (Some(_), _) => refuse("code_challenge_method must be S256"),
        }
    }

    /// Reads the challenge itself (§4.2).
    pub fn parse(text: &str) -> Result<Self, NotAChallenge> {
        let bytes = base64url::decode(text).map_err(|_| NotAChallenge)?;
        bytes.try_into().map(Self).map_err(|_| NotAChallenge)
    }

    /// Whether `verifier` is the secret that it was made of (§4.6).
    #[must_use]
    pub fn is_met(&self, verifier: &str) -> bool {
        // §4.1: 43 to 128 unreserved characters.
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let digest = digest::digest(&digest::SHA256, verifier.as_bytes());
        (43..=128).contains(&verifier.len())
            && verifier.bytes().all(allowed)
            && verify_slices_are_equal(digest.as_ref(), &self.0).is_ok()
    }
}

/// Judges the `code_verifier` of a token request by the challenge of the authorization request.
pub fn prove(challenge: Option<&Challenge>, verifier: Option<&str>) -> Result<(), Error> {
    let refuse = |why| Err(Error::new(Code::InvalidGrant, why));
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (Some(challenge), Some(verifier)) if challenge.is_met(verifier) => Ok(()),
        (Some(_), Some(_)) => refuse("code_verifier is not what the code_challenge was made of"),
        (Some(_), None) => refuse("code_verifier is missing"),
        // RFC 9700 §2.1.1: or an attacker could take the challenge out of the request and nobody would notice.
        (None, Some(_)) => refuse("code_verifier is there, and the request had no code_challenge"),
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(&self.0))
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Challenge({self})")
    }
}

impl TryFrom<String> for Challenge {
    type Error = NotAChallenge;

    fn try_from(text: String) -> Result<Self, NotAChallenge> {
        Self::parse(&text)
    }
}

impl From<Challenge> for String {
    fn from(challenge: Challenge) -> Self {
        challenge.to_string()
    }
}

/// The text is not a digest.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected SHA-256 as base64url")]
pub struct NotAChallenge;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn read(text: &str) -> Result<Option<Challenge>, Code> {
        Challenge::read(&Form::parse(text.as_bytes()).unwrap()).map_err(|error| error.code)
    }

    #[test]
    fn the_specifications_own_verifier_meets_its_challenge() {
        let text = format!("code_challenge={CHALLENGE}&code_challenge_method=S256");
        let challenge = read(&text).unwrap().unwrap();
        assert!(challenge.is_met(VERIFIER));
        assert!(prove(Some(&challenge), Some(VERIFIER)).is_ok());
        let json = serde_json::to_string(&challenge).unwrap();
        assert_eq!(json, format!("\"{CHALLENGE}\""));
        assert_eq!(serde_json::from_str::<Challenge>(&json).unwrap(), challenge);
    }

    #[test]
    fn only_s256_is_read() {
        assert_eq!(read(""), Ok(None));
        assert!(read(&format!("code_challenge={CHALLENGE}&code_challenge_method=S256")).is_ok());
        for text in [
            format!("code_challenge={CHALLENGE}"),
            format!("code_challenge={CHALLENGE}&code_challenge_method=plain"),
            format!("code_challenge={CHALLENGE}&code_challenge_method=s256"),
            "code_challenge_method=S256".to_owned(),
            format!("code_challenge={CHALLENGE}A&code_challenge_method=S256"),
            format!("code_challenge={CHALLENGE}%3D&code_challenge_method=S256"),
            format!("code_challenge={}&code_challenge_method=S256", &CHALLENGE[1..]),
            // The last letter of a digest has two bits that say nothing: only one of four spellings is canonical.
            format!("code_challenge={}N&code_challenge_method=S256", &CHALLENGE[..42]),
        ] {
            assert_eq!(read(&text), Err(Code::InvalidRequest), "{text}");
        }
    }

    #[test]
    fn a_challenge_and_its_verifier_come_together_or_not_at_all() {
        let challenge = Challenge::parse(CHALLENGE).unwrap();
        assert!(prove(None, None).is_ok());
        assert!(prove(Some(&challenge), Some(VERIFIER)).is_ok());
        let wrong = VERIFIER.replace('d', "e");
        for (challenge, verifier) in [
            (Some(&challenge), None),
            (Some(&challenge), Some(CHALLENGE)),
            (Some(&challenge), Some(wrong.as_str())),
            (Some(&challenge), Some(&VERIFIER[1..])),
            (None, Some(VERIFIER)),
        ] {
            assert_eq!(prove(challenge, verifier).unwrap_err().code, Code::InvalidGrant);
        }
    }

    proptest! {
        #[test]
        fn a_verifier_meets_its_own_challenge_and_no_other(
            one in "[A-Za-z0-9._~-]{43,128}", other in "[A-Za-z0-9._~-]{43,128}"
        ) {
            let digest = digest::digest(&digest::SHA256, one.as_bytes());
            let challenge = Challenge::parse(&base64url::encode(digest.as_ref())).unwrap();
            prop_assert!(challenge.is_met(&one));
            prop_assert_eq!(challenge.is_met(&other), one == other);
        }

        #[test]
        fn no_verifier_that_the_specification_does_not_allow_is_met(verifier in "\\PC{0,140}") {
            let digest = digest::digest(&digest::SHA256, verifier.as_bytes());
            let met = Challenge(digest.as_ref().try_into().unwrap()).is_met(&verifier);
            let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
            prop_assert_eq!(met, (43..=128).contains(&verifier.len()) && verifier.chars().all(allowed));
        }
    }
}
