//! The mark that a database bears while it is copied, and afterwards.

use cloakroom_store::Error;

use super::page::Key;
use crate::columns::Columns;
use crate::statement::Sql;
use crate::{Db, corrupt, number, values};

/// What a database is to a copy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// A source whose copy is not complete. Nobody writes to it.
    Moving,
    /// A source that was given up.
    Moved,
    /// A target that is not complete.
    Incoming,
    /// A target that is complete, whose source may not have been given up yet.
    Verified,
    /// A target that servers may start on, like on any other database.
    Arrived,
}

impl State {
    const ALL: [Self; 5] =
        [Self::Moving, Self::Moved, Self::Incoming, Self::Verified, Self::Arrived];

    fn word(self) -> &'static str {
        match self {
            Self::Moving => "moving",
            Self::Moved => "moved",
            Self::Incoming => "incoming",
            Self::Verified => "verified",
            Self::Arrived => "arrived",
        }
    }

    fn parse(word: &str) -> Result<Self, Error> {
        let known = Self::ALL.into_iter().find(|state| state.word() == word);
        known.ok_or_else(|| corrupt(format!("a mark says {word}")))
    }
}

/// The one row of a table that a database has only while it is copied, and afterwards.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mark {
    /// What the database is to the copy.
    pub state: State,
    /// Which copy: the same number on both sides.
    pub copy: [u8; 16],
    /// Where the other side is, for people.
    pub place: String,
    /// How far the copy is. Of a target only.
    pub progress: Progress,
}

/// How far a copy is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Progress {
    /// How many tables are complete.
    pub tables: usize,
    /// The last row of the next table that is there.
    pub after: Option<Key>,
    /// Rows in all.
    pub rows: u64,
    /// What they have in bytes.
    pub bytes: u64,
}

/// Why no server starts on a database: it is not the one that holds what is true.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Away {
    /// It is being copied, or was until the copy was interrupted.
    #[error(
        "the database is being moved to {to}: run the same `cloakroom db copy` again, which goes on where it was. \
         `cloakroom db reopen` gives the move up"
    )]
    Moving {
        /// Where to.
        to: String,
    },
    /// It was copied.
    #[error(
        "everything in this database has moved to {to}: set `database` to that, with the same master key. Whoever \
         wants it served here all the same finds in `cloakroom db reopen --help` what that costs"
    )]
    Moved {
        /// Where to.
        to: String,
    },
    /// It is being filled.
    #[error(
        "the database is not complete: it is being filled from {from}. Run the same `cloakroom db copy` again, which \
         goes on where it was"
    )]
    Incoming {
        /// Where from.
        from: String,
    },
}

impl Away {
    /// What a mark that was found says, by the two columns of [`MARK_STATE`].
    pub fn read(state: &str, place: String) -> Result<Option<Self>, Error> {
        Ok(match State::parse(state)? {
            State::Moving => Some(Self::Moving { to: place }),
            State::Moved => Some(Self::Moved { to: place }),
            State::Incoming | State::Verified => Some(Self::Incoming { from: place }),
            State::Arrived => None,
        })
    }
}

/// Whether there is a mark.
pub const MARK_EXISTS: Sql = Sql::of_each(
    "SELECT 1 FROM sqlite_schema WHERE name = 'cloakroom_move'",
    "SELECT 1 WHERE to_regclass('cloakroom_move') IS NOT NULL",
);

/// The two columns by which it is known whether servers may start.
pub const MARK_STATE: Sql = Sql::shared("SELECT state, place FROM cloakroom_move");

const MAKE: Sql = Sql::of_each(
    "CREATE TABLE IF NOT EXISTS cloakroom_move (
        \"only\" INTEGER NOT NULL PRIMARY KEY CHECK (\"only\" = 1),
        state TEXT NOT NULL,
        copy BLOB NOT NULL,
        place TEXT NOT NULL,
        tables_done INTEGER NOT NULL,
        last_key BLOB,
        rows_done INTEGER NOT NULL,
        bytes_done INTEGER NOT NULL
    ) STRICT",
    "CREATE TABLE IF NOT EXISTS cloakroom_move (
        \"only\" BIGINT NOT NULL PRIMARY KEY CHECK (\"only\" = 1),
        state TEXT NOT NULL,
        copy BYTEA NOT NULL,
        place TEXT NOT NULL,
        tables_done BIGINT NOT NULL,
        last_key BYTEA,
        rows_done BIGINT NOT NULL,
        bytes_done BIGINT NOT NULL
    )",
);

const FIND: Sql = Sql::shared(
    "SELECT state, copy, place, tables_done, last_key, rows_done, bytes_done FROM cloakroom_move",
);

const PUT: Sql = Sql::shared(
    "INSERT INTO cloakroom_move (\"only\", state, copy, place, tables_done, last_key, rows_done, bytes_done)
        VALUES (1, $1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (\"only\") DO UPDATE SET state = excluded.state, copy = excluded.copy, place = excluded.place,
            tables_done = excluded.tables_done, last_key = excluded.last_key, rows_done = excluded.rows_done,
            bytes_done = excluded.bytes_done",
);

const ADVANCE: Sql = Sql::shared(
    "UPDATE cloakroom_move SET tables_done = $1, last_key = $2, rows_done = $3, bytes_done = $4
        WHERE state = 'incoming' AND copy = $5",
);

pub(super) const DROP: Sql = Sql::shared("DROP TABLE cloakroom_move");

/// The mark, where there is one.
pub(super) async fn find(db: &impl Db) -> Result<Option<Mark>, Error> {
    if !db.exists(MARK_EXISTS, &[]).await? {
        return Ok(None);
    }
    db.find(FIND, &[], |columns| {
        Ok(Mark {
            state: State::parse(&columns.value::<String>()?)?,
            copy: columns.value()?,
            place: columns.value()?,
            progress: read_progress(columns)?,
        })
    })
    .await
}

/// Marks a database, whatever its mark was.
pub(super) async fn put(db: &impl Db, mark: &Mark) -> Result<(), Error> {
    db.run(MAKE, &[]).await?;
    let progress = &mark.progress;
    let put = values![
        mark.state.word(),
        &mark.copy,
        &mark.place,
        number(progress.tables),
        progress.after.as_ref().map(Key::bytes),
        number(progress.rows),
        number(progress.bytes),
    ];
    db.run(PUT, put).await.map(drop)
}

/// Notes how far a copy is. Refuses where the target is not this copy's any more.
pub(super) async fn advance(
    db: &impl Db,
    copy: [u8; 16],
    progress: &Progress,
) -> Result<(), Error> {
    let advance = values![
        number(progress.tables),
        progress.after.as_ref().map(Key::bytes),
        number(progress.rows),
        number(progress.bytes),
        &copy,
    ];
    match db.run(ADVANCE, advance).await? {
        1 => Ok(()),
        _ => Err(corrupt("the target is not marked for this copy")),
    }
}

fn read_progress(columns: &mut Columns<'_>) -> Result<Progress, Error> {
    Ok(Progress {
        tables: usize::try_from(columns.count()?).map_err(corrupt)?,
        after: columns.value::<Option<Vec<u8>>>()?.map(Key::new),
        rows: columns.count()?,
        bytes: columns.count()?,
    })
}
