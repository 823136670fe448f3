//! A thread of the pool.

use std::sync::PoisonError;
use std::time::Instant;

use super::{Memory, Shared, Task, Weather};

/// Takes turns in this weather until the pool stops.
pub(super) fn run(shared: &Shared, weather: Weather) {
    give_way(weather);
    let mut memory = Memory::none();
    while let Some(task) = next(shared, weather, &mut memory) {
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
fn next(shared: &Shared, weather: Weather, memory: &mut Memory) -> Option<Box<dyn Task>> {
    let ready = shared.ready(weather);
    let mut state = shared.state();
    loop {
        if state.stopped {
            return None;
        }
        if state.weather == weather {
            let task = state.queue.pop();
            if state.queue.len() == 0 {
                // Nobody waits any more.
                state.weather = Weather::Calm;
            }
            if task.is_some() {
                return task;
            }
        }
        if memory.held_kib() == 0 {
            state = ready.wait(state).unwrap_or_else(PoisonError::into_inner);
            continue;
        }
        let waited = ready.wait_timeout(state, shared.settings.keep_memory);
        let (locked, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        state = locked;
        if timeout.timed_out() && (state.weather != weather || state.queue.len() == 0) {
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

/// A hash gives way to everything else that this process does. On Linux priorities belong to threads.
///
/// In calm weather a thread is nice, and has a small share of the processor even where other programs want all of it. A
/// nice thread is let finish its slice, though, and a session check that comes meanwhile waits for it. In a storm there
/// is always such a thread, so those of the storm have the idle policy: they are interrupted as soon as any other has
/// work, and have nothing while others have.
#[cfg(target_os = "linux")]
fn give_way(weather: Weather) {
    use rustix::process::{getpriority_process, setpriority_process};
    use thread_priority::{
        NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
        set_thread_priority_and_policy, thread_native_id,
    };

    let given = match weather {
        Weather::Calm => getpriority_process(None)
            .and_then(|inherited| setpriority_process(None, inherited.max(super::NICE)))
            .map_err(|error| error.to_string()),
        Weather::Storm => {
            let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
            set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle)
                .map_err(|error| format!("{error:?}"))
        }
    };
    if let Err(error) = given {
        tracing::warn!(error, "password hashing runs at normal priority");
    }
}

/// Elsewhere priorities belong to the process, which must not give way.
#[cfg(not(target_os = "linux"))]
fn give_way(_: Weather) {}

#[expect(clippy::disallowed_methods, reason = "measures how long a hash takes; decides nothing")]
fn now() -> Instant {
    Instant::now()
}
