//! What an operator is told of rooms that begin anew: one line for all that were lost together, and no alarm where there was
//! nothing to lose.

use std::sync::{Mutex, PoisonError};

use cloakroom_model::room::Room;

/// Why a room begins anew.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Why {
    /// It has no mark, and this node never verified one there. A Redis that was emptied before that cannot be told from a
    /// new one.
    Empty,
    /// The mark that this node verified is gone.
    Gone,
    /// It has a mark, and the log does not know its place.
    OtherLog,
    /// It has a mark that says nothing.
    Unreadable,
}

/// What was told, so that it is told once.
#[derive(Default)]
pub(crate) struct Alarms(Mutex<Told>);

#[derive(Default)]
struct Told {
    /// The rooms that the last warning was about as well, by room: nothing was heard of them since.
    spoken_of: [bool; Room::COUNT as usize],
    /// Whether anything was said at all.
    anything: bool,
}

impl Alarms {
    /// Says that a room begins anew, where no line has said it already.
    pub(crate) fn begins_anew(&self, room: Room, why: Why) {
        if !self.is_news(room, why) {
            return;
        }
        match why {
            Why::Empty => tracing::info!("Redis holds no guests yet"),
            Why::Gone => {
                tracing::warn!(
                    "Redis lost what lay there: its guests and their data are forgotten"
                );
            }
            Why::OtherLog => tracing::warn!(
                "the guests in Redis are of another log than the database's (one of them was put back, or is long \
                 behind): they are forgotten"
            ),
            Why::Unreadable => {
                tracing::warn!(
                    "what Redis was told last cannot be read: the guests there are forgotten"
                );
            }
        }
    }

    /// A room was found as it was left: it is none of those that the last warning was about.
    pub(crate) fn is_there(&self, room: Room) {
        self.told(|told| told.spoken_of[usize::from(room.number())] = false);
    }

    fn is_news(&self, room: Room, why: Why) -> bool {
        self.told(|told| {
            if why == Why::Empty {
                return !std::mem::replace(&mut told.anything, true);
            }
            told.anything = true;
            let index = usize::from(room.number());
            let is_news = !told.spoken_of[index];
            if is_news {
                told.spoken_of = [true; Room::COUNT as usize];
            }
            // Its next loss is another one.
            told.spoken_of[index] = false;
            is_news
        })
    }

    fn told<T>(&self, does: impl FnOnce(&mut Told) -> T) -> T {
        // Nothing panics while it is held.
        does(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(alarms: &Alarms, why: Why) -> usize {
        Room::all().filter(|room| alarms.is_news(*room, why)).count()
    }

    #[test]
    fn what_was_lost_together_is_told_once_and_each_time() {
        let alarms = Alarms::default();
        for why in [Why::Gone, Why::OtherLog, Why::Gone] {
            assert_eq!(news(&alarms, why), 1);
        }
    }

    #[test]
    fn a_room_that_was_there_after_a_loss_is_told_of_when_it_is_lost_itself() {
        let alarms = Alarms::default();
        let [first, second, third] = [0, 1, 2].map(|number| Room::all().nth(number).unwrap());
        assert!(alarms.is_news(first, Why::Gone));
        alarms.is_there(second);
        assert!(alarms.is_news(second, Why::Gone));
        assert!(!alarms.is_news(third, Why::Gone));
    }

    #[test]
    fn an_empty_redis_is_told_of_once_and_not_after_a_loss() {
        let alarms = Alarms::default();
        assert_eq!(news(&alarms, Why::Empty), 1);
        assert_eq!(news(&alarms, Why::Empty), 0);
        assert_eq!(news(&alarms, Why::Gone), 1, "it had guests by then");

        let alarms = Alarms::default();
        assert_eq!(news(&alarms, Why::Gone), 1);
        assert_eq!(news(&alarms, Why::Empty), 0);
    }
}
