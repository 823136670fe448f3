//! Marks of what was used.

use async_trait::async_trait;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;

use super::Memory;
use crate::{Error, Marks};

#[async_trait]
impl Marks for Memory {
    async fn mark_once(
        &self,
        mark: Digest,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let mut state = self.state()?;
        if state.marks.get(&mark).is_some_and(|until| *until > now) {
            return Ok(false);
        }
        state.marks.insert(mark, until);
        Ok(true)
    }

    async fn expire_marks(&self, now: Timestamp) -> Result<(), Error> {
        self.state()?.marks.retain(|_, until| *until > now);
        Ok(())
    }
}
