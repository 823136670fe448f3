//! What storage in an SQL database does, whichever database it is: the statements, the acts made of them, and the
//! few things that each database brings itself ([`Database`] and [`Db`]).
//!
//! An act is written once, and [`SqlStore`] makes the traits of [`cloakroom_store`] of all of them. SQLite runs an act on
//! the thread of its one writer, where nothing ever waits; PostgreSQL runs it over a connection, where every statement
//! does.
//!
//! # Locks
//!
//! SQLite's acts follow each other. PostgreSQL runs them at once, each statement as of its own beginning (`READ
//! COMMITTED`), so an act locks what it decides by before it reads what it decides on:
//!
//! - **Whatever makes something lasting** of a user, a session, a guest or a client locks each of them first, so that it
//!   stays until the act is over: the user `FOR SHARE` (whether they are active and their generation), the others
//!   `FOR KEY SHARE` (that they are there). Whoever ends one deletes its row first, or changes the user's; that waits,
//!   and the statements after it find what was made. So an end wins over everything it races.
//! - **Whatever counts or widens** what somebody has locks them `FOR NO KEY UPDATE`: a sign-in its user (sessions under
//!   a limit, the generation), a write of data its owner (the sum of bytes, the first version), a consent its user.
//! - **What may happen once** is locked `FOR UPDATE` where it is looked at before it is spent (codes, requests of devices,
//!   initial access tokens, keys), or is spent by one statement that says what it expects (pushed requests, marks, chains
//!   of refresh tokens). Links are spent under their user's or session's lock; those for the set-up under a lock of
//!   their table, since none of them has a parent.
//! - **The last administrator**: two administrators are locked before anybody else is, always in the order of their ids.
//! - **Names** are free when they were looked up and taken by the insertion (`ON CONFLICT DO NOTHING`); where an
//!   update meets the unique index, the database does the transaction again.
//! - **Sweeps and claims** pass over what is locked (`SKIP LOCKED`), so that nodes share the work.
//! - **Streams of signals** are made and removed under the log's counter, and what waits in them is put there under it: an act
//!   is before a stream or after it. What waits is locked by nobody who takes the counter afterwards.
//! - **Everybody's end** locks the tables.
//!
//! The order is: administrators, user, session or guest (the one that goes on before those that give way), client,
//! then what hangs from them, and the log's counter last of all. Rows of one kind are locked in the order of their ids.
//! What is found by something else than its parent (a code, a request of a device, a grant) is read once without a lock
//! to know the parents, and again under a lock after theirs. Where two transactions come to wait for each other all the
//! same, the database ends one, which is done again.
//!
//! What PostgreSQL's schema must keep: whole numbers are `BIGINT`, ids and digests `BYTEA`, everything else `TEXT`, in
//! a database whose collation is `C`: lists go on from a text, and prefixes are looked for, by the order of bytes.
//!
//! Leaves out every decision (they are in `cloakroom-model`), every clock, and every driver.

mod begin;
mod clients;
mod codes;
mod columns;
mod consents;
pub mod copy;
mod data;
mod database;
mod db;
mod device_requests;
mod doing;
mod elsewhere;
mod endings;
mod events;
mod grants;
mod guests;
mod initial_tokens;
mod keys;
mod links;
mod marks;
mod pushed_requests;
mod relying_parties;
mod renew;
mod revocations;
pub mod rows;
mod secrets;
mod sessions;
pub mod sql;
mod statement;
mod statuses;
mod store;
mod streams;
mod sweep;
mod throttles;
mod users;
mod value;

pub use columns::{Columns, FromColumn, Row, column};
pub use database::{Database, Doable, Pending};
pub use db::{Db, EachRow};
pub use renew::renew;
pub use statement::Sql;
pub use store::SqlStore;
pub use value::{Value, corrupt, json, milliseconds, number};
