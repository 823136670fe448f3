//! RFC 6749 §2.3, §3.2.1, RFC 7521 §4.2, RFC 8705 §2: how a client says who it is, and which proof of that is looked at.
//!
//! Whether the proof is right is for others to find out: the engine for secrets, [`client_assertion`] and
//! [`client_certificate`](crate::client_certificate) for the rest. This reads who is claimed and by which means, and holds
//! the means against what the client registered.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cloakroom_model::client::Client;
use cloakroom_model::id::ClientId;
use cloakroom_model::registration::AuthenticationMethod;
use zeroize::Zeroizing;

use crate::client_assertion;
use crate::error::{Code, Error};
use crate::form::{self, Form};

/// Who a client says it is.
#[derive(Clone)]
pub struct Claimed {
    /// Its name.
    pub client: ClientId,
    /// What it brings to prove that.
    proof: Proof,
}

/// What a request brings to prove who sent it, beside the connection it came by. Does not print.
#[derive(Clone)]
enum Proof {
    /// Nothing, as a public client does, and one that shows a certificate.
    Nothing,
    /// A secret in the `Authorization` header.
    Basic(Zeroizing<String>),
    /// A secret in the body.
    Post(Zeroizing<String>),
    /// An assertion in the body.
    Assertion(Zeroizing<String>),
}

/// What has to be looked at before the client is believed. Does not print.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Check<'a> {
    /// Nothing: a public client has only its name.
    Nothing,
    /// Whether this is one of its secrets.
    Secret(&'a str),
    /// Whether this assertion is by one of its keys, and new.
    Assertion(&'a str),
    /// Whether the certificate of the connection is for the name that it registered.
    CertificateByName,
    /// Whether the certificate of the connection has one of its keys.
    CertificateByKey,
}

impl Claimed {
    /// Reads the `Authorization` header, if there is one, and the body of a request.
    pub fn read(authorization: Option<&[u8]>, form: &Form) -> Result<Self, Error> {
        let in_body = form.value("client_id");
        let secret = form.value("client_secret");
        let assertion = assertion(form)?;
        // RFC 6749 §2.3: not more than one method in a request.
        let methods = [authorization.is_some(), secret.is_some(), assertion.is_some()];
        if methods.into_iter().filter(|there| *there).count() > 1 {
            return Err(Error::new(
                Code::InvalidRequest,
                "the client proves itself in more than one way",
            ));
        }
        let own = |text: &str| Zeroizing::new(text.to_owned());
        let (named, proof) = match (authorization, secret, assertion) {
            (Some(authorization), ..) => {
                let (client, proof) = basic(authorization)?;
                (Some(client), proof)
            }
            (_, Some(secret), _) => (None, Proof::Post(own(secret))),
            (.., Some(assertion)) => (
                Some(client_assertion::claimed_client(assertion)?),
                Proof::Assertion(own(assertion)),
            ),
            (None, None, None) => (None, Proof::Nothing),
        };
        match (named, in_body) {
            (Some(client), Some(name)) if name != client.as_str() => Err(Error::new(
                Code::InvalidRequest,
                "client_id and the client authentication name two clients",
            )),
            (Some(client), _) => Ok(Self { client, proof }),
            (None, Some(name)) => Ok(Self { client: client(name)?, proof }),
            (None, None) => Err(Error::new(
                Code::InvalidClient,
                "client_id is missing, and no client authentication was sent",
            )),
        }
    }

    /// What must be looked at before this is `client`. A way of proving itself that the client did not register is
    /// refused, however good the proof may be.
    pub fn check(&self, client: &Client) -> Result<Check<'_>, Error> {
        use AuthenticationMethod as Method;

        Ok(match (client.registration.method, &self.proof) {
            (Method::Unsaid, Proof::Nothing) if !client.is_confidential() => Check::Nothing,
            (Method::None, Proof::Nothing) => Check::Nothing,
            (Method::Unsaid | Method::ClientSecretBasic, Proof::Basic(secret))
            | (Method::Unsaid | Method::ClientSecretPost, Proof::Post(secret)) => {
                Check::Secret(secret)
            }
            (Method::PrivateKeyJwt, Proof::Assertion(assertion)) => Check::Assertion(assertion),
            (Method::TlsClientAuth, Proof::Nothing) => Check::CertificateByName,
            (Method::SelfSignedTlsClientAuth, Proof::Nothing) => Check::CertificateByKey,
            _ => {
                return Err(Error::new(
                    Code::InvalidClient,
                    "the client did not prove itself in the way it registered",
                ));
            }
        })
    }
}

/// The assertion of a request, if there is one, and if it is of the one type that is read.
fn assertion(form: &Form) -> Result<Option<&str>, Error> {
    match (form.value("client_assertion_type"), form.value("client_assertion")) {
        (None, None) => Ok(None),
        (Some(client_assertion::TYPE), Some(assertion)) => Ok(Some(assertion)),
        (Some(_), Some(_)) => Err(Error::new(
            Code::InvalidClient,
            "client_assertion_type is not one that this server reads",
        )),
        _ => Err(Error::new(
            Code::InvalidRequest,
            "client_assertion and client_assertion_type belong together",
        )),
    }
}

/// RFC 6749 §2.3.1: both halves are form-encoded before they are put together (RFC 7617 §2).
fn basic(authorization: &[u8]) -> Result<(ClientId, Proof), Error> {
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
    // A public client may send its name this way.
    let proof = if secret.is_empty() { Proof::Nothing } else { Proof::Basic(secret) };
    Ok((client(&name)?, proof))
}

impl fmt::Debug for Claimed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claimed").field("client", &self.client).finish_non_exhaustive()
    }
}

impl fmt::Debug for Check<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Secret(_) => "Secret(..)",
            Self::Assertion(_) => "Assertion(..)",
            Self::CertificateByName => "CertificateByName",
            Self::CertificateByKey => "CertificateByKey",
        })
    }
}

fn client(name: &str) -> Result<ClientId, Error> {
    // A name that no client can have is an unknown client.
    ClientId::parse(name).map_err(|_| Error::from(Code::InvalidClient))
}

#[cfg(test)]
mod tests;
