//! Looking at an access token as an operator: whether it would be accepted now, and if not, why.
//!
//! A look is no use: the session's last-seen time stays.

use cloakroom_store::Error;

use crate::Engine;
use crate::tokens::Tokens;

/// What would become of an access token that is presented now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TokenState {
    /// Whoever it is for accepts it.
    Live,
    /// It, its session, its grant, its client or its key has ended.
    Revoked,
    /// It is not one of ours, or not any more, and this is why.
    Refused(cloakroom_jose::Error),
}

impl Engine {
    /// Verifies an access token for any audience, and asks the log and storage whether it was taken back.
    pub async fn inspect_token(&self, token: &str) -> Result<TokenState, Error> {
        self.hear().await?;
        let now = self.time.now();
        let verified = match self.verify(Tokens::verify_any_audience, token, now).await? {
            Ok(verified) => verified,
            Err(error) => return Ok(TokenState::Refused(error)),
        };
        let claims = verified.claims();
        if self.is_revoked(claims, verified.kid()) {
            return Ok(TokenState::Revoked);
        }
        let lives = match claims.session() {
            Some(sid) => self.find_any_session(sid).await?.is_some(),
            None => true,
        };
        Ok(if lives { TokenState::Live } else { TokenState::Revoked })
    }
}
