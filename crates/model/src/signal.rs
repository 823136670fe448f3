//! What the receivers of streams are told: of users, and of their stream itself.

use serde::{Deserialize, Serialize};

use crate::event::{Actor, Event, Kind, Reason};
use crate::id::{SessionId, UserId};
use crate::stream::Status;
use crate::time::Timestamp;
use crate::user::Email;

/// Something that a receiver is told.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Signal {
    /// Something happened to a user.
    User(UserSignal),
    /// The stream works, as its receiver asked to be shown.
    Verification {
        /// What the receiver sent with its question.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        state: Option<String>,
    },
    /// The stream's status was changed by the server.
    StreamUpdated {
        /// What it is now.
        status: Status,
        /// Why.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<String>,
    },
}

/// Something that happened to a user.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct UserSignal {
    /// What happened.
    pub about: About,
    /// To whom.
    pub user: UserId,
    /// The session that ended, where one did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub session: Option<SessionId>,
    /// Who or what brought it about.
    pub by: Initiator,
    /// Why, as it stands in events.
    pub why: String,
    /// The address that was given up and the one in its place, where an identifier changed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub renamed: Option<Renamed>,
}

/// One email address in the place of another.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Renamed {
    /// The one that was given up.
    pub was: Email,
    /// The one since then.
    pub is: Email,
}

/// What can happen to a user that receivers may want to know.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// A session ended.
    SessionRevoked,
    /// A password was changed.
    CredentialChange,
    /// A user is kept from signing in.
    AccountDisabled,
    /// A user may sign in again.
    AccountEnabled,
    /// A user is gone.
    AccountPurged,
    /// A user's email address is another one.
    IdentifierChanged,
}

impl About {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::SessionRevoked,
        Self::CredentialChange,
        Self::AccountDisabled,
        Self::AccountEnabled,
        Self::AccountPurged,
        Self::IdentifierChanged,
    ];

    /// Its place in a [`Wanted`]. Storage keeps it: none is ever given to another.
    const fn bit(self) -> u32 {
        match self {
            Self::SessionRevoked => 1,
            Self::CredentialChange => 1 << 1,
            Self::AccountDisabled => 1 << 2,
            Self::AccountEnabled => 1 << 3,
            Self::AccountPurged => 1 << 4,
            Self::IdentifierChanged => 1 << 5,
        }
    }
}

/// A set of what can happen.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Wanted(pub u32);

impl Wanted {
    /// Whether it is among them.
    #[must_use]
    pub const fn has(self, about: About) -> bool {
        self.0 & about.bit() != 0
    }
}

impl FromIterator<About> for Wanted {
    fn from_iter<I: IntoIterator<Item = About>>(all: I) -> Self {
        Self(all.into_iter().fold(0, |bits, about| bits | about.bit()))
    }
}

impl From<About> for Wanted {
    fn from(about: About) -> Self {
        Self(about.bit())
    }
}

/// Who or what brought something about (CAEP 1.0 §2).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Initiator {
    /// The user.
    User,
    /// An operator or an administrator.
    Admin,
    /// A rule.
    Policy,
    /// The server itself.
    System,
}

impl UserSignal {
    /// What an event tells, where it is of the kinds that receivers are told. That a guest went, nobody is told: a guest is
    /// nobody that another service knows.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        let about = match event.kind {
            Kind::SessionEnded => About::SessionRevoked,
            Kind::PasswordChanged | Kind::PasswordRecovered => About::CredentialChange,
            Kind::UserDisabled => About::AccountDisabled,
            Kind::UserEnabled => About::AccountEnabled,
            Kind::UserDeleted => About::AccountPurged,
            _ => return None,
        };
        let why = match (about, &event.detail) {
            (About::SessionRevoked, Some(reason)) => reason.clone(),
            (About::SessionRevoked, None) => "session_ended".to_owned(),
            (About::CredentialChange, _) if event.kind == Kind::PasswordRecovered => {
                "password_recovered".to_owned()
            }
            (About::CredentialChange, _) => Reason::PasswordChanged.as_str().to_owned(),
            (About::AccountDisabled, _) => Reason::UserDisabled.as_str().to_owned(),
            (About::AccountPurged, _) => Reason::UserDeleted.as_str().to_owned(),
            (About::AccountEnabled, _) => "user_enabled".to_owned(),
            (About::IdentifierChanged, _) => "profile_changed".to_owned(),
        };
        let session = (about == About::SessionRevoked).then_some(event.session).flatten();
        if about == About::SessionRevoked && session.is_none() {
            return None;
        }
        let user = event.user?;
        Some(Self { about, user, session, by: initiator(event, user, &why), why, renamed: None })
    }

    /// That a user's address was changed, by an act that this event tells of.
    #[must_use]
    pub fn renamed(event: &Event, user: UserId, was: &Email, is: &Email) -> Option<Self> {
        (was != is).then(|| {
            let why = "profile_changed".to_owned();
            Self {
                about: About::IdentifierChanged,
                user,
                session: None,
                by: initiator(event, user, &why),
                why,
                renamed: Some(Renamed { was: was.clone(), is: is.clone() }),
            }
        })
    }
}

fn initiator(event: &Event, user: UserId, why: &str) -> Initiator {
    let by_rule = [
        Reason::Superseded,
        Reason::Evicted,
        Reason::Idle,
        Reason::Expired,
        Reason::Stolen,
        Reason::CodeReplayed,
    ];
    if by_rule.iter().any(|reason| reason.as_str() == why) {
        return Initiator::Policy;
    }
    match event.actor {
        Actor::User(actor) if actor == user => Initiator::User,
        // Whoever uses a link that was sent to the user.
        Actor::Anybody => Initiator::User,
        Actor::User(_) | Actor::Operator => Initiator::Admin,
        Actor::Server => Initiator::System,
    }
}

/// Where a signal stands in its stream: later ones have higher numbers. Never given twice in one stream.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
pub struct SignalNumber {
    /// The number in the revocation log of what it came with.
    pub seq: u64,
    /// Its place among those that came with the same.
    pub part: u32,
    /// The random mark of what it came with.
    pub nonce: u64,
}

impl SignalNumber {
    /// The [`part`](Self::part) of what came with no act: it follows every signal of its number.
    pub const BESIDES: u32 = u32::MAX;
}

impl std::fmt::Display for SignalNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{:016x}", self.seq, self.part, self.nonce)
    }
}

/// The text names no signal.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected the number of a signal")]
pub struct NotANumber;

impl std::str::FromStr for SignalNumber {
    type Err = NotANumber;

    /// Reads what is written, and no other spelling of it.
    fn from_str(text: &str) -> Result<Self, NotANumber> {
        let mut parts = text.split('.');
        let mut next = || parts.next().ok_or(NotANumber);
        let (seq, part, nonce) = (next()?, next()?, next()?);
        let number = Self {
            seq: seq.parse().map_err(|_| NotANumber)?,
            part: part.parse().map_err(|_| NotANumber)?,
            nonce: u64::from_str_radix(nonce, 16).map_err(|_| NotANumber)?,
        };
        if number.to_string() == text { Ok(number) } else { Err(NotANumber) }
    }
}

/// A signal that waits in a stream.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Waiting {
    /// Where it stands.
    pub number: SignalNumber,
    /// When it happened.
    pub at: Timestamp,
    /// What its receiver is told.
    pub signal: Signal,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(n: u8) -> UserId {
        UserId::new(Timestamp(1), [n; 10])
    }

    fn ended(actor: Actor, reason: Reason) -> Event {
        Event {
            user: Some(user(1)),
            session: Some(SessionId::new(Timestamp(1), [7; 10])),
            detail: Some(reason.as_str().to_owned()),
            ..Event::new(Timestamp(5), Kind::SessionEnded, actor)
        }
    }

    #[test]
    fn what_ends_a_users_session_says_who_brought_it_about() {
        for (actor, reason, by) in [
            (Actor::User(user(1)), Reason::SignedOut, Initiator::User),
            (Actor::User(user(2)), Reason::Operator, Initiator::Admin),
            (Actor::Operator, Reason::UserDisabled, Initiator::Admin),
            (Actor::Server, Reason::Idle, Initiator::Policy),
            (Actor::User(user(1)), Reason::Superseded, Initiator::Policy),
            (Actor::Anybody, Reason::PasswordChanged, Initiator::User),
            (Actor::Server, Reason::Restored, Initiator::System),
        ] {
            let signal = UserSignal::of(&ended(actor, reason)).unwrap();
            assert_eq!((signal.about, signal.by), (About::SessionRevoked, by), "{reason:?}");
            assert_eq!(signal.why, reason.as_str());
            assert_eq!(signal.session, ended(actor, reason).session);
        }
    }

    #[test]
    fn nobody_is_told_of_guests_or_of_what_is_no_signal() {
        let of_guest = Event { user: None, ..ended(Actor::Anybody, Reason::SignedOut) };
        assert_eq!(UserSignal::of(&of_guest), None);
        for kind in [Kind::SignedIn, Kind::GrantEnded, Kind::PasswordUpgraded, Kind::ProfileChanged]
        {
            let other =
                Event { user: Some(user(1)), ..Event::new(Timestamp(5), kind, Actor::Server) };
            assert_eq!(UserSignal::of(&other), None, "{kind:?}");
        }
    }

    #[test]
    fn of_accounts_is_told_what_became_of_them() {
        for (kind, about) in [
            (Kind::PasswordChanged, About::CredentialChange),
            (Kind::PasswordRecovered, About::CredentialChange),
            (Kind::UserDisabled, About::AccountDisabled),
            (Kind::UserEnabled, About::AccountEnabled),
            (Kind::UserDeleted, About::AccountPurged),
        ] {
            let event = Event {
                user: Some(user(1)),
                session: Some(SessionId::new(Timestamp(1), [7; 10])),
                ..Event::new(Timestamp(5), kind, Actor::User(user(1)))
            };
            let signal = UserSignal::of(&event).unwrap();
            assert_eq!((signal.about, signal.session), (about, None));
            assert!(!signal.why.is_empty());
        }
    }

    #[test]
    fn only_another_address_is_a_change_of_identifier() {
        let event = Event::new(Timestamp(5), Kind::ProfileChanged, Actor::User(user(1)));
        let [one, other] =
            ["ada@example.com", "ada@example.net"].map(|it| Email::parse(it).unwrap());
        assert_eq!(UserSignal::renamed(&event, user(1), &one, &one), None);
        let signal = UserSignal::renamed(&event, user(1), &one, &other).unwrap();
        assert_eq!(signal.renamed, Some(Renamed { was: one, is: other }));
    }

    #[test]
    fn a_number_has_one_spelling() {
        let number = SignalNumber { seq: 12, part: 3, nonce: 0xab };
        assert_eq!(number.to_string(), "12.3.00000000000000ab");
        assert_eq!("12.3.00000000000000ab".parse(), Ok(number));
        for other in [
            "12.3.ab",
            "012.3.00000000000000ab",
            "12.3",
            "12.3.00000000000000AB",
            "",
            "12.3.00000000000000ab.1",
        ] {
            assert_eq!(other.parse::<SignalNumber>(), Err(NotANumber), "{other}");
        }
    }

    #[test]
    fn a_set_has_what_was_put_into_it() {
        let some: Wanted = [About::AccountPurged, About::SessionRevoked].into_iter().collect();
        let found: Vec<_> = About::ALL.into_iter().filter(|about| some.has(*about)).collect();
        assert_eq!(found, [About::SessionRevoked, About::AccountPurged]);
        assert_eq!(About::ALL.into_iter().collect::<Wanted>(), Wanted(0b11_1111));
    }
}
