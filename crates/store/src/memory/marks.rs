//! Marks of what was used.

use async_trait::async_trait;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;

use super::{Memory, State};
use crate::{Error, Marks};

#[async_trait]
impl Marks for Memory {
    async fn mark_once(
        &self,
        mark: Digest,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Error> {
        Ok(self.state()?.mark_once(mark, until, now))
    }

    async fn expire_marks(&self, now: Timestamp) -> Result<(), Error> {
        self.state()?.marks.retain(|_, until| *until > now);
        Ok(())
    }
}

impl State {
    /// Leaves a mark; `false` where it was left before.
    pub(super) fn mark_once(&mut self, mark: Digest, until: Timestamp, now: Timestamp) -> bool {
        let first = !self.is_marked(&mark, now);
        if first {
            self.marks.insert(mark, until);
        }
        first
    }

    pub(super) fn is_marked(&self, mark: &Digest, now: Timestamp) -> bool {
        self.marks.get(mark).is_some_and(|until| *until > now)
    }
}
