//! Whether a history can be explained by the promises: pure, over what was asked and answered.
//!
//! What was acknowledged happened between its question and its answer; what has no answer may have happened, or happen
//! later, or not at all; what was refused did not happen. Faults that were made on purpose allow what the documents say
//! of them, and nothing else.

mod documents;
mod lives;
mod once;

use std::fmt;
use std::time::Duration;

use super::history::{Act, Moment, Operation, Outcome};

/// How long after the acknowledgement of an end a node may still answer from memory (promise 8).
const BOUND: Duration = Duration::from_secs(1);
/// The same for a node that may not hear of it: `memory_trust`, and what a request may take until it is answered.
const BOUND_WHEN_DEAF: Duration = Duration::from_millis(2_500);
/// How long after Redis is back a node may remember a guest who was lost there: it tries again every second, and looks every
/// second whether the connection it has is the same.
const BOUND_OF_LOSS: Duration = Duration::from_millis(2_500);

/// What a fault allows, and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Allowance {
    pub(crate) from: Moment,
    pub(crate) until: Moment,
    pub(crate) allows: Allows,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Allows {
    /// A node may not hear what was taken back.
    Deafness,
    /// What was acknowledged meanwhile may be lost: a replica took over that had not got it.
    LostActs,
    /// Guests and what they keep may be gone, or be as they were before.
    LostGuests,
    /// Whoever signs in may leave the guest that they were as it is: not merged, and not ended.
    LeftGuests,
}

/// A promise that was broken, and the part of the history that shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Violation {
    pub(crate) promise: &'static str,
    /// Numbers of operations, in the order of time.
    pub(crate) shown_by: Vec<usize>,
}

/// The operations, and what faults allowed meanwhile.
#[derive(Clone, Copy)]
pub(crate) struct History<'a> {
    pub(crate) operations: &'a [Operation],
    pub(crate) allowances: &'a [Allowance],
}

/// Everything that no promise explains.
pub(crate) fn judge(history: History<'_>) -> Vec<Violation> {
    let mut violations = lives::judge(history);
    violations.extend(documents::judge(history));
    violations.extend(once::judge(history));
    for violation in &mut violations {
        violation.shown_by.sort_unstable_by_key(|index| history.operations[*index].from);
        violation.shown_by.dedup();
    }
    violations
}

impl Allowance {
    /// Everything could be done again at this moment. What needs more than the undoing of a fault is allowed until then.
    pub(crate) fn is_over_at(&mut self, recovered: Moment) {
        match self.allows {
            // A node hears again when it has found the way back.
            Allows::LeftGuests | Allows::Deafness => self.until = recovered,
            // Each node finds out for itself that what lies in Redis is not believed any more.
            Allows::LostGuests => self.until = recovered + BOUND,
            Allows::LostActs => {}
        }
    }
}

impl<'a> History<'a> {
    fn allowed(self, allows: Allows) -> impl Iterator<Item = &'a Allowance> {
        self.allowances.iter().filter(move |allowance| allowance.allows == allows)
    }

    /// Whether something was allowed at any time between these moments.
    fn was_allowed(self, allows: Allows, from: Moment, until: Moment) -> bool {
        self.allowed(allows).any(|it| it.from <= until && from <= it.until)
    }

    /// Whether the acknowledgement of an operation may be worth nothing any more.
    fn may_be_lost(self, operation: &Operation) -> bool {
        self.allowed(Allows::LostActs)
            .any(|it| it.from <= operation.until && operation.until <= it.until)
    }

    /// Whether an operation, or a part of the time it took, falls into what may be lost.
    fn touches_lost_acts(self, operation: &Operation) -> bool {
        self.was_allowed(Allows::LostActs, operation.from, operation.until)
    }

    /// Whether a refusal may be followed by something else: its session's end was lost, and whoever refused did not know
    /// it yet.
    fn may_be_taken_back(self, operation: &Operation) -> bool {
        self.allowed(Allows::LostActs)
            .any(|it| it.from <= operation.until && operation.until <= it.until + BOUND_WHEN_DEAF)
    }

    /// Whether what a guest kept at the one moment may not be there at the other.
    fn guests_may_be_lost(self, kept: Moment, until: Moment) -> bool {
        self.was_allowed(Allows::LostGuests, kept, until)
    }

    /// Until when a node may remember a guest of whom another one knew at this moment that it is gone.
    fn latest_of_guest(self, gone: Moment) -> Moment {
        self.allowed(Allows::LostGuests)
            .filter(|it| it.from <= gone)
            .map(|it| it.until + BOUND_OF_LOSS)
            .fold(self.latest(gone), Moment::max)
    }

    /// Whether a sign-in may have left the guest behind.
    fn may_leave_guest(self, sign_in: &Operation) -> bool {
        self.was_allowed(Allows::LeftGuests, sign_in.from, sign_in.until)
    }

    /// Whether it was acknowledged for good.
    fn is_sure(self, operation: &Operation) -> bool {
        operation.outcome == Outcome::Acknowledged && !self.may_be_lost(operation)
    }

    /// Until when a node may answer from memory after an end was acknowledged.
    fn latest(self, end: Moment) -> Moment {
        self.allowed(Allows::Deafness)
            .filter(|it| it.from <= end + BOUND && end <= it.until)
            .map(|it| (it.until + BOUND).min(end + BOUND_WHEN_DEAF))
            .fold(end + BOUND, Moment::max)
    }
}

/// What an answer told of a session: that it lives, that it is over, or nothing.
fn told(operation: &Operation) -> Option<Told<'_>> {
    let (session, lasting) = match &operation.act {
        Act::Check { session, .. } | Act::EndDevice { session } => (session, false),
        Act::Read { by, .. } | Act::SignOutEverywhere { by, .. } => (by, false),
        // These make something that lasts, and look at the session in the same transaction.
        Act::Refresh { session, .. } => (session, true),
        Act::Write { by, .. } | Act::Redeem { by, .. } => (by, true),
        _ => return None,
    };
    let is_device = matches!(operation.act, Act::EndDevice { .. });
    match &operation.outcome {
        // Whoever ends devices is told of them, and not who they are themselves.
        Outcome::Refused(why) if is_device => {
            (&**why == "not_found").then_some(Told { session, life: Life::Over })
        }
        Outcome::Acknowledged if is_device => None,
        Outcome::Acknowledged if matches!(operation.act, Act::SignOutEverywhere { .. }) => None,
        Outcome::Acknowledged if lasting => Some(Told { session, life: Life::Lasts }),
        Outcome::Acknowledged => Some(Told { session, life: Life::Lives }),
        Outcome::Refused(why) if is_over(why) => Some(Told { session, life: Life::Over }),
        _ => None,
    }
}

struct Told<'a> {
    session: &'a str,
    life: Life,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Lives,
    /// It lives, and something was made from it that lasts.
    Lasts,
    Over,
}

/// The codes that say of a session that there is none any more.
fn is_over(code: &str) -> bool {
    matches!(
        code,
        "session_unknown"
            | "session_expired"
            | "session_replaced"
            | "token_revoked"
            | "invalid_token"
            | "not_signed_in"
            | "invalid_grant"
    )
}

impl Violation {
    /// Whether something that was acknowledged is gone.
    pub(crate) fn is_loss(&self) -> bool {
        [documents::LOST, lives::BY_ACCIDENT, once::USER_LOST].contains(&self.promise)
    }

    /// The promise, and the operations that show how it was broken.
    pub(crate) fn shown<'a>(&'a self, operations: &'a [Operation]) -> impl fmt::Display + 'a {
        fmt::from_fn(move |f| {
            write!(f, "{}:", self.promise)?;
            for index in &self.shown_by {
                write!(f, "\n  {}", operations[*index])?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod scene;
