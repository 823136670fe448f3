//! What a copy is to do, by the marks of both sides: a decision.

use super::mark::{Mark, Progress, State};

/// What is to be done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Plan {
    /// Everything, under a new number.
    Begin,
    /// The rest of it.
    GoOn { copy: [u8; 16], progress: Progress },
    /// All is there and was compared: give the source up and open the target.
    Finish { copy: [u8; 16], progress: Progress },
    /// The source was given up: open the target.
    Open { copy: [u8; 16], progress: Progress },
    /// Nothing.
    Done { progress: Progress },
    /// Nothing, because it would be wrong.
    Refuse(Refusal),
}

/// Why nothing is to be done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Refusal {
    NotEmpty,
    AlreadyMoved { to: String },
    SourceIncomplete { from: String },
    OtherCopy,
}

/// Decides. `empty` says whether the target has nothing in it that a new database has not.
pub(super) fn plan(source: Option<&Mark>, target: Option<&Mark>, empty: bool) -> Plan {
    use State::{Arrived, Incoming, Moved, Moving, Verified};
    let state = |mark: Option<&Mark>| mark.map(|mark| mark.state);
    let same = source.map(|mark| mark.copy) == target.map(|mark| mark.copy);
    match (source, target, state(source), state(target)) {
        (Some(source), _, Some(Incoming | Verified), _) => {
            Plan::Refuse(Refusal::SourceIncomplete { from: source.place.clone() })
        }
        (_, Some(target), Some(Moving), Some(Incoming)) if same => {
            Plan::GoOn { copy: target.copy, progress: target.progress.clone() }
        }
        (_, Some(target), Some(Moving), Some(Verified)) if same => {
            Plan::Finish { copy: target.copy, progress: target.progress.clone() }
        }
        (_, Some(target), Some(Moved), Some(Verified)) if same => {
            Plan::Open { copy: target.copy, progress: target.progress.clone() }
        }
        (_, Some(target), Some(Moved), Some(Arrived)) if same => {
            Plan::Done { progress: target.progress.clone() }
        }
        (Some(source), _, Some(Moved), _) => {
            Plan::Refuse(Refusal::AlreadyMoved { to: source.place.clone() })
        }
        (.., Some(Incoming | Verified)) => Plan::Refuse(Refusal::OtherCopy),
        (.., None) if empty => Plan::Begin,
        _ => Plan::Refuse(Refusal::NotEmpty),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(state: State, copy: u8) -> Mark {
        let progress = Progress { rows: 7, ..Progress::default() };
        Mark { state, copy: [copy; 16], place: format!("place {copy}"), progress }
    }

    fn planned(
        source: impl Into<Option<Mark>>,
        target: impl Into<Option<Mark>>,
        empty: bool,
    ) -> Plan {
        let (source, target) = (source.into(), target.into());
        plan(source.as_ref(), target.as_ref(), empty)
    }

    #[test]
    fn a_copy_begins_only_in_what_is_empty() {
        use State::{Arrived, Moved, Moving};
        for source in [None, Some(mark(Arrived, 9)), Some(mark(Moving, 1))] {
            assert_eq!(planned(source.clone(), None, true), Plan::Begin);
            let others = [Moving, Moved, Arrived].map(|state| Some(mark(state, 2)));
            for target in others.into_iter().chain([None]) {
                let refused = planned(source.clone(), target, false);
                assert_eq!(refused, Plan::Refuse(Refusal::NotEmpty));
            }
        }
    }

    #[test]
    fn a_copy_goes_on_only_where_it_was() {
        use State::{Arrived, Incoming, Moved, Moving, Verified};
        let progress = mark(Moving, 1).progress;
        let (copy, of_it) = ([1; 16], |state| Some(mark(state, 1)));
        let cases = [
            (Moving, Incoming, Plan::GoOn { copy, progress: progress.clone() }),
            (Moving, Verified, Plan::Finish { copy, progress: progress.clone() }),
            (Moved, Verified, Plan::Open { copy, progress: progress.clone() }),
            (Moved, Arrived, Plan::Done { progress }),
        ];
        for (source, target, expected) in cases {
            assert_eq!(planned(of_it(source), of_it(target), false), expected);
            let another = planned(of_it(source), Some(mark(target, 2)), false);
            assert!(matches!(another, Plan::Refuse(_)), "{source:?} {target:?}: {another:?}");
        }
    }

    #[test]
    fn what_was_given_up_is_copied_no_more() {
        use State::{Incoming, Moved, Moving};
        let refused = Plan::Refuse(Refusal::AlreadyMoved { to: "place 1".to_owned() });
        let moved = || Some(mark(Moved, 1));
        assert_eq!(planned(moved(), None, true), refused);
        assert_eq!(planned(moved(), Some(mark(Incoming, 1)), false), refused);
        assert_eq!(planned(moved(), Some(mark(Moving, 1)), false), refused);
    }

    #[test]
    fn what_was_opened_meanwhile_is_another_source() {
        use State::{Incoming, Moving, Verified};
        for target in [Incoming, Verified] {
            for source in [None, Some(mark(Moving, 2))] {
                let refused = planned(source, Some(mark(target, 1)), false);
                assert_eq!(refused, Plan::Refuse(Refusal::OtherCopy));
            }
        }
    }

    #[test]
    fn what_is_not_complete_is_no_source() {
        use State::{Incoming, Verified};
        for state in [Incoming, Verified] {
            let refused = planned(Some(mark(state, 1)), None, true);
            let from = "place 1".to_owned();
            assert_eq!(refused, Plan::Refuse(Refusal::SourceIncomplete { from }));
        }
    }
}
