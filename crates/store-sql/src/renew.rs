//! What becomes of a database that was put back from a backup.
//!
//! A backup is older than the database it replaces: what ended since would be live again in it. So everything ends
//! that can be presented, and the log becomes another one, in which no reader finds its place: whoever remembers
//! anything forgets it.

use cloakroom_model::event::Reason;
use cloakroom_model::id::ClientId;
use cloakroom_model::log::{Change, Subject};
use cloakroom_store::{Act, Done, Error};

use crate::doing::Doing;
use crate::{Db, endings, number, sql, values};

/// Ends what a restored database would revive, and makes its log another one; answers how many sessions ended, guests
/// too. It is done within a transaction, while nobody else is at work.
///
/// `danger_keep_sessions` leaves sessions, grants and links as they were.
pub async fn renew(db: &impl Db, act: &Act, danger_keep_sessions: bool) -> Result<usize, Error> {
    let mut doing = Doing::new(db, act);
    db.run(sql::log::MARK_ALL, values![act.nonce.cast_signed()]).await?;
    // One that was used up since would register once more, and one that was taken back would be good again.
    db.run(sql::initial_tokens::DELETE_ALL, &[]).await?;
    // Places that were given since the backup was made are given again, and the grants that had them are not here to
    // end: lists of another name begin.
    db.run(sql::statuses::BEGIN_SERIES, values![act.nonce.cast_signed()]).await?;
    let ended = if danger_keep_sessions {
        // A code that was spent since would be good once more, whoever may stay.
        endings::requests(db).await?;
        0
    } else {
        endings::everybodys(&mut doing, Reason::Restored).await?
    };
    // The new log is never empty: without a row there would be no place to go on from. The built-in client has
    // nothing of its own that anybody remembers.
    doing.announce(Subject::Client(ClientId::built_in()), Change::Changed);
    let Done { value, rows } = doing.done(ended).await?;
    // Who is before the first row of the old log is not before the first of this one.
    let last = rows.last().map_or(1, |row| number(row.place.seq));
    db.run(sql::log::FORGET_TO, values![last]).await?;
    Ok(value)
}
