//! What one client was told, and so what must be there after any crash.

/// Whether something is known to live.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Life {
    /// Its beginning was acknowledged.
    Lives,
    /// Its end was under way when the server died.
    Unknown,
    /// Its end was acknowledged.
    Ended,
}

pub(crate) struct User {
    pub(crate) email: String,
    pub(crate) password: String,
    /// The password that was on its way when the server died.
    pub(crate) next: Option<String>,
    /// Nothing was asked about this user since something was acknowledged.
    pub(crate) unchecked: bool,
}

/// A session that is carried by a cookie.
pub(crate) struct Session {
    pub(crate) sid: String,
    pub(crate) cookie: String,
    /// Whose it is, by place in the ledger; a guest's is nobody's.
    pub(crate) user: Option<usize>,
    pub(crate) life: Life,
    pub(crate) note: Note,
}

/// What was written into the session's data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Note {
    Nothing,
    Written(u64),
    /// The second was under way when the server died.
    Either(Option<u64>, u64),
}

/// A grant that is carried by tokens.
pub(crate) struct Chain {
    /// The newest refresh token that was handed out.
    pub(crate) refresh_token: String,
    pub(crate) life: Life,
}

#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) users: Vec<User>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) chains: Vec<Chain>,
}

impl Note {
    /// Whether this is what may be read back.
    pub(crate) fn allows(&self, read: Option<u64>) -> bool {
        match self {
            Self::Nothing => read.is_none(),
            Self::Written(number) => read == Some(*number),
            Self::Either(before, after) => read == *before || read == Some(*after),
        }
    }

    pub(crate) fn number(&self) -> Option<u64> {
        match self {
            Self::Written(number) => Some(*number),
            Self::Nothing | Self::Either(..) => None,
        }
    }
}
