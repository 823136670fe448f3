//! Services before the real server, in one process.

mod relying_party;
