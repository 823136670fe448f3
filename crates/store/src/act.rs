//! What every act leaves beside what it makes true: rows in the log and events. The same for every backend.

use cloakroom_model::event::{Event, Kind, Reason};
use cloakroom_model::id::{GrantId, SessionId, UserId};
use cloakroom_model::log::{CONCERNS_FOR, Change, Place, Row, Subject};
use cloakroom_model::time::Timestamp;

/// When an act happens, and what is to be written down beside it.
#[derive(Clone, Debug)]
pub struct Act {
    /// The time, by the store's clock.
    pub at: Timestamp,
    /// The random mark of the log rows that the act appends.
    pub nonce: u64,
    /// The event that is recorded when the act is done, and only then. For each session and grant that the act
    /// ends the backend records an event of its own, with this one's actor, address and client. An event of the
    /// kinds [`Kind::SessionEnded`] and [`Kind::GrantEnded`] is the pattern for those alone and not recorded
    /// itself: what ends is told once.
    pub event: Event,
}

impl Act {
    /// A row that the act appends as number `seq`.
    #[must_use]
    pub fn row(&self, seq: u64, subject: Subject, change: Change) -> Row {
        Row {
            place: Place { seq, nonce: self.nonce },
            at: self.at,
            subject,
            change,
            until: self.at.plus(CONCERNS_FOR),
        }
    }

    /// The events that are recorded when the act is done and has ended these.
    #[must_use]
    pub fn events(&self, ended: &[Ended]) -> Vec<Event> {
        let of_the_endings = [Kind::SessionEnded, Kind::GrantEnded].contains(&self.event.kind);
        let own = (!of_the_endings).then(|| self.event.clone());
        own.into_iter().chain(ended.iter().map(|ended| self.event_of(ended))).collect()
    }

    /// An event of another kind with this act's time, actor, address and client.
    #[must_use]
    pub fn another(&self, kind: Kind) -> Event {
        Event {
            client: self.event.client.clone(),
            address: self.event.address.clone(),
            ..Event::new(self.at, kind, self.event.actor)
        }
    }

    fn event_of(&self, ended: &Ended) -> Event {
        match *ended {
            Ended::Session { id, user, reason } => Event {
                user,
                session: Some(id),
                detail: Some(reason.as_str().to_owned()),
                ..self.another(Kind::SessionEnded)
            },
            Ended::Grant { id, session, user, reason } => Event {
                user,
                session,
                grant: Some(id),
                detail: Some(reason.as_str().to_owned()),
                ..self.another(Kind::GrantEnded)
            },
        }
    }
}

/// Something that an act ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ended {
    /// A session or a guest.
    Session {
        /// Which.
        id: SessionId,
        /// Whose; `None` for a guest.
        user: Option<UserId>,
        /// Why.
        reason: Reason,
    },
    /// A grant.
    Grant {
        /// Which.
        id: GrantId,
        /// What it hung from.
        session: Option<SessionId>,
        /// For whom it was.
        user: Option<UserId>,
        /// Why; [`Reason::SessionEnded`] where it ended with its session.
        reason: Reason,
    },
}

impl Ended {
    /// What the log's row is about.
    #[must_use]
    pub const fn subject(&self) -> Subject {
        match *self {
            Self::Session { id, .. } => Subject::Session(id),
            Self::Grant { id, .. } => Subject::Grant(id),
        }
    }
}

/// An act that was done, with the rows it appended to the log.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use = "memory must hear the rows before the act is acknowledged"]
pub struct Done<T> {
    /// What the act answers.
    pub value: T,
    /// The rows it appended, in order. Empty where nothing ended or changed.
    pub rows: Vec<Row>,
}
