//! An act under way: its transaction, and what it leaves in the log and among the events once it is done.

use cloakroom_model::event::Event;
use cloakroom_model::log::{Change, Subject};
use cloakroom_model::signal::UserSignal;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Act, Done, Ended, Error};

use crate::{Db, events, revocations, streams};

/// An act under way. An act that refuses returns before it writes anything.
pub(crate) struct Doing<'a, D> {
    pub(crate) db: &'a D,
    pub(crate) act: &'a Act,
    ended: Vec<Ended>,
    announced: Vec<(Subject, Change)>,
    others: Vec<Event>,
    signals: Vec<UserSignal>,
}

impl<'a, D: Db> Doing<'a, D> {
    pub(crate) fn new(db: &'a D, act: &'a Act) -> Self {
        Self {
            db,
            act,
            ended: Vec::new(),
            announced: Vec::new(),
            others: Vec::new(),
            signals: Vec::new(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.act.at
    }

    /// Notes that something ended: a row and an event.
    pub(crate) fn ended(&mut self, ended: Ended) {
        self.announced.push((ended.subject(), Change::Ended));
        self.ended.push(ended);
    }

    /// Notes a row of its own.
    pub(crate) fn announce(&mut self, subject: Subject, change: Change) {
        self.announced.push((subject, change));
    }

    /// Notes an event beside the act's own.
    pub(crate) fn record(&mut self, event: Event) {
        self.others.push(event);
    }

    /// Notes a signal that no event tells whole.
    pub(crate) fn signal(&mut self, signal: UserSignal) {
        self.signals.push(signal);
    }

    /// As [`done`](Self::done), where the act found what it was to end.
    pub(crate) async fn done_where(self, was_there: bool) -> Result<Option<Done<()>>, Error> {
        if was_there { self.done(()).await.map(Some) } else { Ok(None) }
    }

    /// Writes down what was noted. The last thing an act does: from here on it holds the log's counter, which every
    /// other act that ends or changes something waits for. It takes no lock after that one.
    pub(crate) async fn done<T: Send>(self, value: T) -> Result<Done<T>, Error> {
        let mut signals = Vec::new();
        for event in self.act.events(&self.ended).iter().chain(&self.others) {
            events::record(self.db, event).await?;
            signals.extend(UserSignal::of(event));
        }
        signals.extend(self.signals);
        let mut rows = Vec::with_capacity(self.announced.len());
        // What is a signal is announced as well: whatever a user's receivers are told, nodes must hear.
        if !self.announced.is_empty() {
            let (first, streams) = revocations::take_numbers(self.db, self.announced.len()).await?;
            if streams > 0 {
                streams::tell_all(self.db, self.act, first, signals).await?;
            }
            for (seq, (subject, change)) in (first..).zip(self.announced) {
                let row = self.act.row(seq, subject, change);
                revocations::append(self.db, &row).await?;
                rows.push(row);
            }
        }
        Ok(Done { value, rows })
    }
}
