//! Sealed keys.

use async_trait::async_trait;
use cloakroom_model::id::KeyId;
use cloakroom_model::key::{DataKey, SigningKey, Stage};

use crate::{Act, Done, Error};

/// Sealed keys. Nothing here can be used without the master key.
#[async_trait]
pub trait Keys: Send + Sync {
    /// All data keys, by number.
    async fn list_data_keys(&self) -> Result<Vec<DataKey>, Error>;

    /// Keeps a new data key, and appends a `changed` row for the key that [`DataKey::id`] names; `None` where its
    /// number is taken (another process was first).
    ///
    /// Without the row, another node would meet what is sealed with a key that it does not know.
    async fn insert_data_key(&self, key: DataKey, act: &Act) -> Result<Option<Done<()>>, Error>;

    /// Replaces the seals of all data keys, if they are still exactly `seen`; `false` where they are not.
    async fn reseal_data_keys(&self, seen: &[DataKey], resealed: &[DataKey])
    -> Result<bool, Error>;

    /// All signing keys, the oldest first.
    async fn list_signing_keys(&self) -> Result<Vec<SigningKey>, Error>;

    /// Keeps a new signing key, and appends a `changed` row for it. `None` where one of the same algorithm,
    /// audience and kind of stage is there already and is `Next` or `Current`, or one of the same id: two nodes
    /// that rotate at once make one key.
    async fn insert_signing_key(
        &self,
        key: SigningKey,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error>;

    /// Moves a key on, with a `changed` row, or an `ended` one where it is compromised; `None` where it is no
    /// longer at `from`. The key that is current for the same algorithm and audience is retired in the same act
    /// when this one becomes current.
    async fn advance_signing_key(
        &self,
        advance: AdvanceKey,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error>;

    /// Forgets a key that is retired or compromised; `false` where there is none, or where it is neither.
    async fn delete_signing_key(&self, id: &KeyId, act: &Act) -> Result<bool, Error>;
}

/// One step in a signing key's life.
#[derive(Clone, Debug)]
pub struct AdvanceKey {
    /// Which.
    pub key: KeyId,
    /// Where it is.
    pub from: Stage,
    /// Where it goes.
    pub to: Stage,
}
