//! The token status list.

use std::collections::BTreeMap;
use std::ops::Range;

use async_trait::async_trait;
use cloakroom_model::id::GrantId;
use cloakroom_model::time::Timestamp;

use super::Memory;
use crate::{Error, StatusLists, Statuses};

/// Places, and whose they are.
#[derive(Clone, Default)]
pub(super) struct StatusList {
    pub(super) taken: BTreeMap<u32, (GrantId, Timestamp)>,
    next: u32,
}

#[async_trait]
impl Statuses for Memory {
    async fn take_status(&self) -> Result<u32, Error> {
        let mut state = self.state()?;
        let place = state.statuses.next;
        state.statuses.next += 1;
        Ok(place)
    }

    async fn find_status_lists(&self) -> Result<StatusLists, Error> {
        Ok(StatusLists { series: 0, given: self.state()?.statuses.next })
    }

    async fn list_ended_statuses(
        &self,
        places: Range<u32>,
        now: Timestamp,
    ) -> Result<Vec<u32>, Error> {
        let state = self.state()?;
        let taken = state.statuses.taken.iter();
        let ended = taken.filter(|(place, (grant, until))| {
            places.contains(place) && *until > now && !state.grants.contains_key(grant)
        });
        Ok(ended.map(|(place, _)| *place).collect())
    }

    async fn expire_statuses(&self, now: Timestamp) -> Result<(), Error> {
        self.state()?.statuses.taken.retain(|_, (_, until)| *until > now);
        Ok(())
    }
}
