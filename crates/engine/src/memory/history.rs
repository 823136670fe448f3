//! The places that a node has passed in the log, or knows that others passed before it.
//!
//! They are what a node can say of an entry that another one filled: the place of the fill lies in the history that this
//! node follows, and every row after it is known here, or it does not. A place that is not found says nothing, and an
//! entry that names one is not believed.

use std::collections::VecDeque;
use std::sync::{PoisonError, RwLock};

use cloakroom_model::log::{Place, Timeline};

/// So many places are remembered, the latest; 16 bytes each. At a thousand rows a second they are those of four minutes.
const REMEMBERED: usize = 262_144;

/// The history that is followed.
#[derive(Default)]
pub(super) struct History(RwLock<Passed>);

#[derive(Default)]
struct Passed {
    timeline: Timeline,
    /// In their order, every one between the first of them and the last.
    places: VecDeque<Place>,
}

impl History {
    /// Goes on from these, which were not passed one by one: a snapshot's rows, and its place.
    pub(super) fn begin(&self, timeline: Timeline, places: impl Iterator<Item = Place>) {
        let mut passed = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *passed = Passed { timeline, places: VecDeque::new() };
        passed.pass(places);
    }

    /// Passes these.
    pub(super) fn pass(&self, places: impl Iterator<Item = Place>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).pass(places);
    }

    /// Forgets all of them: the history is another one.
    pub(super) fn forget(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Passed::default();
    }

    /// The place of this number and the timeline, with what `also` answers while no other history can begin.
    pub(super) fn find<T>(
        &self,
        seq: u64,
        also: impl FnOnce() -> T,
    ) -> (Option<(Place, Timeline)>, T) {
        let passed = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = passed.places.binary_search_by_key(&seq, |place| place.seq).ok();
        (found.map(|index| (passed.places[index], passed.timeline)), also())
    }
}

impl Passed {
    fn pass(&mut self, places: impl Iterator<Item = Place>) {
        for place in places {
            // A snapshot's place is mostly its last row's.
            if self.places.back().is_some_and(|last| last.seq >= place.seq) {
                continue;
            }
            if self.places.len() == REMEMBERED {
                self.places.pop_front();
            }
            self.places.push_back(place);
        }
    }
}
