//! The access token of a request, in whichever scheme and place it stands, and how a request is told that it lacks a
//! good one (RFC 6750 §2, §3, RFC 9449 §7).

use cloakroom_engine::possession::Unproved;
use cloakroom_model::client::TokenPlace;
use cloakroom_model::grant::Confirmation;
use cloakroom_oauth::bearer::{self, Carried, Needs};
use cloakroom_oauth::dpop::{self, Proved};
use cloakroom_oauth::error::{Code, Error};
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderName, HeaderValue};

use crate::app::App;
use crate::dpop::{NONCE, Proof};
use crate::layers::client_certificate::ClientCertificate;

/// A token, and the key that was proved for it. Nothing about the token itself is known yet.
pub struct Presented<'a> {
    /// The token.
    pub token: &'a str,
    /// Where it stood beside the header; `None` for the header itself.
    pub place: Option<TokenPlace>,
    proved: Option<Proved>,
    certificate: Option<Confirmation>,
}

impl<'a> Presented<'a> {
    /// The one token of a request, from its header and from what stands in its form body and its query.
    pub fn of(
        app: &App,
        parts: &'a Parts,
        body: Option<&'a str>,
        query: Option<&'a str>,
    ) -> Result<Option<Self>, Error> {
        Self::with(app, parts, (body, query), || Proof::of(app, parts))
    }

    /// The token in the header of a request that was for another server, where it went by `method` to `url`.
    pub fn of_another(
        app: &App,
        parts: &'a Parts,
        method: &'a str,
        url: impl FnOnce() -> String,
    ) -> Result<Option<Self>, Error> {
        Self::with(app, parts, (None, None), || Proof::of_another(&parts.headers, method, url))
    }

    fn with(
        app: &App,
        parts: &'a Parts,
        (body, query): (Option<&'a str>, Option<&'a str>),
        proof: impl FnOnce() -> Result<Option<Proof<'a>>, Error>,
    ) -> Result<Option<Self>, Error> {
        let mut lines = parts.headers.get_all(AUTHORIZATION).iter().map(HeaderValue::as_bytes);
        let (header, None) = (lines.next(), lines.next()) else {
            return Err(Error::new(Code::InvalidRequest, "there are two Authorization headers"));
        };
        let Some(token) = header.map(dpop::token).transpose()?.flatten() else {
            let carried = Carried::only(header, body, query)?;
            let shown = ClientCertificate::shown(&parts.extensions);
            let certificate = shown.map(|shown| shown.certificate.confirmation());
            return Ok(carried.map(|Carried { token, place }| Self {
                token,
                place,
                proved: None,
                certificate,
            }));
        };
        if body.or(query).is_some() {
            let twice = "the access token is there more than once";
            return Err(Error::new(Code::InvalidRequest, twice));
        }
        let proof = proof()?.ok_or_else(|| Error::from(Code::InvalidDpopProof))?;
        let proved = Some(proof.beside(app, token)?);
        Ok(Some(Self { token, place: None, proved, certificate: None }))
    }

    /// The key that was proved for it, or the certificate of its connection. A proof beside a token of another scheme is not
    /// looked at, or a token could be taken out of the scheme that it is bound to.
    #[must_use]
    pub fn key(&self) -> Option<Confirmation> {
        let proved = self.proved.as_ref();
        let key = proved.map(|proved| Confirmation::Key(proved.thumbprint.clone()));
        key.or_else(|| self.certificate.clone())
    }

    /// Has the proof count, once the token was found to be good and bound to its key.
    pub async fn spend_proof(&self, app: &App) -> Result<(), Unproved> {
        match &self.proved {
            Some(proved) => app.engine.spend_proof(proved).await,
            None => Ok(()),
        }
    }
}

/// What an answer says that wants a token, or a better one: a challenge for each scheme.
#[must_use]
pub fn challenges(
    app: &App,
    refused: Option<&Error>,
    needs: Needs<'_>,
) -> Vec<(HeaderName, HeaderValue)> {
    let of_proof = |error: &&Error| is_about_proof(error);
    let bearer = refused.filter(|error| !of_proof(error));
    let bearer = bearer::Challenge { realm: app.address.origin(), refused: bearer, needs };
    let dpop = dpop::Challenge { refused, needs, accept: app.engine.rules().algorithms };
    let challenges = [bearer.to_string(), dpop.to_string()].into_iter();
    // A challenge is printable ASCII, whatever is put into it.
    let values = challenges.filter_map(|value| HeaderValue::try_from(value).ok());
    let nonce = refused.and_then(|error| nonce(app, error)).map(|value| (NONCE, value));
    values.map(|value| (WWW_AUTHENTICATE, value)).chain(nonce).collect()
}

/// Whether what was wrong is the proof, and not the token.
#[must_use]
pub fn is_about_proof(error: &Error) -> bool {
    matches!(error.code, Code::InvalidDpopProof | Code::UseDpopNonce)
}

/// The nonce for the next proof, where this is what was wrong (RFC 9449 §8, §9).
#[must_use]
pub fn nonce(app: &App, error: &Error) -> Option<HeaderValue> {
    let wanted = error.code == Code::UseDpopNonce;
    wanted.then(|| HeaderValue::try_from(app.engine.proof_nonce()).ok()).flatten()
}
