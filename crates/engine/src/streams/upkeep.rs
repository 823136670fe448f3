//! Streams whose receiver stays away: nothing waits without an end.

use std::time::Duration;

use cloakroom_model::signal::Signal;
use cloakroom_model::stream::{Status, Stream};
use cloakroom_store::{Error, Queue, StreamBacklog};

use super::tally::Tally;
use crate::Engine;

/// How long a signal waits for its receiver.
pub const WAITS_FOR: Duration = Duration::from_hours(7 * 24);

/// How many signals wait in one stream.
pub const MOST_WAITING: usize = 100_000;

impl Engine {
    /// Disables the streams whose receivers were away for too long: what waited in them is gone, but for the word that they
    /// are disabled. What waits in the others is noted for who watches.
    pub async fn disable_abandoned_streams(&self) -> Result<(), Error> {
        let before = self.time.now().minus(WAITS_FOR);
        let streams = self.store.list_streams().await?;
        self.signals.refusals.keep(&streams);
        self.signals.tally.saw(&streams, self.time.now());
        for StreamBacklog { stream, waiting, since, .. } in streams {
            let late = since.is_some_and(|since| since < before);
            let reason = if late {
                "The receiver did not take what waited for seven days."
            } else if waiting > MOST_WAITING {
                "Too much waited for the receiver."
            } else {
                continue;
            };
            // Others may have changed it; the next round looks again.
            if stream.status == Status::Disabled {
                self.put_stream(&stream, stream.clone(), Queue::Empty(None)).await?;
                continue;
            }
            let (status, told) = (Status::Disabled, Some(reason.to_owned()));
            let off = Stream { status, reason: told.clone(), ..stream.clone() };
            let word = Signal::StreamUpdated { status, reason: told };
            if self.put_stream(&stream, off, Queue::Empty(Some(word))).await? {
                Tally::count(&self.signals.tally.abandoned, 1);
                tracing::warn!(client = %stream.client, reason, "a stream of signals was disabled");
            }
        }
        Ok(())
    }
}
