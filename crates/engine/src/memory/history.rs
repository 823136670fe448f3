//! The places that a node has passed in the log, or knows that others passed before it.
//!
//! They are what a node can say of an entry that another one filled: the place of the fill lies in the history that this
//! node follows, and every row after it is known here, or it does not. A place that is not found says nothing, and an
//! entry that names one is not believed.

use std::collections::VecDeque;
use std::sync::{PoisonError, RwLock};

use cloakroom_model::log::Place;

/// So many places are remembered, the latest; 16 bytes each. At a thousand rows a second they are those of four minutes.
const REMEMBERED: usize = 262_144;

/// Places in their order, every one between the first of them and the last.
#[derive(Default)]
pub(super) struct History(RwLock<VecDeque<Place>>);

impl History {
    /// Goes on from these, which were not passed one by one: a snapshot's rows, and its place.
    pub(super) fn begin(&self, places: impl Iterator<Item = Place>) {
        let mut passed = self.0.write().unwrap_or_else(PoisonError::into_inner);
        passed.clear();
        push(&mut passed, places);
    }

    /// Passes these.
    pub(super) fn pass(&self, places: impl Iterator<Item = Place>) {
        push(&mut self.0.write().unwrap_or_else(PoisonError::into_inner), places);
    }

    /// Forgets all of them: the history is another one.
    pub(super) fn forget(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The place of this number, with what `also` answers while no other history can begin.
    pub(super) fn find<T>(&self, seq: u64, also: impl FnOnce() -> T) -> (Option<Place>, T) {
        let passed = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = passed.binary_search_by_key(&seq, |place| place.seq).ok();
        (found.map(|index| passed[index]), also())
    }
}

fn push(passed: &mut VecDeque<Place>, places: impl Iterator<Item = Place>) {
    for place in places {
        // A snapshot's place is mostly its last row's.
        if passed.back().is_some_and(|last| last.seq >= place.seq) {
            continue;
        }
        if passed.len() == REMEMBERED {
            passed.pop_front();
        }
        passed.push_back(place);
    }
}
