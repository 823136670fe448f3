//! Exchanging a refresh token (RFC 6749 §6).
//!
//! The token's MAC and the client's proof come first: only a request that passes them can end a grant. A lost
//! compare-and-set means that another request moved the chain between our look and our act; the second look
//! sees that, and decides with it.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_model::client::Client;
use cloakroom_model::event::{Actor, Kind, Reason};
use cloakroom_model::grant::{Confirmation, Grant};
use cloakroom_model::policy::rotation::{Outcome, Rotation};
use cloakroom_oauth::refresh_token::Presented;
use cloakroom_oauth::scope::Scope;
use cloakroom_store::{Act, Error, LiveGrant, Rotate, RotateOutcome};
use zeroize::Zeroizing;

use crate::Engine;
use crate::begin::TokenPair;
use crate::granting::{Granted, TokensError, Wanted};
use crate::id_token::OfQuestion;
use crate::keys::KeysError;
use crate::redeem_code::is_by;
use crate::throttle::{Limited, What};
use crate::tokens::MintError;
use crate::visitor::Visitor;

/// Why no tokens were issued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshError {
    /// The token earns nothing: `invalid_grant`.
    #[error("the refresh token is not valid")]
    Refused,
    /// More scope was asked for than was granted: `invalid_scope`.
    #[error("more scope was asked for than was granted")]
    Scope,
    /// The token was asked for somebody whom the grant does not name: `invalid_target`.
    #[error("the grant is for none of these audiences")]
    Audience,
    /// The chain turns too fast; 429.
    #[error("this token was refreshed too often")]
    Wait(Duration),
    /// Too many from here.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// No token could be made.
    #[error(transparent)]
    Mint(#[from] MintError),
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl From<TokensError> for RefreshError {
    fn from(error: TokensError) -> Self {
        match error {
            TokensError::Nobody => Self::Refused,
            TokensError::Mint(error) => Self::Mint(error),
        }
    }
}

/// What the access token shall allow, and where.
struct For {
    scope: Scope,
    audience: String,
}

/// How often a caller looks again after it lost. Each loss is somebody else's success, and a replay needs no
/// second act, so one more look is enough; the others are for a chain that ends meanwhile.
const LOOKS: usize = 4;

impl Engine {
    /// Earns new tokens for `client`, which has proved itself as far as it must. A token that was rotated
    /// inside the replay window earns the chain's newest one. `resource` names the one audience that the access
    /// token shall be for (RFC 8707 §2.2); the grant's first where `None`. `proved` is the key that the client proved
    /// beside: the grant's own, where it is bound to one (RFC 9449 §5, RFC 8705 §4).
    pub async fn refresh(
        &self,
        presented: &Presented,
        client: &Arc<Client>,
        scope: Option<&Scope>,
        resource: Option<&str>,
        proved: Option<&Confirmation>,
        visitor: &Visitor,
    ) -> Result<TokenPair, RefreshError> {
        self.limits.check(What::Refresh, &visitor.address, self.time.now()).await?;
        self.hear().await?;
        for _ in 0..LOOKS {
            let noted = self.memory.note();
            let live =
                self.store.find_grant(presented.grant).await?.ok_or(RefreshError::Refused)?;
            let bound_to = live.grant.details.confirmation.as_ref();
            if !self.proves(presented, &live.grant).await?
                || live.grant.client != client.id
                || bound_to.is_some_and(|key| Some(key) != proved)
                // From before the client wanted its tokens bound.
                || !is_by(self.binding_of(client), bound_to)
            {
                return Err(RefreshError::Refused);
            }
            let now = self.time.now();
            let granted = Scope::of(live.grant.scope.clone());
            let scope = match scope {
                Some(scope) if !scope.is_within(&granted) => return Err(RefreshError::Scope),
                Some(scope) => scope.clone(),
                None => granted,
            };
            let audience = match resource {
                Some(asked) if !live.grant.audience.iter().any(|named| named == asked) => {
                    return Err(RefreshError::Audience);
                }
                Some(asked) => asked.to_owned(),
                None => self.first_audience(&live.grant.audience).to_owned(),
            };
            if let Some(session) = &live.session
                && !self.is_live(session).await?
            {
                return Err(RefreshError::Refused);
            }
            self.can_mint(client, &audience)?;
            let authenticated = client.is_confidential();
            let rotation = Rotation {
                replay_window: self.settings.replay_window,
                rotates: self.rules().refresh_tokens_rotate,
            };
            let outcome = rotation.decide(&live.grant, presented.counter, authenticated, now);
            let (next, rotations) = match outcome {
                Outcome::Stay => (presented.counter, live.grant.rotations.clone()),
                Outcome::Rotate(rotations) => (presented.counter + 1, rotations),
                Outcome::Replay => {
                    let act = self.about(&live, Kind::RefreshReplayed, visitor);
                    self.store.record(vec![act.event]).await?;
                    let counter = live.grant.counter;
                    return self.issue(&live, counter, client, &For { scope, audience }, noted);
                }
                Outcome::Wait(wait) => return Err(RefreshError::Wait(wait)),
                Outcome::EndGrant => {
                    let act = self.about(&live, Kind::RefreshStolen, visitor);
                    if let Some(done) =
                        self.store.end_grant(live.grant.id, Reason::Stolen, &act).await?
                    {
                        self.heard(&done.rows).await;
                    }
                    return Err(RefreshError::Refused);
                }
                Outcome::Refuse => return Err(RefreshError::Refused),
            };
            let act = self.about(&live, Kind::SecretReplaced, visitor);
            let expected = presented.counter;
            let rotate = Rotate { grant: live.grant.id, expected, next, rotations };
            match self.store.rotate(rotate, &act).await? {
                RotateOutcome::Done => {
                    return self.issue(&live, next, client, &For { scope, audience }, noted);
                }
                RotateOutcome::Lost => (),
            }
        }
        Err(RefreshError::Refused)
    }

    /// Whether the token is one that this server made for the grant.
    pub(crate) async fn proves(&self, presented: &Presented, grant: &Grant) -> Result<bool, Error> {
        if self.data_keys.find(grant.data_key).is_none() {
            // Another node made the key a moment ago, and the grant with it.
            self.reload_keys().await?;
        }
        let chain = self.data_keys.chain(grant.data_key, grant.id);
        Ok(chain.is_some_and(|chain| chain.verify(presented)))
    }

    /// The token of this number in a grant's chain.
    pub(crate) fn refresh_token(
        &self,
        grant: &Grant,
        counter: u64,
    ) -> Result<Zeroizing<String>, MintError> {
        let chain = self.data_keys.chain(grant.data_key, grant.id).ok_or_else(|| {
            KeysError::Corrupt(format!(
                "data key {} of grant {} is missing",
                grant.data_key, grant.id
            ))
        })?;
        Ok(chain.token(counter))
    }

    fn issue(
        &self,
        live: &LiveGrant,
        counter: u64,
        client: &Client,
        wanted: &For,
        noted: crate::memory::Noted,
    ) -> Result<TokenPair, RefreshError> {
        let For { scope, audience } = wanted;
        let wanted = Wanted { audience, scope: scope.clone(), question: OfQuestion::default() };
        let granted = self.tokens_of(live, counter, client, wanted, noted)?;
        let Granted { access, refresh, scope, beside } = granted;
        let refresh = refresh.ok_or(RefreshError::Refused)?;
        Ok(TokenPair { access, refresh, scope, beside })
    }

    fn about(&self, live: &LiveGrant, kind: Kind, visitor: &Visitor) -> Act {
        let mut act = self.act(kind, live.grant.user.map_or(Actor::Anybody, Actor::User));
        act.event.user = live.grant.user;
        act.event.session = live.grant.session;
        act.event.grant = Some(live.grant.id);
        act.event.client = Some(live.grant.client.clone());
        act.event.address = Some(visitor.address.to_string());
        act
    }
}
