//! Making signing keys, putting them to use, and giving them up.

use cloakroom_jose::{Algorithm, SigningKey};
use cloakroom_model::client::Client;
use cloakroom_model::event::{Actor, Kind};
use cloakroom_model::id::KeyId;
use cloakroom_model::key::{SigningKey as StoredKey, Stage};
use cloakroom_model::policy::key_rotation::Step;
use cloakroom_model::registration::{AnswerSigning, GrantType};
use cloakroom_oauth::profile::Rules;
use cloakroom_oauth::ssf;
use cloakroom_store::AdvanceKey;
use serde::Serialize;
use zeroize::Zeroizing;

use super::KeysError;
use super::ring::sealed_as;
use crate::Engine;

/// Why a key was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RotateError {
    /// There is no such key.
    #[error("there is no key of this name")]
    NoKey,
    /// It is not an algorithm that tokens can be signed with here.
    #[error("the algorithm does not fit: {0}")]
    Algorithm(String),
    /// The master key is being changed.
    #[error(
        "the master key is being changed: start the server once with both, then without the previous one, and then \
         renew the data key"
    )]
    MasterKeyChanges,
    /// Somebody else changed the keys at the same time.
    #[error("the keys were changed by somebody else at the same time; look again")]
    Lost,
    /// The keys could not be read or made.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

impl From<cloakroom_store::Error> for RotateError {
    fn from(error: cloakroom_store::Error) -> Self {
        Self::Keys(error.into())
    }
}

/// A signing key without what signs.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct KeyView {
    /// Its name in a token's header.
    pub id: KeyId,
    /// Its `alg`.
    pub algorithm: String,
    /// The audience that shares it, for HMAC.
    pub audience: Option<String>,
    /// Where it is in its life.
    pub stage: Stage,
}

impl Engine {
    /// All signing keys, the oldest first.
    pub async fn list_keys(&self) -> Result<Vec<KeyView>, cloakroom_store::Error> {
        let keys = self.store.list_signing_keys().await?;
        Ok(keys.into_iter().map(view).collect())
    }

    /// Does what the schedule asks for now: makes, promotes and forgets keys. Answers whether anything changed.
    pub async fn rotate_keys_on_schedule(&self) -> Result<bool, KeysError> {
        self.rotate_keys(self.signing_algorithms()).await
    }

    /// Makes the keys that a client's tokens and answers will be signed with. To be called before anybody can know the
    /// client: a key can take a second, and until it is there nothing can be signed for the client.
    pub(crate) async fn make_keys_for(&self, client: &Client) -> Result<(), KeysError> {
        let rules = self.rules();
        let of_client = algorithms_of(client, rules).into_iter();
        let made = of_client.filter(|it| !it.is_symmetric() && rules.algorithms.contains(*it));
        self.rotate_keys(made.collect()).await?;
        Ok(())
    }

    async fn rotate_keys(&self, algorithms: Vec<Algorithm>) -> Result<bool, KeysError> {
        if self.data_keys.are_none() {
            return Ok(false);
        }
        let (mut changed, mut tried) = (false, false);
        // A step may call for another: a compromised key for a new one, a new one for its use.
        for _ in 0..4 {
            let stored = self.store.list_signing_keys().await?;
            let wanted: Vec<&str> = algorithms.iter().map(|algorithm| algorithm.name()).collect();
            let steps = self.settings.key_rotation.decide(&stored, &wanted, self.time.now());
            if steps.is_empty() {
                break;
            }
            tried = true;
            for step in steps {
                changed |= self.carry_out(step).await?;
            }
        }
        // Also where another node was faster, before or after it was looked: its keys are needed here as well.
        let lacks = |algorithm: &Algorithm| !self.ring.has_signer(*algorithm, "");
        if tried || algorithms.iter().any(lacks) {
            self.ring.reload(&*self.store, &self.data_keys).await?;
        }
        Ok(changed)
    }

    /// Retires the current key of an algorithm now, and signs with its successor.
    pub async fn rotate_key(
        &self,
        algorithm: Algorithm,
        actor: Actor,
    ) -> Result<KeyView, RotateError> {
        if algorithm.is_symmetric() {
            return Err(RotateError::Algorithm(format!(
                "{algorithm} needs the audience that shares it: add a key for it instead"
            )));
        }
        let find_next = |keys: Vec<StoredKey>| {
            keys.into_iter().find(|key| {
                key.algorithm == algorithm.name()
                    && key.audience.is_none()
                    && matches!(key.stage, Stage::Next { .. })
            })
        };
        let next = if let Some(next) = find_next(self.store.list_signing_keys().await?) {
            next
        } else {
            self.make_key(algorithm, Stage::Next { since: self.time.now() }, actor).await?;
            find_next(self.store.list_signing_keys().await?).ok_or(RotateError::Lost)?
        };
        let to = Stage::Current { since: self.time.now() };
        if !self.advance_key(&next.id, next.stage, to, Kind::KeyActivated, actor).await? {
            return Err(RotateError::Lost);
        }
        self.ring.reload(&*self.store, &self.data_keys).await.map_err(RotateError::Keys)?;
        Ok(KeyView { stage: to, ..view(next) })
    }

    /// Gives a key up: neither signs nor verifies any more, here and wherever the log is followed, within the
    /// second. Its successor signs before that, so that there is no moment without a key.
    pub async fn compromise_key(&self, id: &KeyId, actor: Actor) -> Result<(), RotateError> {
        let mut key = self.find_key(id).await?;
        if key.audience.is_none() && matches!(key.stage, Stage::Current { .. }) {
            let algorithm = key.algorithm.parse().map_err(|_| KeysError::Corrupt(key.algorithm))?;
            self.rotate_key(algorithm, actor).await?;
            key = self.find_key(id).await?;
        }
        if !matches!(key.stage, Stage::Compromised { .. }) {
            let to = Stage::Compromised { since: self.time.now() };
            if !self.advance_key(id, key.stage, to, Kind::KeyCompromised, actor).await? {
                return Err(RotateError::Lost);
            }
        }
        self.rotate_keys_on_schedule().await?;
        self.ring.reload(&*self.store, &self.data_keys).await?;
        Ok(())
    }

    async fn find_key(&self, id: &KeyId) -> Result<StoredKey, RotateError> {
        let stored = self.store.list_signing_keys().await?;
        stored.into_iter().find(|key| key.id == *id).ok_or(RotateError::NoKey)
    }

    /// Makes a secret that is shared with one audience, and shows it this once. An earlier one of the same
    /// algorithm for the audience is retired.
    pub async fn add_shared_key(
        &self,
        algorithm: Algorithm,
        audience: &str,
        actor: Actor,
    ) -> Result<(KeyView, Zeroizing<Vec<u8>>), RotateError> {
        if !algorithm.is_symmetric() {
            return Err(RotateError::Algorithm(format!(
                "{algorithm} has a public key and needs no shared secret"
            )));
        }
        let secret = Zeroizing::new(self.random.bytes::<64>().to_vec());
        let random: [u8; 8] = self.random.bytes();
        let id = KeyId(format!("hs-{}", u64::from_be_bytes(random)));
        let next = self.stored_key(
            &id,
            algorithm,
            Some(audience.to_owned()),
            None,
            &secret,
            Stage::Next { since: self.time.now() },
        )?;
        let mut act = self.act(Kind::KeyMade, actor);
        act.event.detail = Some(id.to_string());
        let done =
            self.store.insert_signing_key(next.clone(), &act).await?.ok_or(RotateError::Lost)?;
        self.heard(&done.rows).await;
        let to = Stage::Current { since: self.time.now() };
        if !self.advance_key(&id, next.stage, to, Kind::KeyActivated, actor).await? {
            return Err(RotateError::Lost);
        }
        self.ring.reload(&*self.store, &self.data_keys).await?;
        Ok((KeyView { stage: to, ..view(next) }, secret))
    }

    /// The algorithms that tokens are signed with: the issuer's own and the clients'.
    fn signing_algorithms(&self) -> Vec<Algorithm> {
        let (clients, rules) = (self.clients.all(), self.rules());
        // Who comes of its own accord and says nothing gets what OpenID Connect has as the default, and is told before.
        let default = self.settings.own_accord.is_on().then_some(rules.default_algorithm);
        let mut all: Vec<Algorithm> = std::iter::once(self.settings.algorithm)
            .chain(default)
            .chain(clients.iter().flat_map(|client| algorithms_of(client, rules)))
            .filter(|algorithm: &Algorithm| !algorithm.is_symmetric())
            .filter(|algorithm| rules.algorithms.contains(*algorithm))
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    async fn carry_out(&self, step: Step) -> Result<bool, KeysError> {
        match step {
            Step::Make { algorithm, stage } => {
                let algorithm = algorithm.parse().map_err(|_| KeysError::Corrupt(algorithm))?;
                self.make_key(algorithm, stage, Actor::Server).await
            }
            Step::Promote { key, from } => {
                let to = Stage::Current { since: self.time.now() };
                Ok(self.advance_key(&key, from, to, Kind::KeyActivated, Actor::Server).await?)
            }
            Step::Forget(key) => {
                let mut act = self.act(Kind::KeyRetired, Actor::Server);
                act.event.detail = Some(key.to_string());
                Ok(self.store.delete_signing_key(&key, &act).await?)
            }
        }
    }

    async fn make_key(
        &self,
        algorithm: Algorithm,
        stage: Stage,
        actor: Actor,
    ) -> Result<bool, KeysError> {
        // RSA takes a second: not on a thread that answers requests.
        let key = tokio::task::spawn_blocking(move || SigningKey::generate(algorithm))
            .await
            .map_err(|error| KeysError::Corrupt(error.to_string()))?
            .map_err(KeysError::Make)?;
        let id = KeyId(key.kid().to_owned());
        let private = key.to_pkcs8().map_err(KeysError::Make)?;
        let public = key.public_jwk().map(|jwk| jwk.to_json());
        let stored = self.stored_key(&id, algorithm, None, public, private.as_bytes(), stage)?;
        let mut act = self.act(Kind::KeyMade, actor);
        act.event.detail = Some(id.to_string());
        let Some(done) = self.store.insert_signing_key(stored, &act).await? else {
            return Ok(false);
        };
        self.heard(&done.rows).await;
        Ok(true)
    }

    fn stored_key(
        &self,
        id: &KeyId,
        algorithm: Algorithm,
        audience: Option<String>,
        public: Option<String>,
        private: &[u8],
        stage: Stage,
    ) -> Result<StoredKey, KeysError> {
        let (data_key, sealed) = self
            .data_keys
            .seal(&sealed_as(id), private, &*self.random)
            .ok_or_else(|| KeysError::Corrupt("there is no data key".to_owned()))?;
        Ok(StoredKey {
            id: id.clone(),
            algorithm: algorithm.name().to_owned(),
            audience,
            public,
            sealed,
            data_key,
            stage,
            created_at: self.time.now(),
        })
    }

    async fn advance_key(
        &self,
        key: &KeyId,
        from: Stage,
        to: Stage,
        kind: Kind,
        actor: Actor,
    ) -> Result<bool, cloakroom_store::Error> {
        let mut act = self.act(kind, actor);
        act.event.detail = Some(key.to_string());
        let advance = AdvanceKey { key: key.clone(), from, to };
        let Some(done) = self.store.advance_signing_key(advance, &act).await? else {
            return Ok(false);
        };
        self.heard(&done.rows).await;
        Ok(true)
    }
}

/// What a client's tokens and answers are signed with, where it can be asked for them.
fn algorithms_of(client: &Client, rules: &Rules) -> Vec<Algorithm> {
    let registration = &client.registration;
    let AnswerSigning { id_token, userinfo, authorization, introspection } = &registration.signing;
    let asks_who = registration.grant_types.iter().any(|grant_type| {
        matches!(grant_type, GrantType::AuthorizationCode | GrantType::DeviceCode)
    });
    // What a stream tells is signed as ID tokens are.
    let has_streams =
        client.scopes.iter().any(|scope| [ssf::MANAGE, ssf::READ].contains(&&**scope));
    let default =
        ((asks_who || has_streams) && id_token.is_none()).then_some(rules.default_algorithm);
    [&client.algorithm, id_token, userinfo, authorization, introspection]
        .into_iter()
        .filter_map(|name| name.as_ref()?.parse().ok())
        .chain(default)
        .collect()
}

fn view(key: StoredKey) -> KeyView {
    KeyView { id: key.id, algorithm: key.algorithm, audience: key.audience, stage: key.stage }
}
