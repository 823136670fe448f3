//! Storage in PostgreSQL: any number of nodes over one database.
//!
//! Statements and acts are `store-sql`'s. Here is what they run over: a few connections that all reads share
//! (`readers`), a bounded pool for transactions (`pool`, `database`), one connection that listens for news of the log
//! (`listen`), and the steps of the schema (`migrate`).
//!
//! Every wait has an end: for a connection, for a place to have one, for a lock, for a statement, and for an answer that
//! never comes. What was not done because of others, or because a connection broke before the commit, is done again;
//! where the answer to a commit is lost, the caller is told that nobody knows ([`cloakroom_store::Error::Unavailable`]).
//!
//! Leaves out every decision, and every clock but the database's own.

mod connect;
mod connection;
mod database;
mod failure;
mod lane;
mod listen;
mod look;
mod migrate;
mod open;
mod place;
mod pool;
mod readers;
mod serving;
mod tls;
mod url;
mod values;

pub use connect::ConnectError;
pub use database::Postgres;
pub use lane::Lane;
pub use look::Look;
pub use open::{OpenError, Options};
pub use place::Place;
pub use tls::TlsError;
pub use url::{Url, UrlError};

/// Storage in PostgreSQL.
pub type PostgresStore = cloakroom_store_sql::SqlStore<Postgres>;
