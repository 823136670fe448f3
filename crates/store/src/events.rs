//! The events that acts wrote, and those that belong to no act.

use async_trait::async_trait;
use cloakroom_model::event::{Event, Recorded};
use cloakroom_model::id::UserId;
use cloakroom_model::time::Timestamp;

use crate::Error;

/// Events.
#[async_trait]
pub trait Events: Send + Sync {
    /// Records events that belong to no act, such as a failed sign-in.
    async fn record(&self, events: Vec<Event>) -> Result<(), Error>;

    /// Events, the latest first.
    async fn list_events(&self, filter: &EventFilter) -> Result<Vec<Recorded>, Error>;

    /// Forgets at most `limit` events from before `before`; answers how many.
    async fn prune_events(&self, before: Timestamp, limit: usize) -> Result<usize, Error>;
}

/// Which events.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Only those of this user.
    pub user: Option<UserId>,
    /// Where in the list.
    pub page: Page,
}

/// A piece of a list that is read from its end.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Only those with a smaller number.
    pub before: Option<u64>,
    /// At most this many.
    pub limit: usize,
}

impl Default for Page {
    fn default() -> Self {
        Self { before: None, limit: 100 }
    }
}
