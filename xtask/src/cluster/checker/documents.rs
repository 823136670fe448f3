//! Session data: each document is one line of versions, whichever nodes were asked.
//!
//! Every write adds a key that nobody else writes, so a document is a set that only grows, and a history of such a set
//! has an order (it is *linearizable*) exactly if what was seen forms a chain by inclusion, the chain agrees with time,
//! and what was acknowledged is in all that was seen later. A guest's keys are written once more by the sign-in that
//! merges them into the user's document.

use std::collections::{BTreeSet, HashMap};

use super::{Allows, History, Violation};
use crate::cluster::history::{
    Act, Document, Moment, Name, Onto, Operation, Outcome, Owner, State,
};

pub(super) const LOST: &str = "a write that was acknowledged is in everything read later";
pub(super) const INVENTED: &str = "nothing stands in a document that nobody wrote";
pub(super) const FORKED: &str = "of two writers one sees what the other wrote";
pub(super) const WENT_BACK: &str = "a later read does not see less";
pub(super) const SAME_NAME: &str = "a version's name stands for one content";
pub(super) const OVERWRITTEN: &str = "a version is replaced once by those who name it";
pub(super) const TWICE: &str = "what was merged is there once";

pub(super) fn judge(history: History<'_>) -> Vec<Violation> {
    let mut lines: HashMap<&Document, Line<'_>> = HashMap::new();
    for (index, operation) in history.operations.iter().enumerate() {
        match &operation.act {
            Act::Write { document, key, onto, saw, .. } => {
                let line = lines.entry(document).or_default();
                if operation.outcome.may_be_done() {
                    let sure = sure(history, document, operation);
                    line.add(key, Add { index, from: operation.from, sure });
                }
                line.see(history, document, index, saw.as_ref());
                if let (Outcome::Acknowledged, Onto::Version(seen)) = (&operation.outcome, onto)
                    && !history.may_be_lost(operation)
                {
                    line.replaced.push((index, seen));
                }
            }
            Act::Read { document, saw, .. } => {
                lines.entry(document).or_default().see(history, document, index, saw.as_ref());
            }
            _ => {}
        }
    }
    merge_guests(history, &mut lines);
    lines.values().filter_map(|line| line.contradiction(history.operations)).collect()
}

/// A key on its way into a document.
#[derive(Clone)]
struct Add {
    index: usize,
    from: Moment,
    /// When it was certainly in it, if it ever was.
    sure: Option<Moment>,
}

/// All that is known of one document.
#[derive(Default)]
struct Line<'a> {
    adds: HashMap<&'a str, Vec<Add>>,
    seen: Vec<(usize, &'a State)>,
    /// The versions that were named by acknowledged writes.
    replaced: Vec<(usize, &'a State)>,
}

/// The keys of a guest's documents are added to those of whoever the guest turns out to be.
fn merge_guests<'a>(history: History<'a>, lines: &mut HashMap<&'a Document, Line<'a>>) {
    let mut of_guest: HashMap<&str, Vec<&Document>> = HashMap::new();
    for document in lines.keys() {
        if let Owner::Guest(guest) = &document.owner {
            of_guest.entry(guest).or_default().push(document);
        }
    }
    let of_users: Vec<&Document> =
        lines.keys().copied().filter(|it| matches!(it.owner, Owner::User(_))).collect();
    for (index, operation) in history.operations.iter().enumerate() {
        let Act::SignIn { user, instead_of: Some(guest), .. } = &operation.act else { continue };
        if !operation.outcome.may_be_done() {
            continue;
        }
        for from in of_guest.get(&**guest).into_iter().flatten() {
            let into = of_users
                .iter()
                .find(|it| it.namespace == from.namespace && it.owner == Owner::User(user.clone()));
            let Some(into) = into else { continue };
            let is_sure = history.is_sure(operation) && !history.may_leave_guest(operation);
            let merged: Vec<(&str, Add)> = lines[from]
                .adds
                .iter()
                .flat_map(|(key, adds)| adds.iter().map(move |add| (*key, add)))
                .filter(|(_, add)| add.from < operation.until)
                .map(|(key, add)| {
                    let write = &history.operations[add.index];
                    let was_there = history.is_sure(write)
                        && write.until <= operation.from
                        && !history.guests_may_be_lost(write.from, operation.until);
                    let sure = (is_sure && was_there).then_some(operation.until);
                    (key, Add { index, from: operation.from, sure })
                })
                .collect();
            if let Some(line) = lines.get_mut(into) {
                for (key, add) in merged {
                    line.add(key, add);
                }
            }
        }
    }
}

/// When a write was certainly done, if it ever was.
fn sure(history: History<'_>, document: &Document, operation: &Operation) -> Option<Moment> {
    let is_sure = history.is_sure(operation) && !goes_with_guests(history, document, operation);
    is_sure.then_some(operation.until)
}

/// Whether a document may be lost with its guest, by a fault that was not over yet.
fn goes_with_guests(history: History<'_>, document: &Document, operation: &Operation) -> bool {
    matches!(document.owner, Owner::Guest(_))
        && history.allowed(Allows::LostGuests).any(|it| operation.from <= it.until)
}

impl<'a> Line<'a> {
    fn add(&mut self, key: &'a str, add: Add) {
        self.adds.entry(key).or_default().push(add);
    }

    /// Notes what was seen; not where it may be lost again, or be of before a loss.
    fn see(
        &mut self,
        history: History<'_>,
        document: &Document,
        index: usize,
        saw: Option<&'a State>,
    ) {
        let operation = &history.operations[index];
        if let Some(state) = saw
            && !goes_with_guests(history, document, operation)
            && !history.may_be_lost(operation)
        {
            self.seen.push((index, state));
        }
    }

    /// The first that there is: one mistake looks wrong in several ways.
    fn contradiction(&self, operations: &[Operation]) -> Option<Violation> {
        self.lost(operations)
            .or_else(|| self.invented(operations))
            .or_else(|| self.twice())
            .or_else(|| self.overwritten())
            .or_else(|| self.same_name())
            .or_else(|| self.forked())
            .or_else(|| self.went_back(operations))
    }

    /// When a key began to be written.
    fn began(&self, key: &str) -> Option<&Add> {
        self.adds.get(key)?.iter().min_by_key(|add| add.from)
    }

    fn lost(&self, operations: &[Operation]) -> Option<Violation> {
        let mut sure: Vec<(&str, Moment, usize)> = self
            .adds
            .iter()
            .flat_map(|(key, adds)| adds.iter().map(move |add| (*key, add)))
            .filter_map(|(key, add)| Some((key, add.sure?, add.index)))
            .collect();
        sure.sort_unstable_by_key(|(_, sure, _)| *sure);
        self.seen.iter().find_map(|(index, state)| {
            // Whoever sees a key is not before its writer began.
            let newest =
                state.keys.iter().filter_map(|key| self.began(key)).max_by_key(|it| it.from);
            let seen_at = newest
                .map_or(operations[*index].from, |newest| newest.from.max(operations[*index].from));
            let (_, _, write) = sure
                .iter()
                .take_while(|(_, sure, _)| *sure <= seen_at)
                .find(|(key, ..)| !state.keys.contains(*key))?;
            Some(Violation { promise: LOST, shown_by: vec![*write, *index] })
        })
    }

    fn invented(&self, operations: &[Operation]) -> Option<Violation> {
        self.seen.iter().find_map(|(index, state)| {
            let written =
                |key: &Name| self.began(key).is_some_and(|add| add.from < operations[*index].until);
            let invented = state.keys.iter().any(|key| !written(key));
            invented.then(|| Violation { promise: INVENTED, shown_by: vec![*index] })
        })
    }

    fn forked(&self) -> Option<Violation> {
        let mut seen = self.seen.clone();
        seen.sort_by_key(|(_, state)| state.keys.len());
        seen.windows(2).find_map(|pair| {
            let [(one, smaller), (other, larger)] = pair else { return None };
            let fork = !smaller.keys.is_subset(&larger.keys);
            fork.then(|| Violation { promise: FORKED, shown_by: vec![*one, *other] })
        })
    }

    fn went_back(&self, operations: &[Operation]) -> Option<Violation> {
        let mut by_end: Vec<_> = self.seen.iter().collect();
        by_end.sort_by_key(|(index, _)| operations[*index].until);
        let mut by_begin = by_end.clone();
        by_begin.sort_by_key(|(index, _)| operations[*index].from);
        let mut earlier = by_end.into_iter().peekable();
        let mut most: Option<&(usize, &State)> = None;
        for later in by_begin {
            while let Some(next) =
                earlier.next_if(|(index, _)| operations[*index].until < operations[later.0].from)
            {
                if most.is_none_or(|most| most.1.keys.len() < next.1.keys.len()) {
                    most = Some(next);
                }
            }
            if let Some(most) = most
                && later.1.keys.len() < most.1.keys.len()
            {
                return Some(Violation { promise: WENT_BACK, shown_by: vec![most.0, later.0] });
            }
        }
        None
    }

    fn same_name(&self) -> Option<Violation> {
        let mut named: HashMap<&str, (usize, &BTreeSet<Name>)> = HashMap::new();
        self.seen.iter().find_map(|(index, state)| {
            let version = state.version.as_deref()?;
            let (first, keys) = *named.entry(version).or_insert((*index, &state.keys));
            let differs = *keys != *state.keys;
            differs.then(|| Violation { promise: SAME_NAME, shown_by: vec![first, *index] })
        })
    }

    fn overwritten(&self) -> Option<Violation> {
        let mut by_version: HashMap<&str, usize> = HashMap::new();
        self.replaced.iter().find_map(|(index, state)| {
            let first = by_version.insert(state.version.as_deref()?, *index)?;
            Some(Violation { promise: OVERWRITTEN, shown_by: vec![first, *index] })
        })
    }

    fn twice(&self) -> Option<Violation> {
        let (index, _) = self.seen.iter().find(|(_, state)| !state.twice.is_empty())?;
        Some(Violation { promise: TWICE, shown_by: vec![*index] })
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{
        Scene, acknowledged, cart, guest, name, of_ada, read, sign_in, sign_up, state, write,
    };
    use super::*;

    fn merge(key: &str, saw: State) -> Act {
        write(of_ada(), key, Onto::Latest, Some(saw))
    }

    fn unseen(key: &str) -> Act {
        write(of_ada(), key, Onto::Latest, None)
    }

    fn replace(key: &str, onto: &State, saw: State) -> Act {
        write(of_ada(), key, Onto::Version(onto.clone()), Some(saw))
    }

    fn reads(version: &str, keys: &[&str]) -> Act {
        read(of_ada(), state(version, keys))
    }

    fn begun() -> Scene {
        Scene::default().then((0, 5), sign_up("s"), acknowledged())
    }

    #[test]
    fn what_two_writers_merged_is_read_later() {
        let both = || {
            begun().then((10, 20), merge("a", state("1", &["a"])), acknowledged()).then(
                (12, 22),
                merge("b", state("2", &["a", "b"])),
                acknowledged(),
            )
        };
        both().then((30, 31), reads("2", &["a", "b"]), acknowledged()).holds();
        both().then((30, 31), reads("3", &["b"]), acknowledged()).breaks(LOST, &[1, 3]);
    }

    #[test]
    fn a_read_that_overlaps_a_write_may_miss_it() {
        let write = || begun().then((10, 20), merge("a", state("1", &["a"])), acknowledged());
        write().then((15, 25), reads("0", &[]), acknowledged()).holds();
        write().then((20, 25), reads("0", &[]), acknowledged()).breaks(LOST, &[1, 2]);
    }

    #[test]
    fn who_sees_a_later_write_sees_an_earlier_one() {
        begun()
            .then((10, 20), unseen("a"), acknowledged())
            .then((30, 60), unseen("b"), Outcome::Unknown)
            .then((15, 50), reads("2", &["b"]), acknowledged())
            .breaks(LOST, &[1, 3]);
    }

    #[test]
    fn a_write_without_an_answer_may_be_there_or_not() {
        let unknown = || begun().then((10, 20), unseen("a"), Outcome::Unknown);
        unknown().then((30, 31), reads("1", &["a"]), acknowledged()).holds();
        unknown().then((30, 31), reads("0", &[]), acknowledged()).holds();
        let back = unknown().then((30, 31), reads("1", &["a"]), acknowledged()).then(
            (40, 41),
            reads("0", &[]),
            acknowledged(),
        );
        back.breaks(WENT_BACK, &[2, 3]);
    }

    #[test]
    fn what_was_refused_is_not_there() {
        let refused = Outcome::Refused(name("precondition_failed"));
        begun()
            .then((10, 20), unseen("a"), refused)
            .then((30, 31), reads("1", &["a"]), acknowledged())
            .breaks(INVENTED, &[2]);
    }

    #[test]
    fn two_who_do_not_see_each_other_are_a_fork() {
        begun()
            .then((10, 20), merge("a", state("1", &["a"])), acknowledged())
            .then((10, 20), merge("b", state("2", &["b"])), acknowledged())
            .breaks(FORKED, &[1, 2]);
    }

    #[test]
    fn a_version_has_one_content_and_one_successor() {
        begun()
            .then((10, 20), unseen("a"), Outcome::Unknown)
            .then((10, 20), reads("1", &[]), acknowledged())
            .then((10, 20), reads("1", &["a"]), acknowledged())
            .breaks(SAME_NAME, &[2, 3]);
        let first = state("1", &["a"]);
        let replaced = |then: State| {
            begun()
                .then((10, 20), merge("a", first.clone()), acknowledged())
                .then((30, 40), replace("b", &first, state("2", &["a", "b"])), acknowledged())
                .then((30, 40), replace("c", &first, then), acknowledged())
        };
        replaced(state("3", &["a", "b", "c"])).breaks(OVERWRITTEN, &[2, 3]);
    }

    #[test]
    fn a_guests_keys_are_there_once_after_the_merge() {
        let of_guest = || cart(Owner::Guest(name("g")));
        let merged = |then: State| {
            begun()
                .then((6, 8), guest("g"), acknowledged())
                .then((10, 20), write(of_guest(), "a", Onto::Latest, None), acknowledged())
                .then((10, 40), write(of_guest(), "b", Onto::Latest, None), Outcome::Unknown)
                .then((30, 50), sign_in("t", Some("g")), acknowledged())
                .then((60, 61), read(of_ada(), then), acknowledged())
        };
        merged(state("1", &["a"])).holds();
        merged(state("1", &["a", "b"])).holds();
        merged(state("1", &["b"])).breaks(LOST, &[4, 5]);
        merged(state("1", &["b"])).allowing(Allows::LostGuests, (25, 28)).holds();
        merged(state("1", &["b"])).allowing(Allows::LostGuests, (2, 9)).breaks(LOST, &[4, 5]);
        merged(state("1", &["b"])).allowing(Allows::LostGuests, (55, 58)).breaks(LOST, &[4, 5]);
        merged(state("1", &[])).allowing(Allows::LeftGuests, (35, 38)).holds();
        merged(state("1", &[])).allowing(Allows::LeftGuests, (52, 58)).breaks(LOST, &[4, 5]);
        merged(State { twice: vec![name("a")], ..state("1", &["a"]) }).breaks(TWICE, &[5]);
        merged(state("1", &["a", "c"])).breaks(INVENTED, &[5]);
    }

    #[test]
    fn a_failover_may_lose_the_writes_of_its_moment() {
        let lost = |from| {
            begun()
                .then((10, 20), merge("a", state("1", &["a"])), acknowledged())
                .allowing(Allows::LostActs, (from, 25))
                .then((30, 31), reads("0", &[]), acknowledged())
        };
        lost(15).holds();
        let before = begun()
            .then((10, 20), unseen("a"), acknowledged())
            .allowing(Allows::LostActs, (21, 25))
            .then((30, 31), reads("0", &[]), acknowledged());
        before.breaks(LOST, &[1, 2]);
    }
}
