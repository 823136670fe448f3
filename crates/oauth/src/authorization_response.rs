//! RFC 6749 §4.1.2, RFC 9207, Form Post Response Mode 1.0, JARM §2: what the authorization endpoint answers, by way of the
//! browser.
//!
//! Every answer says who gave it (`iss`), so that a client that knows several servers cannot be confused about which one
//! a code is from. Signing is the caller's, as is the page around a form.

use std::fmt;

use cloakroom_model::id::ClientId;
use serde::{Serialize, Serializer};
use url::form_urlencoded;

use crate::authorization_request::Returned;
use crate::redirect::VerifiedRedirect;
use crate::response_mode::{Place, ResponseMode};

/// How long a signed answer holds, in seconds: as long as the code inside.
const HOLDS_SECONDS: u64 = 60;

/// An answer on its way. Does not print: a code may be in it.
pub struct AuthorizationResponse {
    redirect: VerifiedRedirect,
    mode: ResponseMode,
    parameters: Vec<(&'static str, String)>,
}

/// The answer as a browser takes it. Does not print.
#[derive(Clone, Eq, PartialEq)]
pub enum Delivery {
    /// The browser goes there.
    Redirect(String),
    /// The browser posts a form there.
    Post {
        /// Where.
        action: String,
        /// Names and values, not escaped for any page yet.
        fields: Vec<(&'static str, String)>,
    },
}

/// What a signed answer says (JARM §2.1).
pub struct Claims<'a> {
    issuer: &'a str,
    audience: &'a ClientId,
    expires_at: u64,
    parameters: &'a [(&'static str, String)],
}

impl AuthorizationResponse {
    /// A code for the client.
    #[must_use]
    pub fn code(
        redirect: VerifiedRedirect,
        mode: ResponseMode,
        state: Option<String>,
        code: &str,
    ) -> Self {
        let mut parameters = vec![("code", code.to_owned())];
        parameters.extend(state.map(|state| ("state", state)));
        Self { redirect, mode, parameters }
    }

    /// An error for the client.
    #[must_use]
    pub fn error(returned: Returned) -> Self {
        let Returned { redirect, mode, state, error } = returned;
        let mut parameters = vec![
            ("error", error.code.as_str().to_owned()),
            ("error_description", error.description.into_owned()),
        ];
        parameters.extend(state.map(|state| ("state", state)));
        Self { redirect, mode, parameters }
    }

    /// Makes it ready for the browser, at `now` in seconds since 1970. `sign` is only called for a mode that is signed.
    pub fn deliver<E>(
        mut self,
        issuer: &str,
        client: &ClientId,
        now: u64,
        sign: impl FnOnce(&Claims<'_>) -> Result<String, E>,
    ) -> Result<Delivery, E> {
        if self.mode.is_signed() {
            // RFC 9207 §2.4: the issuer is inside.
            let expires_at = now + HOLDS_SECONDS;
            let parameters = &self.parameters;
            let signed = sign(&Claims { issuer, audience: client, expires_at, parameters })?;
            self.parameters = vec![("response", signed)];
        } else {
            self.parameters.push(("iss", issuer.to_owned()));
        }
        Ok(match self.mode.place() {
            Place::Query => Delivery::Redirect(with_query(&self.redirect, &self.parameters)),
            Place::Fragment => {
                Delivery::Redirect(format!("{}#{}", self.redirect, encoded(&self.parameters)))
            }
            Place::Form => {
                let action = self.redirect.as_str().to_owned();
                Delivery::Post { action, fields: self.parameters }
            }
        })
    }
}

/// A verified URI with parameters added to its query (RFC 6749 §3.1.2: what stands there stays).
pub(crate) fn with_query(
    redirect: &VerifiedRedirect,
    parameters: &[(&'static str, String)],
) -> String {
    let uri = redirect.as_str();
    let joint = match uri.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    format!("{uri}{joint}{}", encoded(parameters))
}

fn encoded(parameters: &[(&'static str, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

impl Serialize for Claims<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("iss", self.issuer)?;
        map.serialize_entry("aud", self.audience)?;
        map.serialize_entry("exp", &self.expires_at)?;
        for (name, value) in self.parameters {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// Where it goes, and how; nothing of what it says.
impl fmt::Debug for AuthorizationResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationResponse")
            .field("redirect", &self.redirect)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Redirect(_) => "Redirect(..)",
            Self::Post { .. } => "Post { .. }",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::error::{Code, Error};
    use crate::redirect;
    use crate::scene::{ISSUER, REDIRECT};

    fn verified(uri: &str) -> VerifiedRedirect {
        redirect::verify(&[uri.to_owned()], Some(uri), true).unwrap()
    }

    /// Signs by writing the claims down.
    fn delivered(response: AuthorizationResponse) -> Delivery {
        let client = ClientId::parse("app").unwrap();
        let sign =
            |claims: &Claims<'_>| Ok::<_, Infallible>(serde_json::to_string(claims).unwrap());
        response.deliver(ISSUER, &client, 1_000, sign).unwrap()
    }

    fn code(uri: &str, mode: ResponseMode) -> Delivery {
        let state = Some("a b&c".to_owned());
        delivered(AuthorizationResponse::code(verified(uri), mode, state, "ckc_x"))
    }

    #[test]
    fn an_answer_stands_where_its_mode_says() {
        let redirect = |text: &str| Delivery::Redirect(text.to_owned());
        let answer = "code=ckc_x&state=a+b%26c&iss=https%3A%2F%2Fid.example";
        for (uri, mode, expected) in [
            (REDIRECT, ResponseMode::Query, format!("{REDIRECT}?{answer}")),
            ("https://a.example/?", ResponseMode::Query, format!("https://a.example/?{answer}")),
            (
                "https://a.example/?x=y",
                ResponseMode::Query,
                format!("https://a.example/?x=y&{answer}"),
            ),
            ("com.app:/cb", ResponseMode::Query, format!("com.app:/cb?{answer}")),
            (REDIRECT, ResponseMode::Fragment, format!("{REDIRECT}#{answer}")),
            (
                "https://a.example/?x",
                ResponseMode::Fragment,
                format!("https://a.example/?x#{answer}"),
            ),
        ] {
            assert!(code(uri, mode) == redirect(&expected), "{uri} {mode:?}");
        }
        let Delivery::Post { action, fields } = code(REDIRECT, ResponseMode::FormPost) else {
            panic!("not a form");
        };
        assert_eq!(action, REDIRECT);
        let expected = [("code", "ckc_x"), ("state", "a b&c"), ("iss", ISSUER)];
        assert_eq!(fields, expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn a_signed_answer_is_one_token_that_says_for_whom_it_is() {
        let Delivery::Post { fields, .. } = code(REDIRECT, ResponseMode::FormPostJwt) else {
            panic!("not a form");
        };
        let [("response", claims)] = &fields[..] else { panic!("more than the token") };
        assert_eq!(
            serde_json::from_str::<Value>(claims).unwrap(),
            json!({"iss": ISSUER, "aud": "app", "exp": 1060, "code": "ckc_x", "state": "a b&c"})
        );
        for (mode, sign) in [(ResponseMode::QueryJwt, '?'), (ResponseMode::FragmentJwt, '#')] {
            let Delivery::Redirect(location) = code(REDIRECT, mode) else { panic!("a form") };
            assert!(location.starts_with(&format!("{REDIRECT}{sign}response=%7B")), "{location}");
        }
    }

    #[test]
    fn an_error_says_who_gave_it_too() {
        let returned = Returned {
            redirect: verified(REDIRECT),
            mode: ResponseMode::Query,
            state: None,
            error: Error::new(Code::AccessDenied, "no"),
        };
        let expected = format!(
            "{REDIRECT}?error=access_denied&error_description=no&iss=https%3A%2F%2Fid.example"
        );
        assert!(delivered(AuthorizationResponse::error(returned)) == Delivery::Redirect(expected));
    }

    #[test]
    fn a_code_does_not_print() {
        let response =
            AuthorizationResponse::code(verified(REDIRECT), ResponseMode::Query, None, "ckc_x");
        assert!(!format!("{response:?}").contains("ckc_x"));
        assert!(!format!("{:?}", delivered(response)).contains("ckc_x"));
    }

    proptest! {
        #[test]
        fn nothing_that_a_client_sends_changes_the_shape_of_the_answer(state in "[ -~]{0,40}") {
            let response = AuthorizationResponse::code(
                verified(REDIRECT), ResponseMode::Query, Some(state.clone()), "c"
            );
            let Delivery::Redirect(location) = delivered(response) else { panic!("a form") };
            let query = location.strip_prefix(&format!("{REDIRECT}?")).unwrap();
            let read: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            prop_assert_eq!(read, [pair("code", "c"), pair("state", &state), pair("iss", ISSUER)]);
            prop_assert!(!location.contains(['#', ' ', '"', '\n']));
        }
    }
}
