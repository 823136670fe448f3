//! The keys that a provider signs with: fetched, kept, and looked for again where a token names one that is not known.
//!
//! Anybody can make up names of keys. So a name that is not known is worth a question only now and then, whoever comes
//! meanwhile waits for that one, and a token that no key could make good is worth none.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_jose::{Jwks, KeyRing, TrustedKeys};
use http::{Method, StatusCode};
use tokio::sync::Mutex;

use super::{Provider, ProviderError, request};

/// How long after a question the next name that is not known is worth one.
const PAUSE: Duration = Duration::from_secs(5);

/// How long keys are used before they are fetched again.
pub(crate) const LIFE: Duration = Duration::from_mins(10);

/// How long keys are used where the provider does not answer: longer, and a key that it gave up would be believed for ever.
const LONGEST: Duration = Duration::from_hours(24);

/// The keys of one provider.
#[derive(Default)]
pub(crate) struct Keys {
    ring: Arc<KeyRing>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    asked_at: Option<Duration>,
    fetched_at: Option<Duration>,
}

impl Keys {
    /// The keys that verify.
    pub(crate) fn ring(&self) -> &Arc<KeyRing> {
        &self.ring
    }
}

impl Provider {
    /// Has the keys there, if they can be had. True where some are.
    pub(crate) async fn keys_are_there(&self) -> bool {
        if !self.keys.ring.keys().is_empty() {
            return true;
        }
        self.look_for_keys().await;
        !self.keys.ring.keys().is_empty()
    }

    /// Looks for keys again, because a token named one that is not known; not more than once in [`PAUSE`].
    pub(crate) async fn look_for_keys(&self) {
        let mut state = self.keys.state.lock().await;
        let now = self.clock().steady();
        if state.asked_at.is_some_and(|at| now.saturating_sub(at) < PAUSE) {
            return;
        }
        self.renew(&mut state).await;
    }

    /// Fetches the keys again where they are old.
    pub(crate) async fn renew_keys(&self) {
        let mut state = self.keys.state.lock().await;
        self.renew(&mut state).await;
    }

    async fn renew(&self, state: &mut State) {
        let now = self.clock().steady();
        // Noted before, since whoever asks may go away meanwhile.
        state.asked_at = Some(now);
        let fetched = self.fetch_keys().await;
        // And counted from the answer, or those who waited long for it would ask again, one after the other.
        state.asked_at = Some(self.clock().steady());
        match fetched {
            Ok(keys) => {
                state.fetched_at = Some(now);
                self.keys.ring.replace(keys);
            }
            Err(why) => {
                tracing::warn!(
                    error = &why as &dyn std::error::Error,
                    "the provider's keys could not be fetched"
                );
                if state.fetched_at.is_some_and(|at| now.saturating_sub(at) > LONGEST) {
                    self.keys.ring.replace(TrustedKeys::default());
                }
            }
        }
    }

    async fn fetch_keys(&self) -> Result<TrustedKeys, ProviderError> {
        const UNREADABLE: ProviderError = ProviderError::Unreadable("key set");
        let metadata = self.metadata().await?;
        let asked = request(Method::GET, &metadata.jwks_uri);
        let asked = asked.body(http_body_util::Full::default()).map_err(|_| UNREADABLE)?;
        let answer = self.http.send(asked).await?;
        if answer.status != StatusCode::OK {
            let status = answer.status.as_u16();
            return Err(ProviderError::Status { what: "key set", status });
        }
        let set = Jwks::from_json(&answer.body).map_err(|_| UNREADABLE)?;
        let keys = set.verifying_keys(self.settings.algorithms).flatten();
        let keys = TrustedKeys::new(keys).map_err(|_| UNREADABLE)?;
        // A set without a key that can be used says nothing; what was known before counts on.
        if keys.is_empty() { Err(UNREADABLE) } else { Ok(keys) }
    }
}
