//! Data keys, unsealed.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use arc_swap::ArcSwap;
use aws_lc_rs::hmac;
use cloakroom_model::event::{Actor, Event, Kind};
use cloakroom_model::id::GrantId;
use cloakroom_model::key::DataKey;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Act, Store};
use zeroize::Zeroizing;

use super::{KeysError, MasterKeys, seal};
use crate::random::Random;

/// The data keys by their numbers. There is always one where there is a master key, and none is ever forgotten:
/// what an older one sealed or derived stays readable.
pub struct DataKeys {
    by_number: ArcSwap<BTreeMap<u32, Plain>>,
    /// What opens those that come later; `None` where there is no master key.
    masters: Option<MasterKeys>,
}

/// How often seals are replaced that another process changes at the same time.
const RESEALS: usize = 5;

/// A data key, unsealed. Overwritten when the last who holds it lets go.
pub(crate) type Plain = Arc<Zeroizing<[u8; 32]>>;

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
    pub(crate) fn none() -> Self {
        Self { by_number: ArcSwap::default(), masters: None }
    }

    /// Whether there is no master key here that they could have been opened with.
    pub(crate) fn are_none(&self) -> bool {
        self.masters.is_none()
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
            let first = new(1, masters, random, now);
            let mut event = Event::new(now, Kind::DataKeyMade, Actor::Server);
            event.detail = Some(first.number.to_string());
            // Where another process was first, its key is found below. Nobody follows the log yet.
            let act = Act { at: now, nonce: random.nonce(), event };
            let _made = store.insert_data_key(first, &act).await?;
        }
        let mut by_number = BTreeMap::new();
        for _ in 0..RESEALS {
            let stored = store.list_data_keys().await?;
            let unsealed = unseal(&stored, masters, random)?;
            by_number = unsealed.by_number;
            let Some(resealed) = unsealed.resealed else { break };
            // Another process may have done the same, or have made a key meanwhile: that is looked at again.
            if store.reseal_data_keys(&stored, &resealed).await? {
                break;
            }
        }
        Ok(Self { by_number: ArcSwap::from_pointee(by_number), masters: Some(masters.clone()) })
    }

    /// Learns the keys that were made since. One at a time, or the later one might forget what the earlier one
    /// learned.
    pub(super) async fn learn(&self, store: &dyn Store) -> Result<(), KeysError> {
        let Some(masters) = &self.masters else { return Ok(()) };
        let mut known = BTreeMap::clone(&self.by_number.load());
        let before = known.len();
        for key in store.list_data_keys().await? {
            if let Entry::Vacant(place) = known.entry(key.number) {
                place.insert(Arc::new(open(masters, &key)?.0));
            }
        }
        if known.len() > before {
            self.by_number.store(Arc::new(known));
        }
        Ok(())
    }

    /// A key to follow all that are known; `None` where there is no master key, or while it is being changed: a
    /// server that has only one of the two could not open it.
    pub(super) fn next(&self, random: &dyn Random, now: Timestamp) -> Option<DataKey> {
        let masters = self.masters.as_ref().filter(|masters| masters.previous.is_none())?;
        Some(new(self.newest() + 1, masters, random, now))
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
        self.by_number.load().last_key_value().map_or(0, |(number, _)| *number)
    }

    /// The first key that was made. What is derived from it stays when there are newer ones.
    ///
    /// # Panics
    ///
    /// In an engine without a master key, which shows no page.
    pub(crate) fn oldest(&self) -> Plain {
        Arc::clone(self.by_number.load().values().next().expect("there is always a data key"))
    }

    /// A key for one purpose, from the oldest.
    pub(crate) fn derive(&self, purpose: &[u8]) -> Zeroizing<[u8; 32]> {
        derive(&self.oldest(), purpose)
    }

    /// The key of this number.
    pub(crate) fn find(&self, number: u32) -> Option<Plain> {
        self.by_number.load().get(&number).cloned()
    }

    /// What the refresh tokens of a grant are made with.
    pub(crate) fn chain(
        &self,
        number: u32,
        grant: GrantId,
    ) -> Option<cloakroom_oauth::refresh_token::ChainKey> {
        let plain = self.find(number)?;
        Some(cloakroom_oauth::refresh_token::ChainKey::derive(&plain, grant))
    }

    /// Seals something with the newest data key; answers that key's number too.
    pub(crate) fn seal(
        &self,
        what: &str,
        plain: &[u8],
        random: &dyn Random,
    ) -> Option<(u32, Vec<u8>)> {
        let number = self.newest();
        let key = self.find(number)?;
        Some((number, seal::seal(&key, what, plain, random)))
    }

    /// Opens what [`DataKeys::seal`] sealed.
    pub(crate) fn open(
        &self,
        number: u32,
        what: &str,
        sealed: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let key = self.find(number)?;
        seal::open(&key, what, sealed).ok()
    }
}

/// A key for one purpose, from a data key: what is made with it cannot stand where another purpose is meant.
pub(crate) fn derive(data_key: &[u8; 32], purpose: &[u8]) -> Zeroizing<[u8; 32]> {
    let data_key = hmac::Key::new(hmac::HMAC_SHA256, data_key);
    let mut derived = Zeroizing::new([0; 32]);
    derived.copy_from_slice(hmac::sign(&data_key, purpose).as_ref());
    derived
}

/// What was stored, opened.
struct Unsealed {
    by_number: BTreeMap<u32, Plain>,
    /// All of them sealed with the current master key, where one is not.
    resealed: Option<Vec<DataKey>>,
}

fn unseal(
    stored: &[DataKey],
    masters: &MasterKeys,
    random: &dyn Random,
) -> Result<Unsealed, KeysError> {
    let mut by_number = BTreeMap::new();
    let mut resealed = Vec::with_capacity(stored.len());
    let mut old_seals = false;
    for key in stored {
        let (plain, with_previous) = open(masters, key)?;
        old_seals |= with_previous;
        let sealed = if with_previous {
            seal::seal(&masters.current.0, &name(key.number), plain.as_slice(), random)
        } else {
            key.sealed.clone()
        };
        resealed.push(DataKey { sealed, ..key.clone() });
        by_number.insert(key.number, Arc::new(plain));
    }
    Ok(Unsealed { by_number, resealed: old_seals.then_some(resealed) })
}

/// A new key, sealed with the current master key.
fn new(number: u32, masters: &MasterKeys, random: &dyn Random, now: Timestamp) -> DataKey {
    let plain: Zeroizing<[u8; 32]> = Zeroizing::new(random.bytes());
    let sealed = seal::seal(&masters.current.0, &name(number), plain.as_slice(), random);
    DataKey { number, sealed, created_at: now }
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
