//! Taking everything that one database holds into another one, whichever two they are.
//!
//! The source is shut first: nobody writes to it any more, and no server starts on it. Then every table is copied in
//! batches, in an order that foreign keys allow, by primary key. How far the copy is stands in the target and changes
//! in the same transaction as the rows, so a copy that was interrupted at any moment goes on from there. At the end
//! both sides are read once more and compared ([`Digest`]); only then is the source given up, and after it the target
//! opened. So at no moment two databases may be served that both hold the same sessions.
//!
//! What is on its way stands in a table of one row ([`Mark`]), which a database has only while something is copied and
//! afterwards: it is no part of the schema. What only one kind of database can do is a [`Place`].
//!
//! Leaves out who holds locks, and whether a server is at work: whoever makes a [`Place`] sees to that.

mod mark;
mod page;
mod plan;
mod tables;
mod verify;

use std::num::NonZeroUsize;
use std::sync::Arc;

use cloakroom_store::Error;
use futures_util::future::join;

pub use self::mark::{Away, MARK_EXISTS, MARK_STATE, Mark, Progress, State};
pub use self::page::{Key, Page};
pub use self::tables::{Kind, TABLES, Table};
pub use self::verify::Digest;

use self::plan::{Plan, Refusal};
use crate::columns::column;
use crate::database::Database;
use crate::db::Db as _;
use crate::statement::Sql;

/// How much of a table is read and written at once, as far as rows allow.
const PAGE_BYTES: usize = 4 << 20;

/// How many rows the first page of a table has: as many as cannot be too much, however large they are.
const FIRST_ROWS: usize = 256;

/// A database that is copied from or to. Nobody else is at work in it.
pub trait Place: Database {
    /// Where it is, for people: without anything secret.
    fn shown(&self) -> &str;

    /// The highest number that an event was ever given.
    const LAST_EVENT: Sql;

    /// Writes rows that are not there.
    fn insert(
        db: &Self::Db,
        table: &'static Table,
        page: &Page,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Gives events numbers after this one from now on.
    fn number_events_after(
        db: &Self::Db,
        last: i64,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Keeps everybody from writing, in the transaction that marks the database as moving.
    fn shut(db: &Self::Db) -> impl Future<Output = Result<(), Error>> + Send;

    /// Keeps everybody from reading too, in the transaction that marks it as moved.
    fn leave(db: &Self::Db) -> impl Future<Output = Result<(), Error>> + Send;

    /// Lets everybody read and write again.
    fn open_again(db: &Self::Db) -> impl Future<Output = Result<(), Error>> + Send;

    /// Sees to it that the first statements on what was copied are planned well.
    fn settle(&self) -> impl Future<Output = Result<(), Error>> + Send;
}

/// What a copy is told to be like.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// A number that no other copy has: 16 random bytes.
    pub copy: [u8; 16],
    /// The most rows that are written in one transaction.
    pub batch: NonZeroUsize,
}

/// How far a copy is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Told {
    /// It begins, or goes on.
    Begun {
        /// Rows of the source.
        of: u64,
        /// Rows that are in the target already.
        rows: u64,
        /// What they have in bytes.
        bytes: u64,
    },
    /// So much is in the target.
    Copied {
        /// Rows.
        rows: u64,
        /// What they have in bytes.
        bytes: u64,
    },
    /// Everything is in the target, and so many rows were read again to compare them.
    Compared {
        /// Rows of the source.
        rows: u64,
    },
}

/// What was copied.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Copied {
    /// Rows that were there before, by an earlier run of the same copy.
    pub before: u64,
    /// Rows in all.
    pub rows: u64,
    /// What they have in bytes.
    pub bytes: u64,
    /// What each table has on both sides, in the order in which they were copied. Empty where an earlier run had done
    /// all of it.
    pub tables: Vec<(&'static str, Digest)>,
}

/// Takes everything from one place to another; goes on where an earlier run was interrupted. Afterwards the source is
/// given up, and the target is a database like any other.
pub async fn copy<S: Place, T: Place>(
    source: &S,
    target: &T,
    how: How,
    mut told: impl FnMut(Told) + Send,
) -> Result<Copied, CopyError> {
    let marks = (find_mark(source).await?, find_mark(target).await?);
    let empty = marks.1.is_none() && is_empty(target).await?;
    let (copy, progress) = match plan::plan(marks.0.as_ref(), marks.1.as_ref(), empty) {
        Plan::Begin => {
            shut(source, how.copy, target.shown()).await?;
            (how.copy, expect(target, how.copy, source.shown()).await?)
        }
        Plan::GoOn { copy, progress } => (copy, progress),
        Plan::Finish { copy, progress } => {
            give_up(source, copy, target.shown()).await?;
            open(target, copy, source.shown(), &progress).await?;
            return Ok(Copied::earlier(&progress));
        }
        Plan::Open { copy, progress } => {
            open(target, copy, source.shown(), &progress).await?;
            return Ok(Copied::earlier(&progress));
        }
        Plan::Done { progress } => return Ok(Copied::earlier(&progress)),
        Plan::Refuse(refusal) => return Err(CopyError::refused(refusal, source, target)),
    };
    let before = progress.rows;
    let of = rows_of(source).await?;
    told(Told::Begun { of, rows: before, bytes: progress.bytes });
    let carrier = Carrier { source, target, copy, most: how.batch.get() };
    let progress = carrier.carry(progress, &mut told).await?;
    carrier.number_events().await?;
    target.settle().await?;
    let tables = verify::verify(source, target, |rows| told(Told::Compared { rows })).await?;
    // From here on the target is as good as the source. It is opened last, so that never both are.
    set(target, mark(State::Verified, copy, source.shown(), &progress)).await?;
    give_up(source, copy, target.shown()).await?;
    open(target, copy, source.shown(), &progress).await?;
    Ok(Copied { before, rows: progress.rows, bytes: progress.bytes, tables })
}

/// What a database is that was opened again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reopened {
    /// The move was not complete, and is given up.
    GivenUp,
    /// The move was complete: its sessions are live in two places.
    InTwoPlaces,
}

/// Takes the mark away from a source, so that servers may start on it again.
pub async fn reopen<P: Place>(place: &P, danger_two_places: bool) -> Result<Reopened, ReopenError> {
    let mark = find_mark(place).await?;
    let reopened = match mark.map(|mark| (mark.state, mark.place)) {
        Some((State::Moving, _)) => Reopened::GivenUp,
        Some((State::Moved, _)) if danger_two_places => Reopened::InTwoPlaces,
        Some((State::Moved, to)) => return Err(ReopenError::Moved { to }),
        Some((State::Incoming | State::Verified, from)) => {
            return Err(ReopenError::Incomplete { from });
        }
        Some((State::Arrived, _)) | None => return Err(ReopenError::NotShut),
    };
    place
        .transact(|db| {
            Box::pin(async move {
                P::open_again(db).await?;
                db.run(mark::DROP, &[]).await.map(drop)
            })
        })
        .await?;
    Ok(reopened)
}

/// What takes rows from one side to the other.
struct Carrier<'a, S, T> {
    source: &'a S,
    target: &'a T,
    copy: [u8; 16],
    most: usize,
}

impl<S: Place, T: Place> Carrier<'_, S, T> {
    /// Copies what is missing.
    async fn carry(
        &self,
        mut progress: Progress,
        told: &mut (impl FnMut(Told) + Send),
    ) -> Result<Progress, CopyError> {
        let first = progress.tables;
        for (number, table) in (0..).zip(TABLES).skip(first) {
            let mut limit = FIRST_ROWS.min(self.most);
            let mut page = self.read(table, progress.after.take(), limit).await?;
            loop {
                let whole = page.rows() < limit;
                progress.rows += page.rows() as u64;
                progress.bytes += page.bytes().len() as u64;
                progress.tables = if whole { number + 1 } else { number };
                progress.after = if whole { None } else { page.last_key(table)? };
                limit = page.next_limit(PAGE_BYTES, self.most);
                let after = progress.after.clone();
                // The next page is read while this one is written.
                let next = async {
                    if whole { Ok(None) } else { self.read(table, after, limit).await.map(Some) }
                };
                let (written, next) = join(self.write(table, page, &progress), next).await;
                written?;
                told(Told::Copied { rows: progress.rows, bytes: progress.bytes });
                match next? {
                    Some(next) => page = next,
                    None => break,
                }
            }
        }
        Ok(progress)
    }

    async fn read(
        &self,
        table: &'static Table,
        after: Option<Key>,
        limit: usize,
    ) -> Result<Page, CopyError> {
        read(self.source, table, after, limit).await
    }

    async fn write(
        &self,
        table: &'static Table,
        page: Page,
        progress: &Progress,
    ) -> Result<(), CopyError> {
        let written = Arc::new((page, progress.clone()));
        let copy = self.copy;
        let done = self.target.transact(move |db| {
            let written = Arc::clone(&written);
            Box::pin(async move {
                let (page, progress) = &*written;
                if page.rows() > 0 {
                    T::insert(db, table, page).await?;
                }
                mark::advance(db, copy, progress).await
            })
        });
        done.await.map_err(|error| CopyError::Write {
            table: table.name,
            place: self.target.shown().to_owned(),
            error,
        })
    }

    /// No number is given twice, not even that of an event that is forgotten by now.
    async fn number_events(&self) -> Result<(), CopyError> {
        let last = last_event(self.source).await?;
        if last_event(self.target).await? == last {
            return Ok(());
        }
        self.target
            .transact(move |db| Box::pin(async move { T::number_events_after(db, last).await }))
            .await?;
        Ok(())
    }
}

async fn read<P: Place>(
    place: &P,
    table: &'static Table,
    after: Option<Key>,
    limit: usize,
) -> Result<Page, CopyError> {
    let after = Arc::new(after);
    let read = place.read_long(move |db| {
        let after = Arc::clone(&after);
        Box::pin(async move { page::read(db, table, after.as_ref().as_ref(), limit).await })
    });
    read.await.map_err(|error| CopyError::Read {
        table: table.name,
        place: place.shown().to_owned(),
        error,
    })
}

async fn count<P: Place>(place: &P, table: &'static Table) -> Result<u64, Error> {
    let count = place
        .read_long(move |db| {
            Box::pin(async move { db.find(table.count, &[], column::count).await })
        })
        .await?;
    Ok(count.unwrap_or(0))
}

async fn last_event<P: Place>(place: &P) -> Result<i64, Error> {
    let last = place
        .read_long(|db| Box::pin(async move { db.find(P::LAST_EVENT, &[], column::value).await }))
        .await?;
    Ok(last.unwrap_or(0))
}

async fn rows_of<P: Place>(place: &P) -> Result<u64, Error> {
    let mut rows = 0;
    for table in TABLES {
        rows += count(place, table).await?;
    }
    Ok(rows)
}

/// Whether there is nothing but what every new database has.
async fn is_empty<P: Place>(place: &P) -> Result<bool, Error> {
    for table in TABLES.iter().filter(|table| !table.is_born_with_a_row) {
        if count(place, table).await? > 0 {
            return Ok(false);
        }
    }
    let used =
        place.read_long(|db| Box::pin(async move { db.exists(tables::USED_COUNTERS, &[]).await }));
    Ok(!used.await?)
}

async fn find_mark<P: Place>(place: &P) -> Result<Option<Mark>, Error> {
    place.read_long(|db| Box::pin(async move { mark::find(db).await })).await
}

fn mark(state: State, copy: [u8; 16], place: &str, progress: &Progress) -> Mark {
    Mark { state, copy, place: place.to_owned(), progress: progress.clone() }
}

async fn set<P: Place>(place: &P, mark: Mark) -> Result<(), Error> {
    let mark = Arc::new(mark);
    place
        .transact(move |db| {
            let mark = Arc::clone(&mark);
            Box::pin(async move { mark::put(db, &mark).await })
        })
        .await
}

/// Marks a source as moving, and lets nobody write to it any more.
async fn shut<P: Place>(place: &P, copy: [u8; 16], to: &str) -> Result<(), Error> {
    let mark = Arc::new(mark(State::Moving, copy, to, &Progress::default()));
    place
        .transact(move |db| {
            let mark = Arc::clone(&mark);
            Box::pin(async move {
                mark::put(db, &mark).await?;
                P::shut(db).await
            })
        })
        .await
}

/// Marks an empty target as incoming, and makes it emptier than a new one.
async fn expect<P: Place>(place: &P, copy: [u8; 16], from: &str) -> Result<Progress, Error> {
    let mark = Arc::new(mark(State::Incoming, copy, from, &Progress::default()));
    place
        .transact(move |db| {
            let mark = Arc::clone(&mark);
            Box::pin(async move {
                for sql in tables::FORGET_COUNTERS {
                    db.run(sql, &[]).await?;
                }
                mark::put(db, &mark).await
            })
        })
        .await?;
    Ok(Progress::default())
}

/// Marks a source as moved.
async fn give_up<P: Place>(place: &P, copy: [u8; 16], to: &str) -> Result<(), Error> {
    let mark = Arc::new(mark(State::Moved, copy, to, &Progress::default()));
    place
        .transact(move |db| {
            let mark = Arc::clone(&mark);
            Box::pin(async move {
                P::leave(db).await?;
                mark::put(db, &mark).await
            })
        })
        .await
}

/// Lets servers start on a target. What remains of the mark tells a later run of the same copy that all is done.
async fn open<P: Place>(
    place: &P,
    copy: [u8; 16],
    from: &str,
    progress: &Progress,
) -> Result<(), Error> {
    set(place, mark(State::Arrived, copy, from, progress)).await
}

impl Copied {
    fn earlier(progress: &Progress) -> Self {
        let (rows, bytes) = (progress.rows, progress.bytes);
        Self { before: rows, rows, bytes, tables: Vec::new() }
    }
}

/// Why not everything is in the target. What was copied stays there, for the next run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// The target has something in it that this copy has not put there.
    #[error(
        "{place} is not empty: name a database that has nothing in it yet (of SQLite a file that is not there, of \
         PostgreSQL a database or a schema that no server was started on)"
    )]
    NotEmpty {
        /// Where it is.
        place: String,
    },
    /// The source was given up before.
    #[error(
        "{place} has moved to {to} already: copy from there. If that copy is of no use, `cloakroom db reopen` takes \
         the mark away"
    )]
    AlreadyMoved {
        /// The source.
        place: String,
        /// Where it has moved to.
        to: String,
    },
    /// The source is not complete.
    #[error(
        "{place} is itself a copy of {from} that is not complete: finish that one first, by the same command that \
         began it"
    )]
    SourceIncomplete {
        /// The source.
        place: String,
        /// What it is a copy of.
        from: String,
    },
    /// What is in the target came by another copy, or the source was open since.
    #[error(
        "{place} holds an interrupted copy that cannot be gone on with: it is of another database, or its source was \
         opened again meanwhile. Empty it (of SQLite remove the file, of PostgreSQL drop the schema), and run this \
         again"
    )]
    OtherCopy {
        /// The target.
        place: String,
    },
    /// Both sides were read again, and are not the same.
    #[error(
        "the copy is not like its source: the table {table} has {in_source} rows there and {in_target} here, or some \
         differ. Nothing is served from the copy. Empty the target (of SQLite remove the file, of PostgreSQL drop the \
         schema), and run this again"
    )]
    Differs {
        /// Which table.
        table: &'static str,
        /// Rows of the source.
        in_source: u64,
        /// Rows of the target.
        in_target: u64,
    },
    /// The numbers of events would not go on.
    #[error(
        "the copy is not like its source: events would be numbered otherwise. Nothing is served from the copy. Run this \
         again"
    )]
    EventsDiffer,
    /// A page was not read.
    #[error("the table {table} cannot be read at {place}: run this again, it goes on where it was")]
    Read {
        /// Which.
        table: &'static str,
        /// Where.
        place: String,
        /// What storage says.
        #[source]
        error: Error,
    },
    /// A batch was not written.
    #[error(
        "the table {table} cannot be written at {place}: run this again, it goes on where it was"
    )]
    Write {
        /// Which.
        table: &'static str,
        /// Where.
        place: String,
        /// What storage says.
        #[source]
        error: Error,
    },
    /// Storage failed between tables.
    #[error("the copy was interrupted: run this again, it goes on where it was")]
    Store(#[from] Error),
}

impl CopyError {
    fn refused(refusal: Refusal, source: &impl Place, target: &impl Place) -> Self {
        let (from, to) = (source.shown().to_owned(), target.shown().to_owned());
        match refusal {
            Refusal::NotEmpty => Self::NotEmpty { place: to },
            Refusal::AlreadyMoved { to } => Self::AlreadyMoved { place: from, to },
            Refusal::SourceIncomplete { from: its } => {
                Self::SourceIncomplete { place: from, from: its }
            }
            Refusal::OtherCopy => Self::OtherCopy { place: to },
        }
    }
}

/// Why a database was not opened again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReopenError {
    /// Servers may start on it as it is.
    #[error("servers may start on this database as it is: nothing was moved from it")]
    NotShut,
    /// It has moved, and nobody has said that both may be served.
    #[error(
        "everything has moved to {to}, where people have been signing in and out since. Say --danger-two-places if \
         this database is to be served all the same: what ended there is live again here. To come back with all that \
         happened since, copy from there into an empty database instead"
    )]
    Moved {
        /// Where.
        to: String,
    },
    /// It is a target.
    #[error(
        "the database is a copy of {from} that is not complete: go on with it by `cloakroom db copy`, or empty it (of \
         SQLite remove the file, of PostgreSQL drop the schema)"
    )]
    Incomplete {
        /// What it is a copy of.
        from: String,
    },
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] Error),
}
