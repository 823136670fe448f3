//! The keys of a client: those that it registered, or those that it publishes at its `jwks_uri`.
//!
//! A published set is remembered, for as long as the client's server said and for an hour at most. What no key of it
//! signed is worth one more question, and [`published_keys`] decides how seldom that is: whoever can send a request can
//! sign nonsense with a new name. One question is on its way for each URL, whoever waits for it, and it goes on when
//! they leave.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_jose::{Algorithms, Jwks, KeyError};
use cloakroom_model::client::Client;
use cloakroom_model::policy::published_keys::{self, Decision, Known, Wanted};
use cloakroom_model::registration::ClientKeys;
use cloakroom_model::time::Timestamp;
use cloakroom_oauth::error::{Code, Error};
use quick_cache::sync::Cache;
use tokio::sync::Mutex;
use url::Url;

use crate::Engine;
use crate::fetch::{Fetch, FetchError, Limits};

/// So many sets are remembered; of the others the one used least is forgotten.
const REMEMBERED: usize = 1024;

/// A set of a hundred keys is smaller.
const LIMITS: Limits = Limits { bytes: 32 << 10, time: Duration::from_secs(5) };

/// RFC 7517 §8.5.2, and what most servers say in its place.
const MEDIA_TYPES: &[&str] = &["application/jwk-set+json", "application/json"];

/// The sets that clients publish, by their URL.
pub(crate) struct PublishedKeys(Cache<String, Arc<Mutex<Option<Place>>>>);

/// What is known of one set.
struct Place {
    known: Known,
    /// The last one that was read.
    set: Option<Arc<Jwks>>,
    /// Why the last question brought none.
    failed: Option<NoKeys>,
}

/// Why there is no key of a client. What it displays is for the operator.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum NoKeys {
    #[error("it registered none that can be read")]
    Unregistered,
    #[error("its jwks_uri is no URL")]
    Url,
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("its jwks_uri answered {0}")]
    Status(u16),
    #[error("what is at its jwks_uri is {0}, and not JSON")]
    Type(String),
    #[error("what is at its jwks_uri cannot be read: {0}")]
    Set(KeyError),
    #[error("no key at its jwks_uri can be used: {0}")]
    Nothing(String),
    #[error("asking its jwks_uri went wrong here")]
    Broken,
}

impl Default for PublishedKeys {
    fn default() -> Self {
        Self(Cache::new(REMEMBERED))
    }
}

impl Engine {
    /// Does something with the keys of a client. What fails by the keys that are known is done once more with those that
    /// the client publishes by now, where they are others.
    pub(crate) async fn with_keys_of<T>(
        &self,
        client: &Client,
        fetch: &Arc<dyn Fetch>,
        attempt: impl Fn(&Jwks) -> Result<T, Error> + Send + Sync,
    ) -> Result<Result<T, Error>, NoKeys>
    where
        T: Send,
    {
        let uri = match client.registration.keys.as_ref().ok_or(NoKeys::Unregistered)? {
            ClientKeys::Set(set) => {
                let set = Jwks::from_json(set.as_bytes()).map_err(|_| NoKeys::Unregistered)?;
                return Ok(attempt(&set));
            }
            ClientKeys::At(uri) => uri,
        };
        let known = self.published_set(client, uri, Wanted::Any, fetch).await?;
        let refused = match attempt(&known) {
            Ok(done) => return Ok(Ok(done)),
            Err(refused) => refused,
        };
        match self.published_set(client, uri, Wanted::Newer, fetch).await {
            Ok(newer) if !Arc::ptr_eq(&newer, &known) => Ok(attempt(&newer)),
            _ => Ok(Err(refused)),
        }
    }

    async fn published_set(
        &self,
        client: &Client,
        uri: &str,
        wanted: Wanted,
        fetch: &Arc<dyn Fetch>,
    ) -> Result<Arc<Jwks>, NoKeys> {
        let place = self.client_keys.place(uri);
        if let Some(place) = &*place.lock().await
            && let Some(set) = place.decided(wanted, self.time.now())
        {
            return set;
        }
        // On its own, so that nobody makes it be asked again by leaving.
        let (engine, fetch) = (self.clone(), Arc::clone(fetch));
        let (name, uri) = (client.id.clone(), uri.to_owned());
        let asking = tokio::spawn(async move {
            let mut place = place.lock().await;
            let asked_at = engine.time.now();
            if let Some(place) = &*place
                && let Some(set) = place.decided(wanted, asked_at)
            {
                return set;
            }
            let answer = ask(&uri, &*fetch).await;
            if let Err(why) = &answer {
                tracing::warn!(client = %name, %why, "a client's keys could not be read");
            }
            let after = Place::after(place.take(), answer, asked_at, engine.time.now());
            let set = after.decided(Wanted::Any, asked_at).unwrap_or(Err(NoKeys::Broken));
            *place = Some(after);
            set
        });
        asking.await.unwrap_or(Err(NoKeys::Broken))
    }
}

impl PublishedKeys {
    fn place(&self, uri: &str) -> Arc<Mutex<Option<Place>>> {
        let made: Result<_, std::convert::Infallible> =
            self.0.get_or_insert_with(uri, || Ok(Arc::default()));
        match made {
            Ok(place) => place,
            Err(never) => match never {},
        }
    }
}

impl Place {
    /// What is answered without a question.
    fn decided(&self, wanted: Wanted, now: Timestamp) -> Option<Result<Arc<Jwks>, NoKeys>> {
        match published_keys::decide(Some(self.known), wanted, now) {
            Decision::Ask => None,
            Decision::Use => Some(self.set.clone().ok_or(NoKeys::Broken)),
            Decision::Refuse => Some(Err(self.failed.clone().unwrap_or(NoKeys::Broken))),
        }
    }

    /// What is known after a question. A set that was known goes on to its own end where there was no other.
    fn after(
        before: Option<Self>,
        answer: Result<(Jwks, Duration), NoKeys>,
        asked_at: Timestamp,
        now: Timestamp,
    ) -> Self {
        let (good_until, set) = match before {
            Some(Self { known, set, .. }) => (known.good_until, set),
            None => (None, None),
        };
        match answer {
            Ok((newer, fresh_for)) => {
                let fresh_for =
                    fresh_for.clamp(published_keys::BETWEEN, published_keys::BELIEVED_FOR);
                let known = Known { asked_at, good_until: Some(now.plus(fresh_for)) };
                // The same set is the same value, so that nobody tries it again.
                let same = set.filter(|set| **set == newer);
                Self { known, set: Some(same.unwrap_or_else(|| Arc::new(newer))), failed: None }
            }
            Err(why) => Self { known: Known { asked_at, good_until }, set, failed: Some(why) },
        }
    }
}

/// The set at a URL, and how long it may be believed.
async fn ask(uri: &str, fetch: &dyn Fetch) -> Result<(Jwks, Duration), NoKeys> {
    let url = Url::parse(uri).map_err(|_| NoKeys::Url)?;
    let fetched = fetch.fetch_anew(&url, LIMITS).await?;
    if fetched.status != 200 {
        return Err(NoKeys::Status(fetched.status));
    }
    let document = fetched.document(MEDIA_TYPES).ok_or_else(|| {
        NoKeys::Type(fetched.content_type.clone().unwrap_or_else(|| "of no type".to_owned()))
    })?;
    let set = Jwks::from_json(document).map_err(NoKeys::Set)?;
    if set.verifying_keys(Algorithms::ASYMMETRIC).flatten().next().is_none() {
        let reasons: Vec<_> = set.skipped().iter().map(ToString::to_string).collect();
        return Err(NoKeys::Nothing(reasons.join(", ")));
    }
    Ok((set, fetched.fresh_for))
}

impl NoKeys {
    /// As whoever wrote the client reads it, where a proof by a key earns `code`.
    pub(crate) fn told(&self, code: Code) -> Error {
        let why = match self {
            Self::Unregistered => "no keys of the client are known",
            Self::Url => "the client's jwks_uri cannot be asked",
            Self::Fetch(error) => return error.told("the client's jwks_uri", code),
            // Nobody's fault: the same proof may be good in a moment.
            Self::Broken => return Code::TemporarilyUnavailable.into(),
            Self::Status(_) => "the client's jwks_uri did not answer with a key set (200)",
            Self::Type(_) => {
                "what is at the client's jwks_uri is not application/jwk-set+json or application/json"
            }
            Self::Set(KeyError::DuplicateKid) => "two keys at the client's jwks_uri have one kid",
            Self::Set(_) => "what is at the client's jwks_uri is no key set",
            Self::Nothing(_) => "no key at the client's jwks_uri can be used to sign",
        };
        Error::new(code, why)
    }
}
