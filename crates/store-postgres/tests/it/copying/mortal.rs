//! A place that dies, and one that loses something.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use cloakroom_store::Error;
use cloakroom_store_sql::copy::{Page, Place, Table};
use cloakroom_store_sql::{Database, Db as _, Doable, Sql};

/// How many commits there are before both sides die at once.
pub(super) struct Life(AtomicI64);

impl Life {
    pub(super) fn of(commits: i64) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(commits)))
    }

    pub(super) fn is_over(&self) -> bool {
        self.0.load(Ordering::SeqCst) < 0
    }

    fn commits(&self) -> bool {
        self.0.fetch_sub(1, Ordering::SeqCst) > 0
    }
}

/// A place whose transactions are undone, once its life is over, after all that they do and before their commit.
pub(super) struct Mortal<P> {
    place: P,
    life: Arc<Life>,
}

impl<P> Mortal<P> {
    pub(super) fn new(place: P, life: &Arc<Life>) -> Self {
        Self { place, life: Arc::clone(life) }
    }
}

impl<P: Place> Database for Mortal<P> {
    type Db = P::Db;

    async fn read<T: Send + 'static>(&self, read: impl Doable<P::Db, T>) -> Result<T, Error> {
        self.place.read(read).await
    }

    async fn read_long<T: Send + 'static>(&self, read: impl Doable<P::Db, T>) -> Result<T, Error> {
        self.place.read_long(read).await
    }

    async fn read_snapshot<T: Send + 'static>(
        &self,
        read: impl Doable<P::Db, T>,
    ) -> Result<T, Error> {
        self.place.read_snapshot(read).await
    }

    async fn transact<T: Send + 'static>(&self, work: impl Doable<P::Db, T>) -> Result<T, Error> {
        let work = Arc::new(work);
        let commits = self.life.commits();
        self.place
            .transact(move |db| {
                let work = Arc::clone(&work);
                Box::pin(async move {
                    let done = work(db).await?;
                    if commits { Ok(done) } else { Err(Error::Corrupt("it died".to_owned())) }
                })
            })
            .await
    }
}

impl<P: Place> Place for Mortal<P> {
    const LAST_EVENT: Sql = P::LAST_EVENT;

    fn shown(&self) -> &str {
        self.place.shown()
    }

    async fn insert(db: &P::Db, table: &'static Table, page: &Page) -> Result<(), Error> {
        P::insert(db, table, page).await
    }

    async fn number_events_after(db: &P::Db, last: i64) -> Result<(), Error> {
        P::number_events_after(db, last).await
    }

    async fn shut(db: &P::Db) -> Result<(), Error> {
        P::shut(db).await
    }

    async fn leave(db: &P::Db) -> Result<(), Error> {
        P::leave(db).await
    }

    async fn open_again(db: &P::Db) -> Result<(), Error> {
        P::open_again(db).await
    }

    async fn settle(&self) -> Result<(), Error> {
        self.place.settle().await
    }
}

/// A place that has lost a row by the time that it is compared.
pub(super) struct Tampered<P>(pub(super) P);

impl<P: Place> Database for Tampered<P> {
    type Db = P::Db;

    async fn read<T: Send + 'static>(&self, read: impl Doable<P::Db, T>) -> Result<T, Error> {
        self.0.read(read).await
    }

    async fn read_long<T: Send + 'static>(&self, read: impl Doable<P::Db, T>) -> Result<T, Error> {
        self.0.read_long(read).await
    }

    async fn read_snapshot<T: Send + 'static>(
        &self,
        read: impl Doable<P::Db, T>,
    ) -> Result<T, Error> {
        self.0.read_snapshot(read).await
    }

    async fn transact<T: Send + 'static>(&self, work: impl Doable<P::Db, T>) -> Result<T, Error> {
        self.0.transact(work).await
    }
}

impl<P: Place> Place for Tampered<P> {
    const LAST_EVENT: Sql = P::LAST_EVENT;

    fn shown(&self) -> &str {
        self.0.shown()
    }

    async fn insert(db: &P::Db, table: &'static Table, page: &Page) -> Result<(), Error> {
        P::insert(db, table, page).await
    }

    async fn number_events_after(db: &P::Db, last: i64) -> Result<(), Error> {
        P::number_events_after(db, last).await
    }

    async fn shut(db: &P::Db) -> Result<(), Error> {
        P::shut(db).await
    }

    async fn leave(db: &P::Db) -> Result<(), Error> {
        P::leave(db).await
    }

    async fn open_again(db: &P::Db) -> Result<(), Error> {
        P::open_again(db).await
    }

    async fn settle(&self) -> Result<(), Error> {
        const LOSE: Sql = Sql::shared(
            "DELETE FROM marks WHERE mark = (SELECT mark FROM marks ORDER BY mark LIMIT 1)",
        );
        self.0.transact(|db| Box::pin(async move { db.run(LOSE, &[]).await.map(drop) })).await
    }
}
