//! A store that pauses before and after every verb, so that a seed decides who goes on.
//!
//! [`Turns`] runs tasks on one thread: at each step the seed picks one of them, which then runs to its next
//! pause. Two runs of one seed are the same run.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use cloakroom_store::{
    Clients, Codes, Consents, DeviceRequests, Events, Grants, Guests, InitialTokens, Keys, Links,
    Marks, PushedRequests, RelyingParties, Revocations, SessionData, Sessions, Statuses, Streams,
    Throttles, Users, every_verb,
};

use crate::randomness::Seeded;

/// A store that pauses before and after every verb.
#[derive(Clone, Debug)]
pub struct Interleaved<S: ?Sized>(pub Arc<S>);

macro_rules! pausing {
    ($trait:ident {
        $($verb:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*
        $(=> $hint:ident;)?
    }) => {
        #[async_trait]
        impl<S: $trait + ?Sized> $trait for Interleaved<S> {
            $(
                async fn $verb(&self $(, $argument: $type)*) -> $answer {
                    pause().await;
                    let answer = self.0.$verb($($argument),*).await;
                    pause().await;
                    answer
                }
            )*
            $(
                async fn $hint(&self) {
                    self.0.$hint().await;
                }
            )?
        }
    };
}

every_verb!(pausing);

/// Lets somebody else go on.
pub fn pause() -> impl Future<Output = ()> + Send {
    let mut paused = false;
    std::future::poll_fn(move |context: &mut Context<'_>| {
        if paused {
            return Poll::Ready(());
        }
        paused = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
}

/// Tasks that take turns as a seed decides.
pub struct Turns<'a> {
    tasks: Vec<Pin<Box<dyn Future<Output = ()> + 'a>>>,
    seed: u64,
}

impl<'a> Turns<'a> {
    /// No tasks yet.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { tasks: Vec::new(), seed }
    }

    /// Adds a task.
    pub fn add(&mut self, task: impl Future<Output = ()> + 'a) {
        self.tasks.push(Box::pin(task));
    }

    /// Runs all of them to their ends, where some wait for a network meanwhile. Whoever can go on does so in the order that
    /// the seed decides; who can, the network does, so that two runs of one seed are only alike.
    pub fn run_over_a_network(mut self) -> impl Future<Output = ()> + 'a {
        let choices = Seeded::new(self.seed);
        std::future::poll_fn(move |context| {
            let mut waiting = std::mem::take(&mut self.tasks);
            while !waiting.is_empty() {
                let mut task = waiting.swap_remove(choices.below(waiting.len()));
                if task.as_mut().poll(context).is_pending() {
                    self.tasks.push(task);
                }
            }
            if self.tasks.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
    }

    /// Runs all of them to their ends.
    ///
    /// # Panics
    ///
    /// When a task panics, or when none of them comes to an end: a task that waits for something other than a
    /// pause or another task does not belong here.
    pub fn run(mut self) {
        let choices = Seeded::new(self.seed);
        let mut context = Context::from_waker(Waker::noop());
        let mut steps = 0_u32;
        while !self.tasks.is_empty() {
            let chosen = choices.below(self.tasks.len());
            if self.tasks[chosen].as_mut().poll(&mut context).is_ready() {
                drop(self.tasks.swap_remove(chosen));
            }
            steps += 1;
            assert!(steps < 1_000_000, "seed {}: the tasks wait for each other", self.seed);
        }
    }
}
