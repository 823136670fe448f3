//! Every trait of [`cloakroom_store`], for any database.

use std::ops::Deref;
use std::sync::Arc;

use cloakroom_model::time::Timestamp;
use cloakroom_store::{Act, Error};

use crate::database::{Database, Pending};
use crate::db::Db as _;
use crate::doing::Doing;
use crate::statement::Sql;
use crate::values;

/// Storage in a database `D`. What only that database can do is reached through it.
#[derive(Debug)]
pub struct SqlStore<D>(D);

impl<D> SqlStore<D> {
    /// Storage in this database.
    pub const fn new(database: D) -> Self {
        Self(database)
    }
}

impl<D> Deref for SqlStore<D> {
    type Target = D;

    fn deref(&self) -> &D {
        &self.0
    }
}

/// How acts and reads are asked for: with what they are about, and a function that captures nothing, so that it can be
/// begun again.
impl<D: Database> SqlStore<D> {
    /// Has an act done, with what it leaves in the log and among the events.
    pub(crate) async fn act<A: Send + Sync + 'static, T: Send + 'static>(
        &self,
        act: &Act,
        asked: A,
        done: for<'a> fn(Doing<'a, D::Db>, &'a A) -> Pending<'a, T>,
    ) -> Result<T, Error> {
        let asked = Arc::new((act.clone(), asked));
        self.0
            .transact(move |db| {
                let asked = Arc::clone(&asked);
                Box::pin(async move { done(Doing::new(db, &asked.0), &asked.1).await })
            })
            .await
    }

    /// Has something written that leaves nothing beside itself.
    pub(crate) async fn write<A: Send + Sync + 'static, T: Send + 'static>(
        &self,
        asked: A,
        write: for<'a> fn(&'a D::Db, &'a A) -> Pending<'a, T>,
    ) -> Result<T, Error> {
        let asked = Arc::new(asked);
        self.0
            .transact(move |db| {
                let asked = Arc::clone(&asked);
                Box::pin(async move { write(db, &asked).await })
            })
            .await
    }

    /// Forgets what is over at `now`, as a statement says it.
    pub(crate) async fn forget(&self, ended: Sql, now: Timestamp) -> Result<(), Error> {
        self.write((ended, now), |db, (ended, now)| {
            Box::pin(async move { db.run(*ended, values![now.0]).await.map(drop) })
        })
        .await
    }

    /// Reads a few rows.
    pub(crate) async fn read<K: Clone + Send + Sync + 'static, T: Send + 'static>(
        &self,
        key: K,
        read: for<'a> fn(&'a D::Db, K) -> Pending<'a, T>,
    ) -> Result<T, Error> {
        self.0.read(move |db| read(db, key.clone())).await
    }

    /// Reads what may take long.
    pub(crate) async fn read_long<K: Clone + Send + Sync + 'static, T: Send + 'static>(
        &self,
        key: K,
        read: for<'a> fn(&'a D::Db, K) -> Pending<'a, T>,
    ) -> Result<T, Error> {
        self.0.read_long(move |db| read(db, key.clone())).await
    }

    /// Reads a few rows by several statements as of one moment.
    pub(crate) async fn read_together<K: Clone + Send + Sync + 'static, T: Send + 'static>(
        &self,
        key: K,
        read: for<'a> fn(&'a D::Db, K) -> Pending<'a, T>,
    ) -> Result<T, Error> {
        self.0.read_snapshot(move |db| read(db, key.clone())).await
    }
}
