//! Data keys, unsealed.

use std::collections::BTreeMap;

use cloakroom_model::id::GrantId;
use cloakroom_model::key::DataKey;
use cloakroom_model::time::Timestamp;
use cloakroom_store::Store;
use zeroize::Zeroizing;

use super::{KeysError, MasterKeys, seal};
use crate::random::Random;

/// The data keys by their numbers. There is always one where there is a master key.
pub struct DataKeys {
    by_number: BTreeMap<u32, Zeroizing<[u8; 32]>>,
}

/// What data keys are sealed with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Seals {
    /// There are none yet.
    None,
    /// The current master key opens all of them.
    Current,
    /// It takes the previous one too, until a server has started.
    Previous,
}

impl DataKeys {
    /// None: for an engine that has no master key.
    pub(crate) const fn none() -> Self {
        Self { by_number: BTreeMap::new() }
    }

    /// Whether there is no master key here that they could have been opened with.
    pub(crate) fn are_none(&self) -> bool {
        self.by_number.is_empty()
    }

    /// Loads the data keys, makes the first one where there is none, and seals them anew where they are sealed
    /// with the previous master key.
    pub async fn load(
        store: &dyn Store,
        masters: &MasterKeys,
        random: &dyn Random,
        now: Timestamp,
    ) -> Result<Self, KeysError> {
        if store.list_data_keys().await?.is_empty() {
            let plain: Zeroizing<[u8; 32]> = Zeroizing::new(random.bytes());
            let sealed = seal::seal(&masters.current.0, &name(1), plain.as_slice(), random);
            // Where another process was first, its key is found below.
            store.insert_data_key(DataKey { number: 1, sealed, created_at: now }).await?;
        }
        let stored = store.list_data_keys().await?;
        let mut by_number = BTreeMap::new();
        let mut resealed = Vec::with_capacity(stored.len());
        let mut old_seals = false;
        for key in &stored {
            let (plain, with_previous) = open(masters, key)?;
            old_seals |= with_previous;
            let sealed = if with_previous {
                seal::seal(&masters.current.0, &name(key.number), plain.as_slice(), random)
            } else {
                key.sealed.clone()
            };
            resealed.push(DataKey { sealed, ..key.clone() });
            by_number.insert(key.number, plain);
        }
        if old_seals {
            // Another process that did the same is as good.
            store.reseal_data_keys(&stored, &resealed).await?;
        }
        Ok(Self { by_number })
    }

    /// What the master keys open of what storage holds. Changes nothing.
    pub async fn look(store: &dyn Store, masters: &MasterKeys) -> Result<Seals, KeysError> {
        let stored = store.list_data_keys().await?;
        let mut seals = if stored.is_empty() { Seals::None } else { Seals::Current };
        for key in &stored {
            if let (_, true) = open(masters, key)? {
                seals = Seals::Previous;
            }
        }
        Ok(seals)
    }

    /// The number of the key that what is new is made with.
    #[must_use]
    pub fn newest(&self) -> u32 {
        self.by_number.last_key_value().map_or(0, |(number, _)| *number)
    }

    /// The first key that was made. What is derived from it stays when there are newer ones.
    ///
    /// # Panics
    ///
    /// In an engine without a master key, which shows no page.
    pub(crate) fn oldest(&self) -> &[u8; 32] {
        self.by_number.values().next().expect("there is always a data key")
    }

    /// The key of this number.
    pub(crate) fn find(&self, number: u32) -> Option<&[u8; 32]> {
        self.by_number.get(&number).map(|key| &**key)
    }

    /// What the refresh tokens of a grant are made with.
    pub(crate) fn chain(
        &self,
        number: u32,
        grant: GrantId,
    ) -> Option<cloakroom_oauth::refresh_token::ChainKey> {
        Some(cloakroom_oauth::refresh_token::ChainKey::derive(self.find(number)?, grant))
    }

    /// Seals a signing key with the newest data key; answers that key's number too.
    pub(super) fn seal(
        &self,
        what: &str,
        plain: &[u8],
        random: &dyn Random,
    ) -> Option<(u32, Vec<u8>)> {
        let number = self.newest();
        Some((number, seal::seal(self.find(number)?, what, plain, random)))
    }

    /// Opens what [`DataKeys::seal`] sealed.
    pub(super) fn open(
        &self,
        number: u32,
        what: &str,
        sealed: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        seal::open(self.find(number)?, what, sealed).ok()
    }
}

fn open(masters: &MasterKeys, key: &DataKey) -> Result<(Zeroizing<[u8; 32]>, bool), KeysError> {
    let with =
        |master: &super::MasterKey| seal::open(&master.0, &name(key.number), &key.sealed).ok();
    let (plain, with_previous) = match (with(&masters.current), &masters.previous) {
        (Some(plain), _) => (plain, false),
        (None, Some(previous)) => (with(previous).ok_or(KeysError::WrongMasterKey)?, true),
        (None, None) => return Err(KeysError::WrongMasterKey),
    };
    let plain = plain
        .as_slice()
        .try_into()
        .map_err(|_| KeysError::Corrupt(format!("data key {} has a wrong length", key.number)))?;
    Ok((Zeroizing::new(plain), with_previous))
}

fn name(number: u32) -> String {
    format!("cloakroom data key {number}")
}
