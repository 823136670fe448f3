//! Initial access tokens.

use async_trait::async_trait;
use cloakroom_model::id::InitialTokenId;
use cloakroom_model::initial_token::InitialToken;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;

use super::endings::Trace;
use super::{Memory, State};
use crate::{Act, Error, InitialTokens};

#[async_trait]
impl InitialTokens for Memory {
    async fn insert_initial_token(&self, token: InitialToken, act: &Act) -> Result<(), Error> {
        let mut state = self.state()?;
        state.initial_tokens.insert(token.id, token);
        state.finish(act, Trace::default());
        Ok(())
    }

    async fn list_initial_tokens(&self, now: Timestamp) -> Result<Vec<InitialToken>, Error> {
        let state = self.state()?;
        Ok(state.initial_tokens.values().filter(|token| token.works(now)).cloned().collect())
    }

    async fn remove_initial_token(&self, id: InitialTokenId, act: &Act) -> Result<bool, Error> {
        let mut state = self.state()?;
        let was_there = state.initial_tokens.remove(&id).is_some();
        if was_there {
            state.finish(act, Trace::default());
        }
        Ok(was_there)
    }

    async fn expire_initial_tokens(&self, now: Timestamp) -> Result<(), Error> {
        self.state()?.initial_tokens.retain(|_, token| token.works(now));
        Ok(())
    }
}

impl State {
    /// The token of this digest, if it works.
    pub(super) fn initial_token(&self, digest: &Digest, now: Timestamp) -> Option<InitialTokenId> {
        let mut tokens = self.initial_tokens.values();
        tokens.find(|token| token.digest == *digest && token.works(now)).map(|token| token.id)
    }

    /// Spends one use of a token that was found in the same act.
    pub(super) fn spend_initial_token(&mut self, id: InitialTokenId) {
        match self.initial_tokens.get_mut(&id).and_then(|token| token.uses_left.as_mut()) {
            Some(1) => drop(self.initial_tokens.remove(&id)),
            Some(left) => *left -= 1,
            None => {}
        }
    }
}
