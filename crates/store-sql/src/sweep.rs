//! Finding what is over without looking at all there is.
//!
//! A row says when it is to be looked at: when it will be over, as far as was known when that was written. A use
//! does not move that moment, because then each use would write an index. So some rows come up that were used since;
//! they are moved on, and come up again when they may be over indeed.

use std::time::Duration;

use cloakroom_model::event::Reason;
use cloakroom_model::time::Timestamp;
use cloakroom_store::Error;

use crate::doing::Doing;
use crate::{Columns, Db, Pending, Sql, number, values};

/// For each row that may end, so many may be looked at in one act, so that no act lasts for long.
const LOOKS_FOR_EACH: usize = 16;

/// So many may be looked at however few may end.
const FEWEST_LOOKS: usize = 1024;

/// What is swept.
pub(crate) struct Sweep<D> {
    /// Rows whose moment has come, each with its id, its end, how long it may go unused and its last use; locked.
    pub(crate) to_look_at: Sql,
    /// Moves a row's moment on.
    pub(crate) look_later: Sql,
    /// For how long memory may know of a last use before it is known here.
    pub(crate) lag: Duration,
    /// Ends one.
    pub(crate) end: End<D>,
}

type End<D> = for<'a, 'b> fn(&'b mut Doing<'a, D>, [u8; 16], Reason) -> Pending<'b, ()>;

impl<D: Db> Sweep<D> {
    /// Ends at most `limit` of what is due, and moves on what is not over; answers how many it ended.
    pub(crate) async fn run(&self, doing: &mut Doing<'_, D>, limit: usize) -> Result<usize, Error> {
        let now = doing.now();
        let mut ended = 0;
        let mut looks = limit.saturating_mul(LOOKS_FOR_EACH).max(FEWEST_LOOKS);
        while ended < limit && looks > 0 {
            // Never more than may end, so that nothing which is over is passed over.
            let most = values![now.0, number(limit - ended)];
            let batch =
                doing.db.list(self.to_look_at, most, |row| Due::read(row, self.lag)).await?;
            if batch.is_empty() {
                break;
            }
            looks = looks.saturating_sub(batch.len());
            for row in batch {
                match row.verdict(now) {
                    Verdict::Ended(reason) => {
                        (self.end)(doing, row.id, reason).await?;
                        ended += 1;
                    }
                    Verdict::LookAgain(at) => {
                        doing.db.run(self.look_later, values![at.0, &row.id]).await?;
                    }
                }
            }
        }
        Ok(ended)
    }
}

/// A row whose moment has come.
struct Due {
    id: [u8; 16],
    expires_at: Timestamp,
    /// How long it may go unused before it is called idle.
    idle: Duration,
    last_used_at: Timestamp,
}

impl Due {
    fn read(columns: &mut Columns<'_>, lag: Duration) -> Result<Self, Error> {
        Ok(Self {
            id: columns.value()?,
            expires_at: columns.time()?,
            idle: columns.span()?.saturating_add(lag),
            last_used_at: columns.time()?,
        })
    }

    /// Why it is over, or when to look at it again.
    fn verdict(&self, now: Timestamp) -> Verdict {
        let idle_at = self.last_used_at.plus(self.idle);
        if self.expires_at <= now {
            Verdict::Ended(Reason::Expired)
        } else if idle_at <= now {
            Verdict::Ended(Reason::Idle)
        } else {
            Verdict::LookAgain(idle_at.min(self.expires_at))
        }
    }
}

enum Verdict {
    Ended(Reason),
    LookAgain(Timestamp),
}
