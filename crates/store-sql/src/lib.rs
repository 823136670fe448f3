//! What storage in an SQL database does, whichever database it is: the statements, the acts made of them, and the
//! few things that each database brings itself ([`Database`] and [`Db`]).
//!
//! An act is written once. SQLite runs it on the thread of its one writer, where nothing ever waits; PostgreSQL runs
//! it over a connection, where every statement does.
//!
//! Leaves out every decision (they are in `cloakroom-model`), every clock, and every driver.

mod columns;
mod database;
mod db;
mod statement;
mod value;

pub use columns::{Columns, FromColumn, Row, column};
pub use database::{Database, Doable, Pending};
pub use db::{Db, EachRow};
pub use statement::Sql;
pub use value::{Value, corrupt, json, milliseconds, number};
