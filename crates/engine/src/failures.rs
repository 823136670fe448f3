//! Failures in a row, at an account or at a name that nobody has.
//!
//! Both lie in storage and count for all nodes, through restarts, and for as long: who fails at a name anywhere cannot
//! tell by the waits whether somebody has it. It rests on `model::policy::throttle`, which says what they cost, and leaves
//! out how many tries at once there may be ([`throttle`](crate::throttle)).

use aws_lc_rs::hmac;
use cloakroom_model::id::UserId;
use cloakroom_model::policy::throttle::Failures;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_model::user::Lookup;
use cloakroom_store::{AccountFailures, Error};

use crate::Engine;

/// Where somebody failed.
#[derive(Clone, Copy)]
pub(crate) enum Whose<'a> {
    /// At this user, from the device that the browser names.
    User(UserId, Option<&'a Digest>),
    /// At a name that nobody has; by [`Engine::name_of_nobody`].
    Nobody(&'a Digest),
}

/// What failures there count for at `now`.
pub(crate) fn counting(found: AccountFailures, now: Timestamp) -> Failures {
    let failures = Failures { in_a_row: found.in_a_row, last_at: found.last_at };
    if found.known_device { failures } else { failures.of_strangers(now) }
}

impl Engine {
    /// The name under which storage counts where nobody has the name that was tried: what people type into this field by
    /// mistake is sometimes a password. The key comes from the oldest data key, so that a new one forgets no count.
    pub(crate) fn name_of_nobody(&self, lookup: &Lookup) -> Digest {
        let key = self.data_keys.derive(b"cloakroom names that nobody has 1");
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_slice());
        let mut name = Digest([0; 32]);
        name.0.copy_from_slice(hmac::sign(&key, lookup.as_str().as_bytes()).as_ref());
        name
    }

    pub(crate) async fn find_failures(&self, whose: Whose<'_>) -> Result<AccountFailures, Error> {
        match whose {
            Whose::User(user, device) => self.store.find_failures(user, device).await,
            Whose::Nobody(name) => self.store.find_failures_of_nobody(name).await,
        }
    }

    /// Counts one more.
    pub(crate) async fn count_failure(&self, whose: Whose<'_>) -> Result<(), Error> {
        let now = self.time.now();
        match whose {
            Whose::User(user, device) => self.store.count_failure(user, device, now).await?,
            Whose::Nobody(name) => self.store.count_failure_of_nobody(name, now).await?,
        };
        Ok(())
    }
}
