//! One reader of the feed as a state machine: events and times in, beliefs out.
//!
//! It holds the rules of the stream: what begins it, when a snapshot is whole, what an elapsed time proves, and from where
//! the next stream goes on. A stream that breaks one of them is closed, and the next one begins with a snapshot.

use std::time::Duration;

use super::events::Event;
use crate::beliefs::Beliefs;
use crate::subject::Digest;

/// How much further than ours the server's steady clock may have gone in one stream. More, and the stream is not an answer to
/// this request: it is a recording, or forged.
const DRIFT: Duration = Duration::from_secs(1);

/// Why a stream is closed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Broken {
    /// An event came before `begin`, or one that only a snapshot or only a continuation may have, or time went back.
    #[error("events in an order that the feed does not have")]
    Order,
    /// A row, a place or a number cannot be read.
    #[error("an event that cannot be read")]
    Unreadable,
    /// More time passed at the server than since the request was sent.
    #[error("more time passed in the stream than since it was asked for")]
    Ahead,
}

/// The reader of one feed, over any number of streams.
#[derive(Debug, Default)]
pub(crate) struct Follower {
    /// The last place up to which everything was heard.
    resume: Option<Box<str>>,
    stream: Option<Stream>,
}

#[derive(Debug)]
struct Stream {
    /// The steady time at which it was asked for.
    sent_at: Duration,
    /// Whether the request named a place.
    resumes: bool,
    begun: Begun,
    /// The place that was passed last. The next stream goes on from it once everything before it has been heard.
    passed: Option<Box<str>>,
    elapsed: Duration,
}

#[derive(Debug, Eq, PartialEq)]
enum Begun {
    Not,
    /// Its last rows have not come.
    Snapshot,
    Whole,
}

impl Follower {
    /// What the next request names in its header `Last-Event-ID`.
    #[must_use]
    pub(crate) fn resume_from(&self) -> Option<&str> {
        self.resume.as_deref()
    }

    /// A request for a stream is sent at the steady time `now`.
    pub(crate) fn open(&mut self, now: Duration) {
        self.stream = Some(Stream {
            sent_at: now,
            resumes: self.resume.is_some(),
            begun: Begun::Not,
            passed: self.resume.clone(),
            elapsed: Duration::ZERO,
        });
    }

    /// Has the next stream begin with a snapshot.
    pub(crate) fn forget_place(&mut self) {
        self.resume = None;
        self.stream = None;
    }

    /// Takes in an event that came at the steady time `now`. When the stream is broken, it is to be closed.
    pub(crate) fn take(
        &mut self,
        event: &Event,
        beliefs: &Beliefs,
        now: Duration,
    ) -> Result<(), Broken> {
        let taken = self.take_one(event, beliefs, now);
        if taken.is_err() {
            self.forget_place();
        }
        taken
    }

    fn take_one(&mut self, event: &Event, beliefs: &Beliefs, now: Duration) -> Result<(), Broken> {
        let stream = self.stream.as_mut().ok_or(Broken::Order)?;
        match (event.kind.as_str(), event.data.as_str()) {
            ("begin", "snapshot") => {
                beliefs.begin_anew();
                self.resume = None;
                stream.passed = None;
                stream.begun = Begun::Snapshot;
                Ok(())
            }
            ("begin", "resumed") if stream.begun == Begun::Not && stream.resumes => {
                stream.begun = Begun::Whole;
                Ok(())
            }
            ("begin", "resumed") => Err(Broken::Order),
            ("begin", _) => Err(Broken::Unreadable),
            ("rows", rows) => stream.rows(rows, event.id.as_deref(), beliefs, now),
            ("heard", elapsed) => {
                stream.heard(elapsed, beliefs, now)?;
                self.resume.clone_from(&stream.passed);
                Ok(())
            }
            // A later version of the feed may say more; what it says in other words is not about what ended.
            _ => Ok(()),
        }
    }
}

impl Stream {
    fn rows(
        &mut self,
        rows: &str,
        place: Option<&str>,
        beliefs: &Beliefs,
        now: Duration,
    ) -> Result<(), Broken> {
        match (&self.begun, place) {
            (Begun::Not, _) | (Begun::Whole, None) => return Err(Broken::Order),
            (_, Some(place)) if !is_place(place) => return Err(Broken::Unreadable),
            _ => {}
        }
        let taken = take_rows(rows, beliefs, now);
        // Of an event that cannot be read whole, what could be read counts, and the place is not passed.
        beliefs.publish(place.filter(|_| taken.is_ok()), now);
        taken?;
        if let Some(place) = place {
            self.passed = Some(place.into());
            self.begun = Begun::Whole;
        }
        Ok(())
    }

    fn heard(&mut self, elapsed: &str, beliefs: &Beliefs, now: Duration) -> Result<(), Broken> {
        if self.begun != Begun::Whole {
            return Err(Broken::Order);
        }
        let elapsed = elapsed.parse().map(Duration::from_millis).map_err(|_| Broken::Unreadable)?;
        let since_sent = now.saturating_sub(self.sent_at);
        if elapsed > since_sent.saturating_add(DRIFT) {
            return Err(Broken::Ahead);
        }
        if elapsed < self.elapsed {
            return Err(Broken::Order);
        }
        self.elapsed = elapsed;
        beliefs.heard(self.sent_at + elapsed.min(since_sent));
        Ok(())
    }
}

/// `<seq>.<nonce>`: text that may be sent back in a header. What it means is the server's.
fn is_place(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.';
    !text.is_empty() && text.len() <= 64 && text.bytes().all(fits)
}

/// Lines of `<until> <row> <row> …`.
fn take_rows(data: &str, beliefs: &Beliefs, now: Duration) -> Result<(), Broken> {
    for line in data.lines() {
        let mut words = line.split(' ');
        let until = words.next().unwrap_or_default();
        let until = until.parse().map_err(|_| Broken::Unreadable)?;
        for word in words {
            let (mark, digest) = word.split_at_checked(1).ok_or(Broken::Unreadable)?;
            let subject = Digest::parse(digest).ok_or(Broken::Unreadable)?;
            match mark {
                "-" => beliefs.end(subject, until, now),
                "~" => beliefs.change(subject, until, now),
                _ => return Err(Broken::Unreadable),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
