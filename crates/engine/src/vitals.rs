//! What an operator watches.

use crate::Engine;

/// The state of a node at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Vitals {
    /// How many sessions this node remembers.
    pub sessions: usize,
    /// How many passwords wait to be hashed.
    pub passwords_waiting: usize,
}

impl Engine {
    /// How this node is doing.
    #[must_use]
    pub fn vitals(&self) -> Vitals {
        Vitals { sessions: self.memory.sessions(), passwords_waiting: self.passwords.waiting() }
    }
}
