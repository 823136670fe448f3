//! Signing keys, parsed once: those that sign, those that verify, and the set that is published.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use cloakroom_jose::{
    Algorithm, Algorithms, HmacKey, Jwk, Jwks, KeyRing, SignError, Signer, SigningKey, TrustedKeys,
    VerifyingKey,
};
use cloakroom_model::id::KeyId;
use cloakroom_model::key::{SigningKey as StoredKey, Stage};
use cloakroom_oauth::access_token;
use cloakroom_store::Store;
use serde::Serialize;
use tokio::sync::Mutex;

use super::{DataKeys, KeysError};
use crate::secret::digest_bytes;

/// The keys in use. Reading them takes no lock.
pub struct Ring {
    current: ArcSwap<KeySet>,
    /// Held while keys are read again, so that what was read first is not put in place last.
    reloading: Mutex<()>,
    /// What tokens are verified with.
    pub verifying: Arc<KeyRing>,
}

/// One state of the ring.
pub struct KeySet {
    signers: HashMap<(Algorithm, Option<String>), Signer>,
    /// The same keys without their secrets that are shared, for what is not an access token.
    signing: HashMap<Algorithm, Arc<SigningKey>>,
    /// The key set for everybody.
    pub published: Published,
}

impl KeySet {
    /// What the keys that are published sign with now.
    #[must_use]
    pub fn algorithms(&self) -> Algorithms {
        self.signing.keys().copied().collect()
    }
}

/// The public key set as it is served.
#[derive(Clone, Debug)]
pub struct Published {
    /// A JWK set (RFC 7517 §5).
    pub json: Arc<str>,
    /// Names this state of it, in quotes.
    pub etag: Arc<str>,
}

impl Ring {
    /// Loads the ring.
    pub async fn load(store: &dyn Store, data_keys: &DataKeys) -> Result<Self, KeysError> {
        let (set, trusted) = read(store, data_keys).await?;
        Ok(Self {
            current: ArcSwap::from_pointee(set),
            reloading: Mutex::default(),
            verifying: Arc::new(KeyRing::new(trusted)),
        })
    }

    /// Loads it again, and the data keys that were made since.
    pub async fn reload(&self, store: &dyn Store, data_keys: &DataKeys) -> Result<(), KeysError> {
        let _alone = self.reloading.lock().await;
        let (set, trusted) = read(store, data_keys).await?;
        self.current.store(Arc::new(set));
        self.verifying.replace(trusted);
        Ok(())
    }

    /// The keys as they are now.
    #[must_use]
    pub fn keys(&self) -> Arc<KeySet> {
        self.current.load_full()
    }

    /// Whether [`Ring::sign`] would find a key.
    pub(crate) fn has_signer(&self, algorithm: Algorithm, audience: &str) -> bool {
        self.current.load().signer(algorithm, audience).is_some()
    }

    /// Signs claims as an access token. A secret shared with the audience goes before a published key where one
    /// of that algorithm is there.
    pub(crate) fn sign(
        &self,
        algorithm: Algorithm,
        audience: &str,
        claims: &impl Serialize,
    ) -> Result<String, NoKey> {
        let keys = self.current.load();
        Ok(keys.signer(algorithm, audience).ok_or(NoKey::Missing)?.sign(claims)?)
    }

    /// Signs what is no access token: an ID token, a logout token, an answer. `typ` is what it says it is.
    pub(crate) fn sign_as(
        &self,
        typ: &str,
        algorithm: Algorithm,
        claims: &impl Serialize,
    ) -> Result<String, NoKey> {
        let keys = self.current.load();
        let key = keys.signing.get(&algorithm).ok_or(NoKey::Missing)?;
        Ok(Signer::new(Arc::clone(key), typ).sign(claims)?)
    }
}

impl KeySet {
    fn signer(&self, algorithm: Algorithm, audience: &str) -> Option<&Signer> {
        let shared_with = algorithm.is_symmetric().then(|| audience.to_owned());
        self.signers.get(&(algorithm, shared_with))
    }
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum NoKey {
    /// No current key is of this algorithm (and, for HMAC, for this audience).
    #[error("there is no key of this algorithm for this audience")]
    Missing,
    /// The library refused.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// The signing keys first, and then the data keys that were made since: what a data key sealed was made after it.
async fn read(store: &dyn Store, data_keys: &DataKeys) -> Result<(KeySet, TrustedKeys), KeysError> {
    let stored = store.list_signing_keys().await?;
    data_keys.learn(store).await?;
    parse(&stored, data_keys)
}

fn parse(stored: &[StoredKey], data_keys: &DataKeys) -> Result<(KeySet, TrustedKeys), KeysError> {
    // Without a master key none can be opened, and none is needed.
    let stored = if data_keys.are_none() { &[] } else { stored };
    let (mut signers, mut signing) = (HashMap::new(), HashMap::new());
    let mut trusted = TrustedKeys::default();
    let mut published = Vec::new();
    for key in stored {
        let corrupt = |what: &dyn std::fmt::Display| {
            KeysError::Corrupt(format!("signing key {}: {what}", key.id))
        };
        let signs = match key.stage {
            Stage::Current { .. } => true,
            Stage::Next { .. } | Stage::Retired { .. } => false,
            Stage::Compromised { .. } => continue,
        };
        let algorithm: Algorithm = key.algorithm.parse().map_err(|error| corrupt(&error))?;
        let open = || {
            data_keys
                .open(key.data_key, &sealed_as(&key.id), &key.sealed)
                .ok_or_else(|| corrupt(&"it does not open with its data key"))
        };
        if let Some(audience) = &key.audience {
            let secret = open()?;
            let shared = HmacKey::new(algorithm, key.id.0.as_str(), audience.as_str(), &secret);
            let shared = shared.map_err(|error| corrupt(&error))?;
            if signs {
                let signer = Signer::new(Arc::new(SigningKey::from(&shared)), access_token::TYP);
                signers.insert((algorithm, Some(audience.clone())), signer);
            }
            trusted = trusted.with_secret(shared).map_err(|error| corrupt(&error))?;
        } else {
            let public =
                key.public.as_deref().ok_or_else(|| corrupt(&"its public half is missing"))?;
            let jwk = Jwk::from_json(public.as_bytes()).map_err(|error| corrupt(&error))?;
            let verifying =
                VerifyingKey::from_jwk(&jwk, algorithm.into()).map_err(|error| corrupt(&error))?;
            trusted = trusted.with(verifying).map_err(|error| corrupt(&error))?;
            published.push(jwk);
            if signs {
                let private = open()?;
                let parsed =
                    SigningKey::from_pkcs8(algorithm, &private).map_err(|error| corrupt(&error))?;
                let parsed = Arc::new(parsed.with_kid(key.id.0.as_str()));
                signers
                    .insert((algorithm, None), Signer::new(Arc::clone(&parsed), access_token::TYP));
                signing.insert(algorithm, parsed);
            }
        }
    }
    let json =
        Jwks::new(published).map_err(|error| KeysError::Corrupt(error.to_string()))?.to_json();
    let digest = digest_bytes(json.as_bytes());
    let etag =
        digest.0[..8].iter().fold(String::from("\""), |text, byte| format!("{text}{byte:02x}"))
            + "\"";
    Ok((
        KeySet { signers, signing, published: Published { json: json.into(), etag: etag.into() } },
        trusted,
    ))
}

/// What a signing key's seal is bound to.
pub(super) fn sealed_as(id: &KeyId) -> String {
    format!("cloakroom signing key {id}")
}
