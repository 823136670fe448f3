//! The revocation log.

use std::collections::VecDeque;

use async_trait::async_trait;
use cloakroom_model::log::{Change, Place, Row, Subject};
use cloakroom_model::time::Timestamp;

use super::endings::Trace;
use super::{Memory, State};
use crate::{Act, Done, Error, Reading, Revocations, Snapshot};

#[async_trait]
impl Revocations for Memory {
    async fn read_log(&self, place: Place, limit: usize) -> Result<Reading, Error> {
        let now = self.now();
        let state = self.state()?;
        Ok(match state.log.after(place, limit) {
            Some(rows) => Reading::Rows { rows, now, timeline: state.timeline },
            None => Reading::Lost,
        })
    }

    async fn read_snapshot(&self) -> Result<Snapshot, Error> {
        let now = self.now();
        let state = self.state()?;
        let (place, rows) = state.log.snapshot(now);
        Ok(Snapshot { place, rows, now, timeline: state.timeline })
    }

    async fn announce(
        &self,
        subject: Subject,
        change: Change,
        act: &Act,
    ) -> Result<Done<()>, Error> {
        let mut trace = Trace::default();
        match change {
            Change::Ended => trace.ended(subject),
            Change::Changed => trace.changed(subject),
        }
        Ok(self.state()?.tell(act, trace))
    }

    async fn prune_log(&self, now: Timestamp) -> Result<(), Error> {
        self.state()?.log.prune(now);
        Ok(())
    }
}

impl State {
    fn tell(&mut self, act: &Act, trace: Trace) -> Done<()> {
        Done { value: (), rows: self.finish(act, trace) }
    }
}

/// Rows in the order of their numbers.
#[derive(Clone, Default)]
pub(super) struct Log {
    pub(super) rows: VecDeque<Row>,
    last: u64,
    forgot: bool,
}

impl Log {
    /// The number of the next row.
    pub(super) fn next(&self) -> u64 {
        self.last + 1
    }

    pub(super) fn append(&mut self, act: &Act, changes: Vec<(Subject, Change)>) -> Vec<Row> {
        let mut appended = Vec::with_capacity(changes.len());
        for (subject, change) in changes {
            self.last += 1;
            appended.push(act.row(self.last, subject, change));
        }
        self.rows.extend(appended.iter().cloned());
        appended
    }

    /// What follows `place`; `None` where that is not in this log.
    fn after(&self, place: Place, limit: usize) -> Option<Vec<Row>> {
        let next = self.rows.partition_point(|row| row.place.seq <= place.seq);
        let is_here = if place == Place::default() {
            !self.forgot
        } else {
            next > 0 && self.rows[next - 1].place == place
        };
        is_here.then(|| self.rows.range(next..).take(limit).cloned().collect())
    }

    /// The last place, and the rows that still concern something.
    fn snapshot(&self, now: Timestamp) -> (Place, Vec<Row>) {
        let place = self.rows.back().map(|row| row.place).unwrap_or_default();
        (place, self.rows.iter().filter(|row| row.until > now).cloned().collect())
    }

    fn prune(&mut self, now: Timestamp) {
        let (before, last) = (self.rows.len(), self.last);
        self.rows.retain(|row| row.until > now || row.place.seq == last);
        self.forgot |= self.rows.len() < before;
    }
}
