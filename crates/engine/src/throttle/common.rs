//! What all nodes have counted together.

use std::sync::Arc;

use aws_lc_rs::hmac;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Counters, Spend};

use super::Key;
use crate::reach::Reach;

/// Counters that nodes have in common, under names that show nobody's address.
pub(super) struct InCommon {
    counters: Arc<dyn Counters>,
    key: hmac::Key,
    reach: Reach,
}

impl InCommon {
    pub(super) fn new(counters: Arc<dyn Counters>, key: &[u8; 32]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        Self { counters, key, reach: Reach::default() }
    }

    /// Counts one more; `None` where the counters are away.
    pub(super) async fn spend(&self, (what, subject): Key, now: Timestamp) -> Option<Spend> {
        let row = what.row();
        // Names of limits have no zero byte, so that no two pairs are one text.
        let name = [row.name.as_bytes(), &[0], &subject.0].concat();
        let mut digest = Digest([0; 32]);
        digest.0.copy_from_slice(hmac::sign(&self.key, &name).as_ref());
        self.reach.ask(now, self.counters.spend(&digest, row.rate, now)).await
    }
}
