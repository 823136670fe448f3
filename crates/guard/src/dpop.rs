//! RFC 9449 §4.3, §7: the proof that whoever presents a token holds the key that it is bound to. Each proof counts once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use cloakroom_jose::{Algorithms, DpopProof, base64url, htu};
use serde::Deserialize;

use crate::digest::{Sha256, sha256};
use crate::refusal::Refusal;

/// How old a proof may be when it arrives, in seconds.
const AGE: u64 = 120;

/// How far the clock of its maker may be ahead of ours, in seconds.
const AHEAD: u64 = 30;

/// The longest name that a proof may have, in bytes.
const MAX_JTI: usize = 255;

/// The request that a proof came with.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    /// Where it went, as its sender sees it.
    pub(crate) url: &'a str,
    pub(crate) token: &'a str,
}

/// What a good proof tells.
pub(crate) struct Proved {
    thumbprint: String,
    mark: Sha256,
    until: u64,
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: f64,
    ath: String,
}

impl Proved {
    /// Whether the key is the one with this thumbprint.
    pub(crate) fn holds(&self, jkt: &str) -> bool {
        self.thumbprint == jkt
    }
}

/// Verifies a proof for a request, at `now` in seconds since 1970.
pub(crate) fn verify(
    proof: &str,
    request: &Request<'_>,
    accept: Algorithms,
    now: u64,
) -> Result<Proved, Refusal> {
    let proof = DpopProof::<Claims>::verify(proof, accept).map_err(|_| {
        Refusal::InvalidProof("The DPoP proof cannot be read, or is not its key's.")
    })?;
    let claims = proof.claims();
    if claims.jti.is_empty() || claims.jti.len() > MAX_JTI {
        return Err(Refusal::InvalidProof("jti of the DPoP proof is empty or too long."));
    }
    if claims.htm != request.method {
        return Err(Refusal::InvalidProof("htm of the DPoP proof is another method."));
    }
    if !htu::same(&claims.htu, request.url) {
        return Err(Refusal::InvalidProof("htu of the DPoP proof is another URL."));
    }
    let ath = base64url::encode(&sha256(request.token.as_bytes()));
    if verify_slices_are_equal(ath.as_bytes(), claims.ath.as_bytes()).is_err() {
        return Err(Refusal::InvalidProof("ath of the DPoP proof is not of this access token."));
    }
    // A number that is none, or negative, becomes 0, which is long ago.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let made_at = claims.iat as u64;
    if made_at.saturating_add(AGE) < now || made_at > now.saturating_add(AHEAD) {
        return Err(Refusal::InvalidProof("The DPoP proof was not made just now."));
    }
    let thumbprint = proof.key().thumbprint();
    let mark = sha256([&thumbprint, "\n", &claims.jti].concat().as_bytes());
    // A whole second more, since `iat` lost its fraction.
    Ok(Proved { thumbprint, mark, until: made_at + AGE + 1 })
}

/// The proofs that were used here and are still young enough to be used again: by the clock on the wall, or by the steady one,
/// since the other may be set ahead and back again.
pub(crate) struct Spent {
    shards: Box<[Mutex<Shard>]>,
    most: usize,
}

#[derive(Default)]
struct Shard {
    used: HashMap<Sha256, Until>,
    swept_at: u64,
}

/// The last second since 1970, and of the steady time, in which a proof may be used again.
struct Until {
    wall: u64,
    steady: u64,
}

const SHARDS: usize = 16;

impl Spent {
    /// Remembers at most about so many. None of them may be forgotten early, so what is more than that is refused.
    pub(crate) fn new(most: usize) -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), most: most / SHARDS }
    }

    /// Marks a proof as used. To be called when the token was found good and bound to the proof's key, so that what anybody
    /// can make leaves no mark. At `now` in seconds since 1970, and at the steady time `steady`.
    pub(crate) fn spend(&self, proved: &Proved, now: u64, steady: Duration) -> Result<(), Refusal> {
        let steady = steady.as_secs();
        let shard = &self.shards[usize::from(proved.mark[0]) % SHARDS];
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = shard.used.len() >= self.most;
        if shard.swept_at + AGE / 4 <= steady || is_full && shard.swept_at < steady {
            shard.used.retain(|_, until| until.wall >= now || until.steady >= steady);
            shard.swept_at = steady;
        }
        if shard.used.contains_key(&proved.mark) {
            return Err(Refusal::InvalidProof("The DPoP proof was used before."));
        }
        if shard.used.len() >= self.most {
            return Err(Refusal::Unavailable);
        }
        // As long as a proof may be shown whose maker's clock is ahead.
        let until = Until { wall: proved.until, steady: steady + AHEAD + AGE + 1 };
        shard.used.insert(proved.mark, until);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
