//! Events.

use std::collections::VecDeque;

use async_trait::async_trait;
use cloakroom_model::event::{Event, Recorded};
use cloakroom_model::time::Timestamp;

use super::Memory;
use crate::{Error, EventFilter, Events};

#[async_trait]
impl Events for Memory {
    async fn record(&self, events: Vec<Event>) -> Result<(), Error> {
        self.state()?.events.record(events);
        Ok(())
    }

    async fn list_events(&self, filter: &EventFilter) -> Result<Vec<Recorded>, Error> {
        Ok(self.state()?.events.list(filter))
    }

    async fn prune_events(&self, before: Timestamp, limit: usize) -> Result<usize, Error> {
        Ok(self.state()?.events.prune(before, limit))
    }
}

/// Events in the order of their numbers.
#[derive(Clone, Default)]
pub(super) struct Recorder {
    recorded: VecDeque<Recorded>,
    last: u64,
}

impl Recorder {
    pub(super) fn record(&mut self, events: Vec<Event>) {
        for event in events {
            self.last += 1;
            self.recorded.push_back(Recorded { seq: self.last, event });
        }
    }

    fn list(&self, filter: &EventFilter) -> Vec<Recorded> {
        self.recorded
            .iter()
            .rev()
            .filter(|it| filter.page.before.is_none_or(|before| it.seq < before))
            .filter(|it| filter.user.is_none_or(|user| it.event.user == Some(user)))
            .take(filter.page.limit)
            .cloned()
            .collect()
    }

    fn prune(&mut self, before: Timestamp, limit: usize) -> usize {
        let mut forgotten = 0;
        self.recorded.retain(|it| {
            let goes = forgotten < limit && it.event.at < before;
            forgotten += usize::from(goes);
            !goes
        });
        forgotten
    }
}
