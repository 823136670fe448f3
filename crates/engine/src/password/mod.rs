//! Hashing and checking passwords.
//!
//! Our own hashes are Argon2id (RFC 9106) with 16 random bytes of salt, kept as PHC strings. What other systems
//! made is checked once and then replaced, see [`legacy`]. Everything that costs time runs in the [`Pool`], which
//! has few threads and a short queue, so that no flood of sign-ins reaches the rest of the server.
//!
//! It rests on the crates argon2, bcrypt and scrypt and on AWS-LC. It leaves out what a good password is
//! (`model::policy::password`), who may try when (`throttle`), and a pepper: the database is the only thing that
//! holds hashes, and who can read it beside the running server can read the key as well.

mod argon2id;
mod cost;
mod hash;
pub mod legacy;
mod memory;
mod phc;
mod pool;

pub use cost::{Cost, CostOutOfRange};
pub use hash::{PasswordHash, Unusable, Verdict};
pub use memory::{Memory, NoMemory};
pub use pool::{Pool, Settings, Unavailable};
