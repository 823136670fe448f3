//! A database that is copied from or to: alone, by a lock that every node shares while it serves.

use cloakroom_store::Error;
use cloakroom_store_sql::copy::{Page, TABLES, Table};
use cloakroom_store_sql::{Database, Db as _, Doable, Sql, copy};

use crate::connection::Connection;
use crate::database::Postgres;
use crate::lane::Lane;
use crate::open::{OpenError, Options};
use crate::url::Url;

/// A database that is copied from or to. No node serves while it lives, and none starts.
pub struct Place {
    postgres: Postgres,
    shown: String,
    /// Holds the lock. Where it is lost, the mark still keeps everybody out.
    _alone: Connection,
}

const LAST_EVENT: Sql =
    Sql::shared("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM events_seq_seq");

/// The first one is nobody's yet.
const NUMBER_FROM_THE_BEGINNING: Sql = Sql::shared("SELECT setval('events_seq_seq', 1, false)");
const NUMBER_AFTER: Sql = Sql::shared("SELECT setval('events_seq_seq', $1)");

/// Whoever writes is told why not: nodes behind a `PgBouncer`, which hold no lock, and commands that were at work
/// already. A trigger is made only once every transaction that has written to its table is over.
const SHUT: [Sql; 2] = [
    Sql::shared(
        "CREATE OR REPLACE FUNCTION cloakroom_is_shut() RETURNS trigger LANGUAGE plpgsql AS $shut$
        BEGIN
            RAISE EXCEPTION 'the database is being moved, or has moved: stop this program' USING ERRCODE = 'CR001';
        END $shut$",
    ),
    Sql::shared(
        "DO $shut$
        DECLARE
            it TEXT;
        BEGIN
            FOR it IN
                SELECT relname FROM pg_catalog.pg_class
                WHERE relnamespace = CAST(current_schema() AS regnamespace) AND relkind = 'r'
                    AND relname <> 'cloakroom_move'
                ORDER BY relname
            LOOP
                EXECUTE format(
                    'CREATE OR REPLACE TRIGGER cloakroom_is_shut BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I '
                    'FOR EACH STATEMENT EXECUTE FUNCTION cloakroom_is_shut()', it
                );
            END LOOP;
        END $shut$",
    ),
];

/// A node that cannot read the log answers nothing from memory: it stops answering altogether.
const LEAVE: Sql = Sql::shared("ALTER TABLE IF EXISTS log RENAME TO log_moved");

const OPEN_AGAIN: [Sql; 2] = [
    Sql::shared("ALTER TABLE IF EXISTS log_moved RENAME TO log"),
    Sql::shared("DROP FUNCTION IF EXISTS cloakroom_is_shut() CASCADE"),
];

impl Place {
    /// Opens what is to be copied from: it is there, and at this program's version.
    pub async fn source(url: &Url, options: Options) -> Result<Self, OpenError> {
        Self::alone(url, options, false).await
    }

    /// Opens what is to be copied to; makes the schema where there is none.
    pub async fn target(url: &Url, options: Options) -> Result<Self, OpenError> {
        Self::alone(url, options, true).await
    }

    async fn alone(url: &Url, options: Options, make: bool) -> Result<Self, OpenError> {
        if url.is_pooled() {
            return Err(OpenError::PlaceIsPooled);
        }
        let shown = url.shown();
        let (postgres, alone) = Postgres::alone(url, options, make).await?;
        Ok(Self { postgres, shown, _alone: alone })
    }
}

impl Database for Place {
    type Db = Lane;

    async fn read<T: Send + 'static>(&self, read: impl Doable<Lane, T>) -> Result<T, Error> {
        self.postgres.read(read).await
    }

    async fn read_long<T: Send + 'static>(&self, read: impl Doable<Lane, T>) -> Result<T, Error> {
        self.postgres.read_long(read).await
    }

    async fn read_snapshot<T: Send + 'static>(
        &self,
        read: impl Doable<Lane, T>,
    ) -> Result<T, Error> {
        self.postgres.read_snapshot(read).await
    }

    async fn transact<T: Send + 'static>(&self, work: impl Doable<Lane, T>) -> Result<T, Error> {
        self.postgres.transact(work).await
    }
}

impl copy::Place for Place {
    const LAST_EVENT: Sql = LAST_EVENT;

    fn shown(&self) -> &str {
        &self.shown
    }

    async fn insert(db: &Lane, table: &'static Table, page: &Page) -> Result<(), Error> {
        db.copy_in(table.copy_in, page.bytes()).await
    }

    async fn number_events_after(db: &Lane, last: i64) -> Result<(), Error> {
        if last > 0 {
            db.run(NUMBER_AFTER, &[last.into()]).await.map(drop)
        } else {
            db.run(NUMBER_FROM_THE_BEGINNING, &[]).await.map(drop)
        }
    }

    async fn shut(db: &Lane) -> Result<(), Error> {
        for sql in SHUT {
            db.run(sql, &[]).await?;
        }
        Ok(())
    }

    async fn leave(db: &Lane) -> Result<(), Error> {
        db.run(LEAVE, &[]).await.map(drop)
    }

    async fn open_again(db: &Lane) -> Result<(), Error> {
        for sql in OPEN_AGAIN {
            db.run(sql, &[]).await?;
        }
        Ok(())
    }

    async fn settle(&self) -> Result<(), Error> {
        for table in TABLES {
            self.postgres
                .transact(move |db: &Lane| {
                    Box::pin(async move { db.run(table.analyze, &[]).await.map(drop) })
                })
                .await?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Place").field("shown", &self.shown).finish_non_exhaustive()
    }
}
