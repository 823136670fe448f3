//! What happened, for operators.

use cloakroom_model::event::Recorded;
use cloakroom_store::{Error, EventFilter};

use crate::Engine;

impl Engine {
    /// Events, the latest first.
    pub async fn list_events(&self, filter: &EventFilter) -> Result<Vec<Recorded>, Error> {
        self.store.list_events(filter).await
    }
}
