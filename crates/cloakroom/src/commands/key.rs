//! `cloakroom key`: what tokens are signed with.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cloakroom_engine::keys::KeyView;
use cloakroom_jose::Algorithm;
use cloakroom_model::{event::Actor, id::KeyId, key::Stage};
use serde::Serialize;
use serde_json::json;
use zeroize::Zeroizing;

use crate::{
    arguments::KeyCommand,
    asking,
    exit::Failure,
    offline::{self, Keys, Offline},
    output::{Listed, Output},
    settings::Given,
    when::When,
};

/// Runs one of the commands below `key`.
pub(super) fn run(command: &KeyCommand, given: &Given, output: &Output) -> Result<(), Failure> {
    let keys = match command {
        KeyCommand::List => Keys::NotNeeded,
        _ => Keys::Needed,
    };
    offline::run(given, keys, async |offline| match command {
        KeyCommand::List => list(offline, output).await,
        KeyCommand::Rotate { algorithm } => {
            let algorithms = match algorithm {
                Some(name) => vec![self::algorithm(name)?],
                None => current(offline).await?,
            };
            for algorithm in algorithms {
                offline.engine.rotate_key(algorithm, Actor::Operator).await?;
            }
            list(offline, output).await
        }
        KeyCommand::Add { audience, algorithm } => {
            let algorithm = self::algorithm(algorithm)?;
            add(offline, audience, algorithm, output).await
        }
        KeyCommand::RenewDataKey => {
            let number = offline.engine.renew_data_key(Actor::Operator).await?;
            let text = format!("Data key {number} seals and derives whatever is new from now on.");
            output.say(&text, &json!({ "data_key": number }))
        }
        KeyCommand::Compromise { kid, yes } => {
            asking::sure(&format!("Refuse every token that {kid} signed?"), *yes)?;
            offline.engine.compromise_key(&KeyId(kid.clone()), Actor::Operator).await?;
            list(offline, output).await
        }
    })
}

async fn list(offline: &Offline, output: &Output) -> Result<(), Failure> {
    let keys = offline.engine.list_keys().await?;
    output.list("keys", &keys.into_iter().map(Shown::from).collect::<Vec<_>>())
}

async fn add(
    offline: &Offline,
    audience: &str,
    algorithm: Algorithm,
    output: &Output,
) -> Result<(), Failure> {
    let (key, secret) = offline.engine.add_shared_key(algorithm, audience, Actor::Operator).await?;
    let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(&*secret));
    let text = format!(
        "Tokens for {audience} can be signed with {algorithm} now, by the key {}.\nIts secret, which is shown this \
         once (64 bytes in base64url):\n{}",
        key.id, &*secret
    );
    output.say(&text, &json!({ "key": Shown::from(key), "secret": &*secret }))
}

/// The algorithms that have a published key in use.
async fn current(offline: &Offline) -> Result<Vec<Algorithm>, Failure> {
    let keys = offline.engine.list_keys().await?;
    keys.iter()
        .filter(|key| key.audience.is_none() && matches!(key.stage, Stage::Current { .. }))
        .map(|key| algorithm(&key.algorithm))
        .collect()
}

fn algorithm(name: &str) -> Result<Algorithm, Failure> {
    name.parse().map_err(|error| Failure::Usage(format!("`{name}`: {error}")))
}

/// A key as commands show it.
#[derive(Serialize)]
struct Shown {
    kid: KeyId,
    algorithm: String,
    /// Who shares it; null for a published key.
    audience: Option<String>,
    stage: &'static str,
    since: When,
}

impl From<KeyView> for Shown {
    fn from(key: KeyView) -> Self {
        let (stage, since) = match key.stage {
            Stage::Next { since } => ("next", since),
            Stage::Current { since } => ("current", since),
            Stage::Retired { since } => ("retired", since),
            Stage::Compromised { since } => ("compromised", since),
        };
        let KeyView { id, algorithm, audience, .. } = key;
        Self { kid: id, algorithm, audience, stage, since: When(since) }
    }
}

impl Listed for Shown {
    const COLUMNS: &'static [&'static str] = &["kid", "algorithm", "audience", "stage", "since"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.kid.to_string(),
            self.algorithm.clone(),
            self.audience.clone().unwrap_or_default(),
            self.stage.to_owned(),
            self.since.to_minute(),
        ]
    }
}
