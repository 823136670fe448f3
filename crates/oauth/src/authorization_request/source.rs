//! RFC 9101 §5, §6.1, RFC 9126 §2.1, §4, OpenID Connect Core 1.0 §6: where the parameters of a request are.
//!
//! Leaves out how they are got: the caller verifies an object, looks for what was pushed, and fetches what is elsewhere.

use cloakroom_model::client::Client;

use crate::error::{Code, Error};
use crate::form::Form;

/// What the name of a pushed request begins with.
pub const REQUEST_URI_PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// Where the parameters are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Source<'a> {
    /// Here.
    Parameters,
    /// In this signed object (`request`).
    Object(&'a str),
    /// With us, under this name; the prefix is taken off.
    Pushed(&'a str),
    /// At this URL, which the client registered, as a signed object.
    Elsewhere(&'a str),
}

/// Who is asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Endpoint {
    /// The authorization endpoint, by a browser.
    Authorization,
    /// The endpoint for pushed requests, by the client.
    Pushed,
}

impl<'a> Source<'a> {
    /// Finds out where the parameters of this request are.
    pub fn of(form: &'a Form, client: &Client, endpoint: Endpoint) -> Result<Self, Error> {
        match (form.value("request"), form.value("request_uri"), endpoint) {
            (None, None, _) => Ok(Self::Parameters),
            (Some(_), Some(_), _) => Err(Error::new(
                Code::InvalidRequest,
                "request and request_uri are both there, and the parameters can be in one of them",
            )),
            (Some(object), None, _) => Ok(Self::Object(object)),
            // RFC 9126 §2.1.
            (None, Some(_), Endpoint::Pushed) => {
                Err(Error::new(Code::InvalidRequest, "a request_uri cannot be pushed"))
            }
            (None, Some(uri), Endpoint::Authorization) => Self::named(uri, client),
        }
    }

    fn named(uri: &'a str, client: &Client) -> Result<Self, Error> {
        if let Some(name) = uri.strip_prefix(REQUEST_URI_PREFIX) {
            return Ok(Self::Pushed(name));
        }
        // RFC 9101 §10.4: what is fetched from anywhere would be fetched from inside our network too.
        let registered = &client.registration.requests.request_uris;
        let is_registered = |known: &&String| {
            // OpenID Connect Core §6.2: what is behind the `#` names the version, and is not fetched.
            without_fragment(known) == without_fragment(uri)
        };
        match registered.iter().find(is_registered) {
            Some(_) => Ok(Self::Elsewhere(uri)),
            None if registered.is_empty() => Err(Code::RequestUriNotSupported.into()),
            None => Err(Error::new(
                Code::InvalidRequestUri,
                "request_uri is not one that the client registered",
            )),
        }
    }
}

fn without_fragment(uri: &str) -> &str {
    uri.split_once('#').map_or(uri, |(before, _)| before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene;

    #[test]
    fn the_parameters_are_in_one_place() {
        let mut client = scene::client();
        client.registration.requests.request_uris = vec!["https://app.example/r.jwt".to_owned()];
        let at = |text: &str, endpoint| {
            let form = Form::parse(text.as_bytes()).unwrap();
            let source = Source::of(&form, &client, endpoint);
            source.map(|source| format!("{source:?}")).map_err(|error| error.code)
        };
        let pushed = format!("request_uri={REQUEST_URI_PREFIX}abc");
        for (text, endpoint, expected) in [
            ("state=s", Endpoint::Authorization, Ok("Parameters")),
            ("state=s", Endpoint::Pushed, Ok("Parameters")),
            ("request=a.b.c", Endpoint::Authorization, Ok(r#"Object("a.b.c")"#)),
            ("request=a.b.c", Endpoint::Pushed, Ok(r#"Object("a.b.c")"#)),
            (&pushed, Endpoint::Authorization, Ok(r#"Pushed("abc")"#)),
            (&pushed, Endpoint::Pushed, Err(Code::InvalidRequest)),
            ("request=a&request_uri=urn:x", Endpoint::Authorization, Err(Code::InvalidRequest)),
            (
                "request_uri=https://app.example/r.jwt",
                Endpoint::Authorization,
                Ok(r#"Elsewhere("https://app.example/r.jwt")"#),
            ),
            (
                "request_uri=https://app.example/r.jwt%23digest",
                Endpoint::Authorization,
                Ok(r#"Elsewhere("https://app.example/r.jwt#digest")"#),
            ),
            (
                "request_uri=https://app.example/r.jw",
                Endpoint::Authorization,
                Err(Code::InvalidRequestUri),
            ),
            (
                "request_uri=http://169.254.169.254/",
                Endpoint::Authorization,
                Err(Code::InvalidRequestUri),
            ),
        ] {
            assert_eq!(at(text, endpoint), expected.map(str::to_owned), "{text}");
        }
    }

    #[test]
    fn nothing_is_fetched_for_a_client_that_registered_nothing() {
        let form = Form::parse(b"request_uri=https://app.example/r.jwt").unwrap();
        let refused = Source::of(&form, &scene::client(), Endpoint::Authorization).unwrap_err();
        assert_eq!(refused.code, Code::RequestUriNotSupported);
    }
}
