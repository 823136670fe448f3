//! What was asked and what was answered: by whom, where and when, on one clock.
//!
//! Things are called by their public names: a session by its `sid`, a user by the email, a document by its owner and
//! its namespace. No secret is in a history, so it can be printed.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::stopwatch::Stopwatch;

/// Time since the load began.
pub(crate) type Moment = Duration;
pub(crate) type Name = Arc<str>;

#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) client: usize,
    /// Where it was asked: a node, or a balancer in front of all of them.
    pub(crate) door: Name,
    pub(crate) from: Moment,
    /// When the answer was there, or was no longer awaited.
    pub(crate) until: Moment,
    pub(crate) act: Act,
    pub(crate) outcome: Outcome,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    Acknowledged,
    /// It was not done, by the answer's own word.
    Refused(Name),
    /// No answer came, or one that leaves it open: it may have been done, or be done yet.
    Unknown,
    /// Nobody was there to be asked.
    Unsent,
}

/// What was asked, with what an acknowledgement told.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    SignUp {
        user: Name,
        begins: Option<Name>,
    },
    SignIn {
        user: Name,
        /// The session that the browser had until then, which ends and hands its data on.
        instead_of: Option<Name>,
        begins: Option<Name>,
    },
    BeginGuest {
        begins: Option<Name>,
    },
    /// Who is there? An acknowledgement says that the session lives.
    Check {
        session: Name,
        carrier: Carrier,
    },
    SignOut {
        session: Name,
    },
    SignOutEverywhere {
        by: Name,
        user: Name,
    },
    /// By its public name: from another device, or by an administrator.
    EndDevice {
        session: Name,
    },
    Refresh {
        session: Name,
        /// When this very token was presented for the first time, which may be now.
        first_presented: Moment,
    },
    /// A code or a link, which is good for one use; `by` is the session that it was made from.
    Redeem {
        what: Name,
        by: Name,
    },
    Read {
        document: Document,
        by: Name,
        saw: Option<State>,
    },
    /// Adds a key, which nobody else writes, to a document.
    Write {
        document: Document,
        by: Name,
        key: Name,
        onto: Onto,
        saw: Option<State>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Carrier {
    Cookie,
    Token,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Document {
    pub(crate) owner: Owner,
    pub(crate) namespace: Name,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Owner {
    User(Name),
    /// A guest's session.
    Guest(Name),
}

/// Which version a write is made from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Onto {
    /// Whatever is there: a merge.
    Latest,
    /// None may be there.
    Nothing,
    /// This one, with all of its keys put back.
    Version(State),
}

/// A document as it was seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct State {
    /// The `ETag`; none where there is no document.
    pub(crate) version: Option<Name>,
    pub(crate) keys: Arc<BTreeSet<Name>>,
    /// What stood there more than once.
    pub(crate) twice: Vec<Name>,
}

/// Writes down what one client asks.
pub(crate) struct Recorder {
    watch: Arc<Stopwatch>,
    client: usize,
    operations: Vec<Operation>,
}

impl Recorder {
    pub(crate) fn new(watch: Arc<Stopwatch>, client: usize) -> Self {
        Self { watch, client, operations: Vec::new() }
    }

    pub(crate) fn now(&self) -> Moment {
        self.watch.elapsed()
    }

    pub(crate) fn record(
        &mut self,
        door: Name,
        (from, until): (Moment, Moment),
        act: Act,
        outcome: Outcome,
    ) {
        let client = self.client;
        self.operations.push(Operation { client, door, from, until, act, outcome });
    }

    /// What was written down since it was taken last.
    pub(crate) fn take(&mut self) -> Vec<Operation> {
        std::mem::take(&mut self.operations)
    }
}

impl Outcome {
    /// Whether it may have been done.
    pub(crate) fn may_be_done(&self) -> bool {
        matches!(self, Self::Acknowledged | Self::Unknown)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client, door, from, until, act, outcome } = self;
        let (from, until) = (from.as_secs_f64(), until.as_secs_f64());
        write!(f, "{from:9.3} to {until:9.3}  client {client:<3} {door:<8} {act}: {outcome}")
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Acknowledged => f.write_str("acknowledged"),
            Self::Refused(why) => write!(f, "refused ({why})"),
            Self::Unknown => f.write_str("unknown"),
            Self::Unsent => f.write_str("nobody there"),
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let begun = |begins: &Option<Name>| {
            begins.as_ref().map_or_else(String::new, |sid| format!(", session {sid}"))
        };
        match self {
            Self::SignUp { user, begins } => write!(f, "sign-up of {user}{}", begun(begins)),
            Self::SignIn { user, instead_of: None, begins } => {
                write!(f, "sign-in of {user}{}", begun(begins))
            }
            Self::SignIn { user, instead_of: Some(earlier), begins } => {
                write!(f, "sign-in of {user} instead of {earlier}{}", begun(begins))
            }
            Self::BeginGuest { begins } => write!(f, "guest{}", begun(begins)),
            Self::Check { session, carrier } => {
                let carrier = match carrier {
                    Carrier::Cookie => "cookie",
                    Carrier::Token => "token",
                };
                write!(f, "check of {session} by {carrier}")
            }
            Self::SignOut { session } => write!(f, "sign-out of {session}"),
            Self::SignOutEverywhere { by, user } => {
                write!(f, "sign-out of {user} everywhere, by {by}")
            }
            Self::EndDevice { session } => write!(f, "end of device {session}"),
            Self::Refresh { session, first_presented } => {
                let first = first_presented.as_secs_f64();
                write!(f, "refresh of {session} (token first presented at {first:.3})")
            }
            Self::Redeem { what, by } => write!(f, "redemption of {what}, made from {by}"),
            Self::Read { document, by, saw } => {
                write!(f, "read of {document} by {by}{}", seen(saw.as_ref()))
            }
            Self::Write { document, by, key, onto, saw } => {
                let onto = match onto {
                    Onto::Latest => "the latest version".to_owned(),
                    Onto::Nothing => "nothing".to_owned(),
                    Onto::Version(state) => {
                        format!("version {}", state.version.as_deref().unwrap_or("none"))
                    }
                };
                let seen = seen(saw.as_ref());
                write!(f, "write of {key} to {document} onto {onto} by {by}{seen}")
            }
        }
    }
}

fn seen(saw: Option<&State>) -> String {
    saw.map_or_else(String::new, |state| {
        let version = state.version.as_deref().unwrap_or("none");
        format!(", now version {version} with {} keys", state.keys.len())
    })
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.owner {
            Owner::User(user) => write!(f, "{} of {user}", self.namespace),
            Owner::Guest(sid) => write!(f, "{} of guest {sid}", self.namespace),
        }
    }
}
