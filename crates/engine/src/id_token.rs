//! ID tokens (OpenID Connect Core §2): that somebody signed in, for the client that asked. They open nothing here.

use std::time::Duration;

use cloakroom_model::client::Client;
use cloakroom_model::grant::Details;
use cloakroom_model::id::SessionId;
use cloakroom_model::session::Acr;
use cloakroom_model::user::User;
use cloakroom_oauth::claims::ClaimsRequest;
use cloakroom_oauth::id_token::{self, Claims, Hint, TYP, half_hash};
use serde_json::Map;

use crate::Engine;
use crate::keys::KeysError;
use crate::tokens::{Holder, MintError, seconds};

/// How long a client may take to read one.
const LIVES: Duration = Duration::from_hours(1);

/// What an ID token says of the question that a code answered.
#[derive(Clone, Copy, Default)]
pub(crate) struct OfQuestion<'a> {
    /// What the client sent along.
    pub(crate) nonce: Option<&'a str>,
    /// The session in which it was answered. By this name the client hears of its end, whether or not the grant ends
    /// with it.
    pub(crate) session: Option<SessionId>,
}

impl Engine {
    /// Makes the ID token that goes with an access token.
    pub(crate) fn id_token(
        &self,
        client: &Client,
        user: &User,
        holder: &Holder<'_>,
        details: &Details,
        access_token: &str,
        question: &OfQuestion<'_>,
    ) -> Result<String, MintError> {
        let now = self.time.now();
        let algorithm = self.algorithm_of(client.registration.signing.id_token.as_deref())?;
        let how = holder.authentication();
        let asked = claims_of(details)?;
        let more = if asked.id_token.is_empty() {
            Map::new()
        } else {
            id_token::asked_for(&self.person_for(client, user), &asked)
        };
        let claims = Claims {
            iss: self.settings.issuer.clone(),
            sub: self.subject_for(client, user.id),
            aud: client.id.clone(),
            exp: seconds(now.plus(LIVES)),
            iat: seconds(now),
            auth_time: seconds(how.map_or(now, |how| how.at)),
            nonce: question.nonce.map(str::to_owned),
            acr: how.map_or(Acr::Aal1, |how| how.acr),
            amr: how.map(|how| how.amr.clone()).unwrap_or_default(),
            azp: None,
            sid: question.session.or_else(|| holder.sid()),
            at_hash: Some(half_hash(algorithm, access_token)),
            c_hash: None,
            more,
        };
        self.sign_as(TYP, algorithm, &claims)
    }

    /// Reads an ID token of ours that came back, however old it is. It proves nothing about who brings it.
    pub(crate) fn read_id_token_hint(&self, token: &str) -> Option<Hint> {
        let expected = Hint::expectations(&self.settings.issuer);
        let now = seconds(self.time.now());
        let verified = self.ring.verifying.verify::<Hint>(token, &expected, now).ok()?;
        Some(verified.into_claims())
    }
}

/// The claims that were asked for one by one when the grant was made.
pub(crate) fn claims_of(details: &Details) -> Result<ClaimsRequest, MintError> {
    let corrupt = |error: serde_json::Error| MintError::Keys(KeysError::Corrupt(error.to_string()));
    let claims = details.claims.as_deref().map(serde_json::from_str).transpose();
    Ok(claims.map_err(corrupt)?.unwrap_or_default())
}
