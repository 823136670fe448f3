//! What a database brings: places to read, and transactions.

use std::future::Future;
use std::pin::Pin;

use cloakroom_store::Error;

use crate::db::Db;

/// Something under way in a database.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// What is done with a connection. It may be done again from its beginning, where a transaction had to be given up.
pub trait Doable<D, T>: for<'a> Fn(&'a D) -> Pending<'a, T> + Send + Sync + 'static {}

impl<D, T, F: for<'a> Fn(&'a D) -> Pending<'a, T> + Send + Sync + 'static> Doable<D, T> for F {}

/// A database.
pub trait Database: Send + Sync + 'static {
    /// Its connections.
    type Db: Db;

    /// Reads a few rows. Statements need not be as of one moment.
    fn read<T: Send + 'static>(
        &self,
        read: impl Doable<Self::Db, T>,
    ) -> impl Future<Output = Result<T, Error>> + Send;

    /// Reads what may take long, so that nothing short waits behind it. Statements need not be as of one moment.
    fn read_long<T: Send + 'static>(
        &self,
        read: impl Doable<Self::Db, T>,
    ) -> impl Future<Output = Result<T, Error>> + Send;

    /// Reads several statements as of one moment.
    fn read_snapshot<T: Send + 'static>(
        &self,
        read: impl Doable<Self::Db, T>,
    ) -> impl Future<Output = Result<T, Error>> + Send;

    /// Does all of something or nothing of it. After `Ok` it is on the disk; after `Err` it is not there, unless
    /// storage is [`Error::Unavailable`].
    ///
    /// Where other transactions get in its way (a deadlock; a name that one of them took between the look and the
    /// write, which only a unique index sees), all of it is done again, and then it sees what they did.
    ///
    /// What reads in order to write must lock what it reads, by statements that do so: other transactions may be at
    /// work at the same time. Locks are taken in the order user, session, grant, log.
    fn transact<T: Send + 'static>(
        &self,
        work: impl Doable<Self::Db, T>,
    ) -> impl Future<Output = Result<T, Error>> + Send;

    /// Waits until the database was told that there may be new rows in the revocation log, as
    /// [`cloakroom_store::Revocations::wait_for_rows`] says. One that has nothing to be told by never returns.
    fn wait_for_rows(&self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }
}
