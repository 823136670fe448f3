//! Why a server is not there, in words that say what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// What the functions of this crate return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Who reads this is looking at a failed test: it names the program, and what the program itself said last.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing was started, for want of a program.
    #[error("{program} is not on this machine (Debian: {package}); `cargo xtask test` fetches it")]
    Missing {
        /// What was looked for.
        program: String,
        /// Debian's package that has it.
        package: &'static str,
    },
    /// It is there, but older than what users are told to have.
    #[error("{} is {found}, and {least} is the oldest that is supported", .path.display())]
    TooOld {
        /// What was found.
        path: PathBuf,
        /// What it says that it is.
        found: String,
        /// The oldest major version that would do.
        least: u32,
    },
    /// It came to an end that nobody asked for.
    #[error("{program} ended with {status}:\n{log}")]
    Ended {
        /// Its name, or the whole command.
        program: String,
        /// Its exit status.
        status: String,
        /// What it said last.
        log: String,
    },
    /// What was waited for did not happen, for much longer than even a busy machine takes.
    #[error("{what}: not within {seconds} s\n{log}")]
    Late {
        /// What was waited for.
        what: String,
        /// How long.
        seconds: u64,
        /// What the server in question said last, where there is one.
        log: String,
    },
    /// This machine, or this user, cannot do it.
    #[error("{0}")]
    Impossible(String),
    /// The system refused.
    #[error("{what}: {source}")]
    Io {
        /// The file, program or act.
        what: String,
        /// What the system said.
        source: io::Error,
    },
}

/// Says what was attempted when the system refuses.
pub(crate) trait Attempt<T> {
    fn attempting(self, what: impl FnOnce() -> String) -> Result<T>;

    fn at(self, path: &Path) -> Result<T>
    where
        Self: Sized,
    {
        self.attempting(|| path.display().to_string())
    }
}

impl<T, E: Into<io::Error>> Attempt<T> for std::result::Result<T, E> {
    fn attempting(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| Error::Io { what: what(), source: error.into() })
    }
}
