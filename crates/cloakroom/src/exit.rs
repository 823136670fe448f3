//! How a command ends: the exit codes, and the failures behind them.

use std::{error::Error, fmt, io, process::ExitCode};

use cloakroom_engine::{
    clients::{ClientError, InitialTokenError},
    keys::{KeysError, RotateError},
    links::LinkError,
    password::Unavailable,
    users::UserError,
};
use cloakroom_store_sqlite::{LockError, OpenError};

use crate::settings::Problems;

/// The exit codes, for the end of `--help`.
pub(crate) const CODES: &str = "\
Exit codes: 0 done · 1 refused or not found · 2 wrong arguments or settings · 3 unavailable, try again";

/// What to do about a file that belongs to somebody else.
pub(crate) const AS_WHO: &str = "run this as the user that the server runs as";

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

impl Error for Failure {}

impl From<cloakroom_store::Error> for Failure {
    fn from(error: cloakroom_store::Error) -> Self {
        match error {
            cloakroom_store::Error::Busy => Self::Unavailable(
                "the database is busy: another process has been writing for too long".to_owned(),
            ),
            error => Self::Unavailable(whole(&error)),
        }
    }
}

impl From<KeysError> for Failure {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Store(error) => error.into(),
            error => Self::Refused(whole(&error)),
        }
    }
}

impl From<RotateError> for Failure {
    fn from(error: RotateError) -> Self {
        match error {
            RotateError::Keys(error) => error.into(),
            RotateError::Lost => Self::Unavailable(error.to_string()),
            error => Self::Refused(error.to_string()),
        }
    }
}

impl From<UserError> for Failure {
    fn from(error: UserError) -> Self {
        match error {
            UserError::Store(error) => error.into(),
            UserError::Passwords(error) => error.into(),
            UserError::Stale => Self::Unavailable(error.to_string()),
            error => Self::Refused(error.to_string()),
        }
    }
}

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Store(error) => error.into(),
            LinkError::Passwords(error) => error.into(),
            error => Self::Refused(error.to_string()),
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Store(error) => error.into(),
            ClientError::Keys(error) => error.into(),
            ClientError::Lost => Self::Unavailable(error.to_string()),
            ClientError::Invalid { .. } | ClientError::Registration(_) => {
                Self::Usage(error.to_string())
            }
            error => Self::Refused(error.to_string()),
        }
    }
}

impl From<InitialTokenError> for Failure {
    fn from(error: InitialTokenError) -> Self {
        match error {
            InitialTokenError::Store(error) => error.into(),
            error => Self::Usage(error.to_string()),
        }
    }
}

impl From<Unavailable> for Failure {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Missing { path } => Self::Refused(format!(
                "there is no database at {}: `cloakroom serve` makes it at its first start; where it is elsewhere, \
                 say so with --data-dir or --database",
                path.display()
            )),
            OpenError::Denied { .. } => Self::Refused(format!("{error}: {AS_WHO}")),
            OpenError::Sqlite(_) | OpenError::Io(_) => Self::Unavailable(whole(&error)),
            error => Self::Refused(whole(&error)),
        }
    }
}

impl From<LockError> for Failure {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Held { .. } => Self::Refused(error.to_string()),
            LockError::Failed { ref source, .. }
                if source.kind() == io::ErrorKind::PermissionDenied =>
            {
                Self::Refused(format!("{}: {AS_WHO}", whole(&error)))
            }
            error => Self::Unavailable(whole(&error)),
        }
    }
}

/// An error with everything behind it that it does not say itself.
pub(crate) fn whole(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut behind = error.source();
    while let Some(cause) = behind {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        behind = cause.source();
    }
    text
}

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
