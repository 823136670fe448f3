//! How a command ends: the exit codes, and the failures behind them.

use std::{fmt, io, process::ExitCode};

use crate::settings::Problems;

/// The exit codes, for the end of `--help`.
pub(crate) const CODES: &str = "\
Exit codes: 0 done · 1 refused or not found · 2 wrong arguments or settings · 3 unavailable, try again";

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It makes no sense as things are, or there is no such thing: exit code 1.
    Refused(String),
    /// The arguments or the settings are wrong: exit code 2.
    Usage(String),
    /// Something that is needed is not there at the moment: exit code 3.
    Unavailable(String),
    /// Whoever read our output has stopped reading.
    NobodyReads,
}

impl Failure {
    /// The word that JSON output has for it.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Usage(_) => "usage",
            Self::Unavailable(_) => "unavailable",
            Self::NobodyReads => "closed",
        }
    }

    /// The exit code.
    pub(crate) fn exit(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::NobodyReads => 0,
            Self::Refused(_) => 1,
            Self::Usage(_) => 2,
            Self::Unavailable(_) => 3,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) | Self::Usage(why) | Self::Unavailable(why) => f.write_str(why),
            Self::NobodyReads => f.write_str("nobody reads the output"),
        }
    }
}

impl std::error::Error for Failure {}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Usage(problems.to_string())
    }
}

/// Errors while writing the answer; reading and opening say more than this and have their own sentences.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::NobodyReads
        } else {
            Self::Unavailable(format!("cannot write the answer: {error}"))
        }
    }
}
