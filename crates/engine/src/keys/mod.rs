//! Keys: the master key seals data keys, a data key seals signing keys and derives refresh tokens.
//!
//! Storage holds all of them sealed; the master key is never stored. What is unsealed is held here, parsed
//! once, and replaced whole when the log says that a key changed.

mod data_keys;
mod master;
mod renew;
mod ring;
mod rotate;
mod seal;

pub(crate) use data_keys::derive;
pub use data_keys::{DataKeys, Seals};
pub use master::{MasterKey, MasterKeys, NotAMasterKey};
pub use ring::{KeySet, NoKey, Published, Ring};
pub use rotate::{KeyView, RotateError};
pub use seal::WrongKey;

/// Why the keys could not be put to use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The master key is not the one that the stored keys were sealed with.
    #[error(
        "the master key does not fit this database: set CLOAKROOM_MASTER_KEY (or the key file) to the one it was made \
         with; to change the key, give the old one as CLOAKROOM_MASTER_KEY_PREVIOUS"
    )]
    WrongMasterKey,
    /// A stored key does not make sense.
    #[error("a stored key is corrupt: {0}")]
    Corrupt(String),
    /// No key could be made.
    #[error("a key could not be made")]
    Make(#[source] cloakroom_jose::KeyError),
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] cloakroom_store::Error),
}
