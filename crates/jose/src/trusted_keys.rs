//! The keys that a verifier trusts, by `kid`, and a ring that replaces them while others verify.
//!
//! A set never changes once it is in the ring; a change is a new set. So a verification sees one set from beginning to
//! end, and readers never wait.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use arc_swap::ArcSwap;
use serde::de::DeserializeOwned;

use crate::algorithm::{Algorithm, Algorithms};
use crate::error::{Error, KeyError};
use crate::expectations::Expectations;
use crate::hmac_key::HmacKey;
use crate::verify::Verified;
use crate::verifying_key::VerifyingKey;

/// A set of trusted keys, at most one for each `kid`.
#[derive(Debug, Clone, Default)]
pub struct TrustedKeys {
    /// Ordered, since among a few names an order finds one sooner than a hash.
    by_kid: BTreeMap<Arc<str>, Trusted>,
}

#[derive(Debug, Clone)]
pub(crate) enum Trusted {
    Public(VerifyingKey),
    Secret(HmacKey),
}

impl TrustedKeys {
    /// The set of these public keys. Two of one `kid` are refused.
    pub fn new(keys: impl IntoIterator<Item = VerifyingKey>) -> Result<Self, KeyError> {
        keys.into_iter().try_fold(Self::default(), Self::with)
    }

    /// The set with one more public key.
    pub fn with(self, key: VerifyingKey) -> Result<Self, KeyError> {
        self.insert(key.kid_arc(), Trusted::Public(key))
    }

    /// The set with a shared secret. This is the only way for one to be trusted.
    pub fn with_secret(self, key: HmacKey) -> Result<Self, KeyError> {
        self.insert(key.kid_arc(), Trusted::Secret(key))
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_kid.len()
    }

    /// Whether nothing is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_kid.is_empty()
    }

    /// Whether there is a key of that name.
    #[must_use]
    pub fn contains(&self, kid: &str) -> bool {
        self.by_kid.contains_key(kid)
    }

    pub(crate) fn choose(&self, kid: Option<&str>, kid_required: bool) -> Result<&Trusted, Error> {
        match kid {
            Some(kid) => self.by_kid.get(kid).ok_or(Error::KeyUnknown),
            None if kid_required || self.by_kid.len() != 1 => Err(Error::KeyIdMissing),
            None => self.by_kid.values().next().ok_or(Error::KeyUnknown),
        }
    }

    fn insert(mut self, kid: Arc<str>, key: Trusted) -> Result<Self, KeyError> {
        match self.by_kid.entry(kid) {
            Entry::Occupied(_) => Err(KeyError::DuplicateKid),
            Entry::Vacant(place) => {
                place.insert(key);
                Ok(self)
            }
        }
    }
}

impl Trusted {
    pub(crate) fn kid(&self) -> Arc<str> {
        match self {
            Self::Public(key) => key.kid_arc(),
            Self::Secret(key) => key.kid_arc(),
        }
    }

    pub(crate) fn algorithms(&self) -> Algorithms {
        match self {
            Self::Public(key) => key.algorithms(),
            Self::Secret(key) => key.algorithm().into(),
        }
    }

    pub(crate) fn only_audience(&self) -> Option<&str> {
        match self {
            Self::Public(_) => None,
            Self::Secret(key) => Some(key.audience()),
        }
    }

    pub(crate) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Public(key) => key.verifies(algorithm, message, signature),
            Self::Secret(key) => key.verifies(message, signature),
        }
    }

    /// The same for the same key material (and audience, for a secret), whoever parsed it.
    pub(crate) fn identity(&self) -> [u8; 32] {
        match self {
            Self::Public(key) => key.thumbprint(),
            Self::Secret(key) => key.identity(),
        }
    }
}

/// Trusted keys that can be replaced at any time.
#[derive(Debug, Default)]
pub struct KeyRing {
    current: ArcSwap<Generation>,
}

/// One state of the ring.
#[derive(Debug, Default)]
pub(crate) struct Generation {
    pub(crate) number: u64,
    pub(crate) keys: Arc<TrustedKeys>,
}

impl KeyRing {
    /// A ring with these keys.
    #[must_use]
    pub fn new(keys: TrustedKeys) -> Self {
        Self { current: ArcSwap::from_pointee(Generation { number: 0, keys: Arc::new(keys) }) }
    }

    /// Trusts these keys from now on and no others. Whoever begins to verify after this returns uses them, and what a
    /// [`Verifier`](crate::Verifier) remembers by a key that is gone is forgotten.
    pub fn replace(&self, keys: TrustedKeys) {
        let keys = Arc::new(keys);
        self.current
            .rcu(|before| Generation { number: before.number + 1, keys: Arc::clone(&keys) });
    }

    /// The keys that are trusted now.
    #[must_use]
    pub fn keys(&self) -> Arc<TrustedKeys> {
        Arc::clone(&self.current.load().keys)
    }

    /// Verifies with the keys that are trusted now; see [`TrustedKeys::verify`].
    pub fn verify<C: DeserializeOwned>(
        &self,
        token: &str,
        expect: &Expectations,
        now: u64,
    ) -> Result<Verified<C>, Error> {
        self.current.load().keys.verify(token, expect, now)
    }

    pub(crate) fn generation(&self) -> arc_swap::Guard<Arc<Generation>> {
        self.current.load()
    }
}
