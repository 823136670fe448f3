//! Initial access tokens. They are spent by the registration they allow, in its transaction
//! ([`crate::Clients::insert_client`]).

use async_trait::async_trait;
use cloakroom_model::id::InitialTokenId;
use cloakroom_model::initial_token::InitialToken;
use cloakroom_model::time::Timestamp;

use crate::{Act, Error};

/// Initial access tokens.
#[async_trait]
pub trait InitialTokens: Send + Sync {
    /// Keeps a new token.
    async fn insert_initial_token(&self, token: InitialToken, act: &Act) -> Result<(), Error>;

    /// The tokens that expire after `now`, the oldest first.
    async fn list_initial_tokens(&self, now: Timestamp) -> Result<Vec<InitialToken>, Error>;

    /// Removes a token; `false` where there was none. After this returns nobody registers by it on any node: one that was
    /// handed on too far would let strangers in until its end.
    async fn remove_initial_token(&self, id: InitialTokenId, act: &Act) -> Result<bool, Error>;

    /// Forgets the tokens that expired before `now`.
    async fn expire_initial_tokens(&self, now: Timestamp) -> Result<(), Error>;
}
