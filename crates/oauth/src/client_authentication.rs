//! RFC 6749 §2.3, §3.2.1: how a client says who it is at the token endpoint, and proves it.
//!
//! Whether the secret is right is the engine's to find out; this reads who is claimed and by which means.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cloakroom_model::id::ClientId;
use zeroize::Zeroizing;

use crate::error::{Code, Error};
use crate::form::{self, Form};

/// Who a client says it is.
#[derive(Clone)]
pub struct Claimed {
    /// Its name.
    pub client: ClientId,
    /// What it proves that with; `None` from a public client.
    pub secret: Option<Zeroizing<String>>,
}

impl Claimed {
    /// Reads the `Authorization` header, if there is one, and the body of a request.
    pub fn read(authorization: Option<&[u8]>, form: &Form) -> Result<Self, Error> {
        let in_body = form.value("client_id");
        let secret_in_body = form.value("client_secret");
        let Some(authorization) = authorization else {
            let client = client(in_body.ok_or_else(|| {
                Error::new(
                    Code::InvalidClient,
                    "client_id is missing, and no client authentication was sent",
                )
            })?)?;
            let secret = secret_in_body.map(|secret| Zeroizing::new(secret.to_owned()));
            return Ok(Self { client, secret });
        };
        let claimed = Self::basic(authorization)?;
        // RFC 6749 §2.3: not more than one method in a request.
        if secret_in_body.is_some() {
            return Err(Error::new(
                Code::InvalidRequest,
                "the client proves itself both in the Authorization header and in the body",
            ));
        }
        if in_body.is_some_and(|name| name != claimed.client.as_str()) {
            return Err(Error::new(
                Code::InvalidRequest,
                "client_id and the Authorization header name two clients",
            ));
        }
        Ok(claimed)
    }

    /// RFC 6749 §2.3.1: both halves are form-encoded before they are put together (RFC 7617 §2).
    fn basic(authorization: &[u8]) -> Result<Self, Error> {
        let malformed = || {
            Error::new(
                Code::InvalidClient,
                "the Authorization header is not Basic with a name and a secret",
            )
        };
        let space = authorization.iter().position(|&byte| byte == b' ').ok_or_else(malformed)?;
        let (scheme, credentials) = authorization.split_at(space);
        if !scheme.eq_ignore_ascii_case(b"basic") {
            return Err(malformed());
        }
        let decoded = STANDARD.decode(credentials.trim_ascii()).map_err(|_| malformed())?;
        let decoded = Zeroizing::new(decoded);
        let colon = decoded.iter().position(|&byte| byte == b':').ok_or_else(malformed)?;
        let name = form::decode(&decoded[..colon]).map_err(|_| malformed())?;
        let secret = form::decode(&decoded[colon + 1..]).map_err(|_| malformed())?;
        let secret = (!secret.is_empty()).then_some(secret);
        Ok(Self { client: client(&name)?, secret })
    }
}

impl fmt::Debug for Claimed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claimed").field("client", &self.client).finish_non_exhaustive()
    }
}

fn client(name: &str) -> Result<ClientId, Error> {
    // A name that no client can have is an unknown client.
    ClientId::parse(name).map_err(|_| Error::from(Code::InvalidClient))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn basic(text: &str) -> Vec<u8> {
        format!("Basic {}", STANDARD.encode(text)).into_bytes()
    }

    fn read(authorization: Option<&[u8]>, body: &str) -> Result<(String, Option<String>), Code> {
        Claimed::read(authorization, &Form::parse(body.as_bytes()).unwrap())
            .map(|claimed| (claimed.client.to_string(), claimed.secret.map(|it| it.to_string())))
            .map_err(|error| error.code)
    }

    #[test]
    fn a_client_may_prove_itself_in_the_header_or_in_the_body_or_not_at_all() {
        let with_secret = Ok(("shop".to_owned(), Some("a:b c".to_owned())));
        assert_eq!(read(Some(&basic("shop:a%3Ab+c")), ""), with_secret);
        assert_eq!(read(Some(&basic("shop:a%3Ab+c")), "client_id=shop"), with_secret);
        assert_eq!(read(None, "client_id=shop&client_secret=a:b+c"), with_secret);
        assert_eq!(read(None, "client_id=shop"), Ok(("shop".to_owned(), None)));
        assert_eq!(read(Some(&basic("shop:")), ""), Ok(("shop".to_owned(), None)));
        let name = b"bAsIc c2hvcDp4";
        assert_eq!(read(Some(name), ""), Ok(("shop".to_owned(), Some("x".to_owned()))));
    }

    #[test]
    fn two_ways_at_once_are_refused() {
        let header = basic("shop:x");
        assert!(read(Some(&header), "").is_ok());
        assert_eq!(read(Some(&header), "client_secret=x"), Err(Code::InvalidRequest));
        assert_eq!(read(Some(&header), "client_id=other"), Err(Code::InvalidRequest));
    }

    #[test]
    fn who_cannot_be_read_is_nobody() {
        for header in ["Bearer abc", "Basic", "Basic !!!", "Basic c2hvcA==", "Basic c2hvcDp4="] {
            assert_eq!(
                read(Some(header.as_bytes()), "client_id=shop"),
                Err(Code::InvalidClient),
                "{header}"
            );
        }
        assert_eq!(read(Some(&basic("sh%op:x")), ""), Err(Code::InvalidClient));
        assert_eq!(read(None, ""), Err(Code::InvalidClient));
        assert_eq!(read(None, "client_id=a+b"), Err(Code::InvalidClient));
    }

    #[test]
    fn a_secret_does_not_print() {
        let form = Form::parse(b"client_id=shop&client_secret=hunter2").unwrap();
        let claimed = Claimed::read(None, &form).unwrap();
        assert!(!format!("{claimed:?}").contains("hunter2"));
    }

    proptest! {
        #[test]
        fn no_header_breaks_the_reader(bytes: Vec<u8>, valid: bool) {
            let header = if valid { [b"Basic ", STANDARD.encode(&bytes).as_bytes()].concat() } else { bytes };
            let _ = Claimed::read(Some(&header), &Form::parse(b"").unwrap());
        }
    }
}
