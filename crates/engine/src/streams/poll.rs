//! Receivers that come and ask (RFC 8936).

use std::time::Duration;

use cloakroom_model::stream::{Delivery, Status, Stream};
use cloakroom_oauth::ssf::poll::{Poll, Polled};
use cloakroom_store::Error;

use super::tally::Tally;
use super::{StreamError, set};
use crate::Engine;
use crate::service::Service;

/// How long a receiver waits for something to be told. Less than a server takes to stop.
const WAITS: Duration = Duration::from_secs(8);

/// How often is looked for what other nodes put there without a word in the log.
const LOOKS: Duration = Duration::from_secs(1);

impl Engine {
    /// Forgets what a receiver has, and gives it what waits: at once, or when something comes.
    pub async fn poll_stream(
        &self,
        service: &Service,
        name: &str,
        poll: &Poll,
    ) -> Result<Polled, StreamError> {
        let stream = self.stream_named(service, name).await?;
        if stream.delivery != Delivery::Poll {
            return Err(StreamError::NoStream);
        }
        self.acknowledge(&stream, poll).await?;
        let wait = !poll.return_immediately && poll.max_events > 0;
        // Whoever finds no place to wait is answered at once.
        let place = if wait { self.signals.waiting.try_acquire().ok() } else { None };
        let until = self.time.steady() + WAITS;
        loop {
            let came = self.signals.came.notified();
            // It may have been paused, changed or removed while it was waited for.
            let stream = self.stream_named(service, name).await?;
            let polled = self.what_waits(&stream, service, poll.max_events).await?;
            let left = until.checked_sub(self.time.steady()).filter(|left| !left.is_zero());
            let Some(left) = left.filter(|_| place.is_some() && polled.sets.is_empty()) else {
                return Ok(polled);
            };
            tokio::select! {
                () = came => (),
                () = tokio::time::sleep(left.min(LOOKS)) => (),
            }
        }
    }

    async fn acknowledge(&self, stream: &Stream, poll: &Poll) -> Result<(), Error> {
        for (jti, why) in &poll.set_errs {
            tracing::warn!(client = %stream.client, jti, why, "a receiver cannot take what it is told");
        }
        let refused = poll.set_errs.iter().map(|(jti, _)| jti);
        let numbers = poll.ack.iter().chain(refused);
        let numbers: Vec<_> = numbers.filter_map(|jti| set::number_of(stream, jti)).collect();
        if numbers.is_empty() {
            return Ok(());
        }
        self.store.forget_signals(stream.id, &numbers).await?;
        let tally = &self.signals.tally;
        Tally::count(&tally.acknowledged, poll.ack.len());
        Tally::count(&tally.given_up, poll.set_errs.len());
        Ok(())
    }

    async fn what_waits(
        &self,
        stream: &Stream,
        service: &Service,
        most: usize,
    ) -> Result<Polled, StreamError> {
        // §8.1.2.1 of SSF: nothing goes out of a stream that is paused. In one that is disabled waits the word that it is.
        if stream.status == Status::Paused {
            return Ok(Polled::default());
        }
        let waiting = self.store.list_signals(stream.id, most + 1).await?;
        let mut polled = Polled { more_available: waiting.len() > most, ..Polled::default() };
        for waiting in waiting.iter().take(most) {
            let set = self.set_of(stream, &service.client, waiting)?;
            polled.sets.insert(set.jti, set.token.into());
        }
        Ok(polled)
    }
}
