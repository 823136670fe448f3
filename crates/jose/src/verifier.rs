//! Verification that remembers: the second look at a token costs a digest instead of a signature.
//!
//! A memory belongs to one set of expectations and one ring, because an answer is only right for both. It knows tokens
//! by the SHA-256 of the whole text, so neither another token with the same claims nor another spelling of the same
//! signature meets an entry, and no token that could be presented is kept. Times are checked on every look, and an entry
//! counts only as long as the ring holds the very key that verified it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::expectations::Expectations;
use crate::trusted_keys::{Generation, KeyRing};
use crate::verify::Verified;

type Digest = [u8; 32];

/// Verifies tokens of one kind against a ring, with a bounded memory of what it verified.
pub struct Verifier<C> {
    ring: Arc<KeyRing>,
    expect: Expectations,
    memory: Cache<Digest, Arc<Entry<C>>, Weight>,
}

struct Entry<C> {
    verified: Arc<Verified<C>>,
    key: Digest,
    /// The state of the ring in which the key was last seen.
    generation: AtomicU64,
    weight: u64,
}

impl<C: DeserializeOwned> Verifier<C> {
    /// A verifier whose memory holds up to about `memory_bytes`; what is used least goes first. With 0 it remembers
    /// nothing.
    #[must_use]
    pub fn new(ring: Arc<KeyRing>, expect: Expectations, memory_bytes: u64) -> Self {
        // An estimate of entries, for the first allocation alone.
        let entries = usize::try_from(memory_bytes / 1024).unwrap_or(usize::MAX).clamp(1, 4096);
        Self { ring, expect, memory: Cache::with_weighter(entries, memory_bytes, Weight) }
    }

    /// Verifies `token` at `now` in seconds since 1970, or recognises it.
    pub fn verify(&self, token: &str, now: u64) -> Result<Arc<Verified<C>>, Error> {
        self.expect.size(token)?;
        let digest = sha256(token);
        let generation = self.ring.generation();
        if let Some(entry) = self.memory.get(&digest) {
            if entry.still_stands(&generation) {
                self.expect.times(entry.verified.times(), now)?;
                return Ok(Arc::clone(&entry.verified));
            }
            self.memory.remove(&digest);
        }
        let verified: Arc<Verified<C>> =
            Arc::new(generation.keys.verify(token, &self.expect, now)?);
        let key = generation.keys.choose(Some(verified.kid()), true)?.identity();
        // The claims as a value take about as much as their text.
        let weight = (token.len() + size_of::<Entry<C>>() + size_of::<Verified<C>>() + 256) as u64;
        let entry = Entry {
            verified: Arc::clone(&verified),
            key,
            generation: AtomicU64::new(generation.number),
            weight,
        };
        self.memory.insert(digest, Arc::new(entry));
        Ok(verified)
    }

    /// What this verifier expects.
    #[must_use]
    pub fn expectations(&self) -> &Expectations {
        &self.expect
    }

    /// The keys it goes by.
    #[must_use]
    pub fn ring(&self) -> &Arc<KeyRing> {
        &self.ring
    }

    /// How many tokens it remembers, dead ones included.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.memory.len()
    }

    /// Forgets everything.
    pub fn forget_all(&self) {
        self.memory.clear();
    }
}

impl<C> Entry<C> {
    /// Whether the key that verified this is still trusted, under its name and for the algorithm that was used.
    fn still_stands(&self, ring: &Generation) -> bool {
        // Relaxed: the number says only that the keys below need not be compared again; it publishes nothing.
        if self.generation.load(Ordering::Relaxed) == ring.number {
            return true;
        }
        let stands = ring.keys.choose(Some(self.verified.kid()), true).is_ok_and(|key| {
            key.identity() == self.key && key.algorithms().contains(self.verified.algorithm())
        });
        if stands {
            self.generation.store(ring.number, Ordering::Relaxed);
        }
        stands
    }
}

fn sha256(token: &str) -> Digest {
    let digest = digest::digest(&digest::SHA256, token.as_bytes());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    bytes
}

#[derive(Clone)]
struct Weight;

impl<C> Weighter<Digest, Arc<Entry<C>>> for Weight {
    fn weight(&self, _: &Digest, entry: &Arc<Entry<C>>) -> u64 {
        entry.weight
    }
}

/// What it expects, and how much it remembers; no token.
impl<C> fmt::Debug for Verifier<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("expect", &self.expect)
            .field("remembered", &self.memory.len())
            .finish_non_exhaustive()
    }
}
