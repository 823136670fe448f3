//! Who a token's user is, for the client that has the token (OpenID Connect Core §5.3).

use cloakroom_model::client::TokenPlace;
use cloakroom_model::grant::Confirmation;
use cloakroom_oauth::bearer::Carried;
use cloakroom_oauth::error::Error;
use cloakroom_oauth::userinfo::{Signed, select};
use cloakroom_oauth::{id_token, scopes};
use serde_json::{Map, Value};

use crate::Engine;
use crate::id_token::claims_of;
use crate::identity::NotSignedIn;
use crate::tokens::{MintError, Tokens};

/// What a client is told.
#[derive(Debug)]
pub enum UserInfo {
    /// As it is.
    Plain(Map<String, Value>),
    /// Signed, as the client registered.
    Signed(String),
}

/// Why it is told nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UserInfoError {
    /// The token is not good, or not any more.
    #[error(transparent)]
    Token(#[from] NotSignedIn),
    /// It does not allow this, or is about nobody.
    #[error("the token has no scope `openid`, or is about nobody")]
    Scope,
    /// It stands where its client may not put it.
    #[error("{0}")]
    Place(Error),
    /// It is bound to a key, and that key was not proved; or to none, and one was.
    #[error("the token is not bound to the key that was proved")]
    Unbound,
    /// The answer could not be signed.
    #[error(transparent)]
    Mint(#[from] MintError),
}

impl Engine {
    /// Says who the user of an access token is; `place` is where it stood beside the header. `proved` is the key that was
    /// proved for it.
    pub async fn user_info(
        &self,
        token: &str,
        place: Option<TokenPlace>,
        proved: Option<&Confirmation>,
    ) -> Result<UserInfo, UserInfoError> {
        self.hear().await.map_err(NotSignedIn::Store)?;
        let verdict = self.verify(Tokens::verify, token, self.time.now()).await;
        let verified = verdict.map_err(NotSignedIn::Store)?.map_err(NotSignedIn::Token)?;
        let claims = verified.claims();
        if !self.holds(claims.cnf.as_ref(), proved) {
            return Err(UserInfoError::Unbound);
        }
        let held = self.held(claims, verified.kid()).await?;
        let openid = claims.scope.contains(scopes::OPENID);
        let (Some(user), Some(client), true) = (&held.user, &held.client, openid) else {
            return Err(UserInfoError::Scope);
        };
        let in_body = self.rules().token_in_body.then_some(TokenPlace::Body);
        let places: Vec<_> = client.token_places.iter().copied().chain(in_body).collect();
        Carried { token, place }.allowed_by(&places).map_err(UserInfoError::Place)?;
        let person = self.person_for(client, user);
        let wanted = claims_of(&self.details_of(claims).await?)?.userinfo;
        let claims = select(&person, &claims.scope, &wanted);
        let Some(algorithm) = client.registration.signing.userinfo.as_deref() else {
            return Ok(UserInfo::Plain(claims));
        };
        let algorithm = self.algorithm_of(Some(algorithm))?;
        let signed = Signed { iss: &self.settings.issuer, aud: &client.id, claims };
        Ok(UserInfo::Signed(self.sign_as(id_token::TYP, algorithm, &signed)?))
    }
}
