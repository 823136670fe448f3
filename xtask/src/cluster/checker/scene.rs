//! Histories for the checker's tests: a second for each operation unless it is said otherwise.

use std::collections::BTreeSet;
use std::time::Duration;

use super::super::history::{
    Act, Carrier, Document, Moment, Name, Onto, Operation, Outcome, Owner, State,
};
use super::{Allowance, Allows, History, Violation, judge};

pub(super) const ADA: &str = "ada";

#[derive(Default)]
pub(super) struct Scene {
    operations: Vec<Operation>,
    allowances: Vec<Allowance>,
}

pub(super) fn at(milliseconds: u64) -> Moment {
    Duration::from_millis(milliseconds)
}

pub(super) fn name(text: &str) -> Name {
    text.into()
}

pub(super) fn acknowledged() -> Outcome {
    Outcome::Acknowledged
}

pub(super) fn over() -> Outcome {
    Outcome::Refused("session_unknown".into())
}

pub(super) fn state(version: &str, keys: &[&str]) -> State {
    let keys: BTreeSet<Name> = keys.iter().map(|key| name(key)).collect();
    State { version: Some(name(version)), keys: keys.into(), twice: Vec::new() }
}

pub(super) fn cart(owner: Owner) -> Document {
    Document { owner, namespace: name("cart") }
}

pub(super) fn of_ada() -> Document {
    cart(Owner::User(name(ADA)))
}

pub(super) fn check(session: &str) -> Act {
    Act::Check { session: name(session), carrier: Carrier::Cookie }
}

pub(super) fn sign_out(session: &str) -> Act {
    Act::SignOut { session: name(session) }
}

pub(super) fn sign_up(session: &str) -> Act {
    Act::SignUp { user: name(ADA), begins: Some(name(session)) }
}

pub(super) fn sign_in(session: &str, instead_of: Option<&str>) -> Act {
    Act::SignIn { user: name(ADA), instead_of: instead_of.map(name), begins: Some(name(session)) }
}

pub(super) fn guest(session: &str) -> Act {
    Act::BeginGuest { begins: Some(name(session)) }
}

pub(super) fn write(document: Document, key: &str, onto: Onto, saw: Option<State>) -> Act {
    Act::Write { document, by: name("s"), key: name(key), onto, saw }
}

pub(super) fn read(document: Document, saw: State) -> Act {
    Act::Read { document, by: name("s"), saw: Some(saw) }
}

impl Scene {
    /// An operation from a moment to a moment, in milliseconds.
    pub(super) fn then(mut self, times: (u64, u64), act: Act, outcome: Outcome) -> Self {
        let (from, until) = (at(times.0), at(times.1));
        self.operations.push(Operation { client: 0, door: name("n"), from, until, act, outcome });
        self
    }

    pub(super) fn allowing(mut self, allows: Allows, times: (u64, u64)) -> Self {
        self.allowances.push(Allowance { from: at(times.0), until: at(times.1), allows });
        self
    }

    fn judged(&self) -> Vec<Violation> {
        judge(History { operations: &self.operations, allowances: &self.allowances })
    }

    /// Holds the scene to be explained by the promises.
    pub(super) fn holds(&self) {
        let violations = self.judged();
        let shown: Vec<String> =
            violations.iter().map(|it| it.shown(&self.operations).to_string()).collect();
        assert!(shown.is_empty(), "{}", shown.join("\n"));
    }

    /// Holds the scene to break this promise alone, as these operations show.
    pub(super) fn breaks(&self, promise: &'static str, shown_by: &[usize]) {
        let expected = Violation { promise, shown_by: shown_by.to_vec() };
        assert_eq!(self.judged(), [expected]);
    }
}
