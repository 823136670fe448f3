//! Answers that are remembered, and failures for a little while.
//!
//! While one asks, others who want the same wait for its answer. Bounded by what the answers weigh, whatever strangers
//! make this server ask for.

use std::time::Duration;

use cloakroom_engine::fetch::{FetchError, Fetched};
use quick_cache::sync::{Cache, DefaultLifecycle, EntryAction, EntryResult, PlaceholderGuard};
use quick_cache::{DefaultHashBuilder, Weighter};

/// How long a failure keeps the same question from being asked again.
const FAILURES_KNOWN_FOR: Duration = Duration::from_secs(30);

/// What all answers together may weigh, in bytes.
const CAPACITY: u64 = 16 << 20;

/// About as many answers as that is, for the sizes that are usual.
const USUAL_ITEMS: usize = 4096;

/// What an answer weighs beside its text.
const FRAME: usize = 256;

pub(crate) type Answer = Result<Fetched, FetchError>;

/// A question: the URL, and how large the answer may be.
pub(crate) type Question = (Box<str>, usize);

/// What is known of questions.
pub(crate) struct Remembered(Cache<Question, Known, Weight>);

/// How old an answer may be. Failures of a moment ago stand for everybody.
#[derive(Clone, Copy)]
pub(crate) enum Since {
    /// As old as it says of itself.
    Ever,
    /// It came after this look began: somebody else was asking.
    Now,
}

/// What is known.
pub(crate) enum Found<'a> {
    /// This answer, which is still good.
    Answer(Answer),
    /// Nothing; whoever holds this asks, and others wait until it is told or dropped.
    Nothing(Asking<'a>),
}

/// The right to ask.
pub(crate) struct Asking<'a>(Guard<'a>);

type Guard<'a> = PlaceholderGuard<
    'a,
    Question,
    Known,
    Weight,
    DefaultHashBuilder,
    DefaultLifecycle<Question, Known>,
>;

#[derive(Clone)]
struct Known {
    answer: Answer,
    /// By the steady clock.
    at: Duration,
    /// By the steady clock.
    until: Duration,
}

impl Known {
    fn is_good(&self, since: Since, now: Duration) -> bool {
        let is_new = match since {
            Since::Ever => true,
            Since::Now => self.at >= now || !is_found(&self.answer),
        };
        is_new && now < self.until
    }
}

impl Remembered {
    pub(crate) fn new() -> Self {
        Self(Cache::with_weighter(USUAL_ITEMS, CAPACITY, Weight))
    }

    /// Finds what is known at the steady time `now`.
    pub(crate) async fn find(&self, question: &Question, since: Since, now: Duration) -> Found<'_> {
        let entry = self.0.entry_async(question, |_, known| {
            if known.is_good(since, now) {
                EntryAction::Retain(known.answer.clone())
            } else {
                EntryAction::ReplaceWithGuard
            }
        });
        match entry.await {
            EntryResult::Retained(answer) => Found::Answer(answer),
            EntryResult::Vacant(guard) | EntryResult::Replaced(guard, _) => {
                Found::Nothing(Asking(guard))
            }
            // Neither of them was asked for.
            EntryResult::Removed(..) | EntryResult::Timeout => Found::Answer(Err(FetchError::Busy)),
        }
    }
}

impl Asking<'_> {
    /// Tells what was answered, which holds from the steady time `now` on. That there was no time to ask says nothing
    /// about the other server, and is not remembered.
    pub(crate) fn tell(self, answer: &Answer, now: Duration) {
        let good_for = match answer {
            Err(FetchError::Busy) => return,
            Ok(fetched) if is_found(answer) => fetched.fresh_for,
            Ok(_) | Err(_) => FAILURES_KNOWN_FOR,
        };
        // An error means that it was taken out meanwhile, and then it is not remembered.
        let _ = self.0.insert(Known { answer: answer.clone(), at: now, until: now + good_for });
    }
}

fn is_found(answer: &Answer) -> bool {
    answer.as_ref().is_ok_and(|fetched| fetched.status == 200)
}

#[derive(Clone)]
struct Weight;

impl Weighter<Question, Known> for Weight {
    fn weight(&self, (url, _): &Question, known: &Known) -> u64 {
        let body = known.answer.as_ref().map_or(0, |fetched| fetched.body.len());
        (FRAME + url.len() + body) as u64
    }
}
