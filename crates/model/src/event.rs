//! Events: what happened, to whom, from where; kept and listable, and never with a secret in it.

use serde::{Deserialize, Serialize};

use crate::id::{ClientId, GrantId, SessionId, UserId};
use crate::time::Timestamp;

/// One thing that happened.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: Kind,
    /// Who did it.
    pub actor: Actor,
    /// The user it happened to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user: Option<UserId>,
    /// The session it happened in or to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub session: Option<SessionId>,
    /// The grant it happened to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub grant: Option<GrantId>,
    /// The client it came by.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub client: Option<ClientId>,
    /// The address it came from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub address: Option<String>,
    /// What else an operator wants to know, in a few words: a reason, a number, a role.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
}

impl Event {
    /// An event of which no more is known.
    #[must_use]
    pub const fn new(at: Timestamp, kind: Kind, actor: Actor) -> Self {
        Self {
            at,
            kind,
            actor,
            user: None,
            session: None,
            grant: None,
            client: None,
            address: None,
            detail: None,
        }
    }
}

/// An event and its number in the list.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Recorded {
    /// Its number; later events have higher ones.
    pub seq: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// Who did it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "id")]
pub enum Actor {
    /// Somebody who has not shown who they are.
    Anybody,
    /// A user.
    User(UserId),
    /// Whoever runs the command line.
    Operator,
    /// The server itself, by its rules.
    Server,
}

/// What happened.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An account was made.
    SignedUp,
    /// A session began.
    SignedIn,
    /// A password did not match, or there is nobody of that name.
    SignInFailed,
    /// An attempt was refused before the password was looked at.
    SignInThrottled,
    /// A session began without a user.
    GuestCame,
    /// A guest's data went to the user who signed in.
    GuestMerged,
    /// A guest's data did not go to the user who signed in: they did not fit and the user's stayed, or they were out of reach.
    GuestNotMerged,
    /// A session ended; the detail says why.
    SessionEnded,
    /// A session's secret was replaced.
    SecretReplaced,
    /// Somebody proved again who they are, and the session's secret was replaced.
    Reauthenticated,
    /// A client got a grant.
    GrantMade,
    /// A grant ended; the detail says why.
    GrantEnded,
    /// A rotated refresh token came again inside the window.
    RefreshReplayed,
    /// A rotated refresh token came again after the window: somebody else has a copy.
    RefreshStolen,
    /// A password was changed by its owner.
    PasswordChanged,
    /// An older hash was replaced by a newer one.
    PasswordUpgraded,
    /// A new password was set by a one-time link.
    PasswordRecovered,
    /// A one-time link was made; the detail says for what.
    LinkMade,
    /// A user's name or address changed.
    ProfileChanged,
    /// A user's roles changed.
    RolesChanged,
    /// A user was kept from signing in.
    UserDisabled,
    /// A user may sign in again.
    UserEnabled,
    /// A user is gone.
    UserDeleted,
    /// A user's count of failures was cleared.
    ThrottleCleared,
    /// A client was registered.
    ClientAdded,
    /// A client was changed.
    ClientChanged,
    /// A client is gone, and its grants with it.
    ClientRemoved,
    /// A right to register clients was made; the detail is its name.
    InitialTokenMade,
    /// A right to register clients was taken back; the detail is its name.
    InitialTokenRemoved,
    /// A client made a stream of signals.
    StreamMade,
    /// A stream of signals was changed, by its client or by the server's rules; the detail is its status.
    StreamChanged,
    /// A stream of signals is gone, and what waited in it.
    StreamRemoved,
    /// A user allowed a client something.
    ConsentGiven,
    /// A user took back what a client was allowed.
    ConsentWithdrawn,
    /// A code came again after it was used: somebody else has a copy.
    CodeReplayed,
    /// A user let a device in.
    DeviceAllowed,
    /// A user turned a device away.
    DeviceDenied,
    /// A signing key was made.
    KeyMade,
    /// A data key was made, and what is new is sealed with it; the detail is its number.
    DataKeyMade,
    /// A signing key signs from now on.
    KeyActivated,
    /// A signing key signs no more.
    KeyRetired,
    /// A signing key is not to be trusted any more.
    KeyCompromised,
    /// The database was restored from a backup.
    Restored,
}

/// Why a session or a grant ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Its owner signed out.
    SignedOut,
    /// Its owner ended it from another session.
    EndedElsewhere,
    /// Another sign-in in the same browser took its place.
    Superseded,
    /// There were more sessions than the limit allows.
    Evicted,
    /// It was not used for too long.
    Idle,
    /// Its time was over.
    Expired,
    /// The password changed.
    PasswordChanged,
    /// The user was disabled.
    UserDisabled,
    /// The user was deleted.
    UserDeleted,
    /// The client was removed.
    ClientRemoved,
    /// A refresh token was used twice.
    Stolen,
    /// The code that it came of was used twice.
    CodeReplayed,
    /// The user took back what the client was allowed.
    ConsentWithdrawn,
    /// An operator ended it.
    Operator,
    /// The session it hung from ended.
    SessionEnded,
    /// The database was restored from a backup.
    Restored,
}

impl Reason {
    /// As it stands in an event's detail.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::EndedElsewhere => "ended_elsewhere",
            Self::Superseded => "superseded",
            Self::Evicted => "evicted",
            Self::Idle => "idle",
            Self::Expired => "expired",
            Self::PasswordChanged => "password_changed",
            Self::UserDisabled => "user_disabled",
            Self::UserDeleted => "user_deleted",
            Self::ClientRemoved => "client_removed",
            Self::Stolen => "stolen",
            Self::CodeReplayed => "code_replayed",
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::Operator => "operator",
            Self::SessionEnded => "session_ended",
            Self::Restored => "restored",
        }
    }
}
