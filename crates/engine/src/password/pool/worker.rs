//! A thread of the pool.

use std::sync::PoisonError;
use std::time::Instant;

use super::{Memory, Shared, Task};

/// Takes turns until the pool stops.
pub(super) fn run(shared: &Shared) {
    lower_priority();
    let mut memory = Memory::none();
    while let Some(task) = next(shared, &mut memory) {
        let held_before = memory.held_kib() > 0;
        let started = now();
        task.run(&mut memory);
        shared.pace.record(now().duration_since(started));
        memory.shrink_to(shared.settings.cost.memory_kib() as usize);
        shared.count(held_before, memory.held_kib() > 0);
    }
    shared.count(memory.held_kib() > 0, false);
}

/// The next task, or `None` when the pool stops. Gives the memory back where none comes for long enough.
fn next(shared: &Shared, memory: &mut Memory) -> Option<Box<dyn Task>> {
    let mut state = shared.state();
    loop {
        if state.stopped {
            return None;
        }
        if let Some(task) = state.queue.pop() {
            return Some(task);
        }
        if memory.held_kib() == 0 {
            state = shared.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
            continue;
        }
        let waited = shared.ready.wait_timeout(state, shared.settings.keep_memory);
        let (locked, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        state = locked;
        if timeout.timed_out() && state.queue.len() == 0 {
            drop(state);
            memory.free();
            shared.count(true, false);
            state = shared.state();
        }
    }
}

impl Shared {
    /// Counts a thread that came to hold memory, or ceased to.
    fn count(&self, before: bool, after: bool) {
        match (before, after) {
            (false, true) => self.holding.send_modify(|threads| *threads += 1),
            (true, false) => self.holding.send_modify(|threads| *threads -= 1),
            _ => {}
        }
    }
}

/// A hash gives way to everything else that this process does. On Linux policies belong to threads; one of the idle
/// policy is interrupted as soon as any other has work, where a merely nice one is let finish its slice, and a session
/// check would wait for it. Where other programs keep every processor busy it waits for them too, unless the server
/// has a share of its own: a control group, as the service's unit asks for and as containers have.
#[cfg(target_os = "linux")]
fn lower_priority() {
    use thread_priority::{
        NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
        set_thread_priority_and_policy, thread_native_id,
    };

    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    if let Err(error) =
        set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle)
    {
        tracing::warn!(?error, "password hashing runs at normal priority");
    }
}

/// Elsewhere priorities belong to the process, which must not give way.
#[cfg(not(target_os = "linux"))]
fn lower_priority() {}

#[expect(clippy::disallowed_methods, reason = "measures how long a hash takes; decides nothing")]
fn now() -> Instant {
    Instant::now()
}
