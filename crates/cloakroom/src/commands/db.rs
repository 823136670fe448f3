//! `cloakroom db`: whole databases, and which of two holds what is true.

mod copy;
mod place;
mod reopen;

use cloakroom_store_sql::copy::{CopyError, ReopenError};
use tokio::runtime;

use crate::{
    arguments::DbCommand,
    exit::{Failure, whole},
    output::Output,
    settings::Given,
};

/// Runs one of the commands below `db`.
pub(super) fn run(command: &DbCommand, given: &Given, output: &Output) -> Result<(), Failure> {
    match command {
        DbCommand::Copy(what) => copy::run(what, given, output),
        DbCommand::Reopen(how) => reopen::run(how, given, output),
    }
}

/// Runs one thing to its end, with a thread for each side.
fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::Unavailable(format!("the system gives no threads: {error}")))?
        .block_on(future)
}

impl From<CopyError> for Failure {
    fn from(error: CopyError) -> Self {
        let text = whole(&error);
        match error {
            CopyError::Read { .. }
            | CopyError::Write { .. }
            | CopyError::Store(_)
            | CopyError::EventsDiffer => Self::Unavailable(text),
            _ => Self::Refused(text),
        }
    }
}

impl From<ReopenError> for Failure {
    fn from(error: ReopenError) -> Self {
        match error {
            ReopenError::Store(error) => error.into(),
            error => Self::Refused(error.to_string()),
        }
    }
}
