//! Replacing the data key.
//!
//! The next one seals and derives all that is new from now on. The earlier ones stay: a grant's refresh tokens are
//! computed from the key that the grant began with, and a signing key is sealed with the one of its time. Whoever
//! replaces a data key because somebody saw it ends the grants and gives up the signing keys too.

use cloakroom_model::event::{Actor, Kind};

use super::RotateError;
use crate::Engine;

impl Engine {
    /// Makes the next data key, and answers its number. Every node uses it as soon as it hears of it.
    pub async fn renew_data_key(&self, actor: Actor) -> Result<u32, RotateError> {
        let next = self
            .data_keys
            .next(&*self.random, self.time.now())
            .ok_or(RotateError::MasterKeyChanges)?;
        let number = next.number;
        let mut act = self.act(Kind::DataKeyMade, actor);
        act.event.detail = Some(number.to_string());
        let done = self.store.insert_data_key(next, &act).await?.ok_or(RotateError::Lost)?;
        self.heard(&done.rows).await;
        Ok(number)
    }
}
