//! What a failure of the driver means: to the caller, and to whoever could try again.

use std::error::Error as _;
use std::fmt::Write as _;

use cloakroom_store::Error;
use tokio_postgres::error::SqlState;

/// What became of a statement that failed, and of the transaction around it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Trouble {
    /// Others were at work on the same rows. Nothing was done, and the work may be done again from its beginning.
    Contended,
    /// The connection is gone, or its server takes no more writes. Before a commit nothing was done.
    Lost,
    /// No answer came. The connection is given up.
    Silent,
    /// The server ended it, because it took longer than a statement may.
    TooLong,
    /// The same again would fail again.
    Lasting,
}

/// A failure in words that hold no value of any row.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Failure(pub(crate) String);

impl Failure {
    pub(crate) fn unavailable(why: impl Into<String>) -> Error {
        Error::Unavailable(Box::new(Self(why.into())))
    }
}

/// Nothing was heard for longer than an answer may take.
pub(crate) fn silent() -> Error {
    Failure::unavailable("the database does not answer")
}

/// What the driver's error means.
pub(crate) fn read(error: &tokio_postgres::Error) -> (Trouble, Error) {
    let words = words(error);
    let Some(code) = error.code() else {
        // Not from the server: the connection broke, or what it said cannot be read.
        return if is_of_the_connection(error) {
            (Trouble::Lost, Failure::unavailable(words))
        } else {
            (Trouble::Lasting, Error::Corrupt(words))
        };
    };
    if is_contention(code) {
        return (Trouble::Contended, Error::Busy);
    }
    if *code == SqlState::LOCK_NOT_AVAILABLE {
        return (Trouble::Lasting, Error::Busy);
    }
    if *code == SqlState::QUERY_CANCELED {
        return (Trouble::TooLong, Error::Busy);
    }
    if is_loss(code) {
        return (Trouble::Lost, Failure::unavailable(words));
    }
    match code.code().get(..2) {
        // What a statement says or stores cannot be so.
        Some("0A" | "21" | "22" | "23" | "42") => (Trouble::Lasting, Error::Corrupt(words)),
        _ => (Trouble::Lasting, Failure::unavailable(words)),
    }
}

/// Whether the work may succeed when it sees what others did meanwhile. Two who insert the same thing, or hang
/// something from what goes away, have both looked before either wrote.
fn is_contention(code: &SqlState) -> bool {
    *code == SqlState::T_R_DEADLOCK_DETECTED
        || *code == SqlState::T_R_SERIALIZATION_FAILURE
        || *code == SqlState::UNIQUE_VIOLATION
        || *code == SqlState::FOREIGN_KEY_VIOLATION
}

/// Whether this connection is of no use any more: its server stops, starts, or became a replica.
fn is_loss(code: &SqlState) -> bool {
    *code == SqlState::READ_ONLY_SQL_TRANSACTION
        || *code == SqlState::ADMIN_SHUTDOWN
        || *code == SqlState::CRASH_SHUTDOWN
        || *code == SqlState::CANNOT_CONNECT_NOW
        || *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
        || matches!(code.code().get(..2), Some("08"))
        // `idle_session_timeout`, which has no name in the driver.
        || code.code() == "57P05"
}

fn is_of_the_connection(error: &tokio_postgres::Error) -> bool {
    let mut cause = error.source();
    while let Some(it) = cause {
        if it.is::<std::io::Error>() {
            return true;
        }
        cause = it.source();
    }
    error.is_closed()
}

/// What is wrong, without the server's details, which quote values.
pub(crate) fn words(error: &tokio_postgres::Error) -> String {
    if let Some(server) = error.as_db_error() {
        return format!("{} (SQLSTATE {})", server.message(), server.code().code());
    }
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(it) = cause {
        let it_says = it.to_string();
        // Some say what their cause says.
        if !words.contains(&it_says) {
            let _ = write!(words, ": {it_says}");
        }
        cause = it.source();
    }
    words
}
