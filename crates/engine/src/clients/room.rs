//! Room for clients that nobody who runs this server registered: there is an end to them, and those that nobody uses are
//! forgotten.
//!
//! Every node knows all clients by heart, so that without an end strangers could fill its memory and the disk.

use std::sync::atomic::Ordering;
use std::time::Duration;

use cloakroom_model::client::Client;
use cloakroom_model::event::{Actor, Kind};
use cloakroom_model::id::ClientId;
use cloakroom_model::registration::RegisteredBy;
use cloakroom_model::time::Timestamp;
use cloakroom_store::Error;

use crate::Engine;

/// How long a client that registered itself is kept that nobody has used yet: a week from the registration to the first
/// sign-in.
const REGISTERED_KEPT_FOR: Duration = Duration::from_hours(7 * 24);

/// How long one is kept whose document was read and that nobody uses: it need not register again.
const READ_KEPT_FOR: Duration = Duration::from_hours(24);

/// Where there is no room, an unused one must be at least as old to make some.
const YOUNGEST_TO_GO: Duration = Duration::from_hours(1);

/// How many are looked at for one that can go.
const TRIED_TO_GO: usize = 32;

/// How often they are looked through.
const BETWEEN_ROUNDS: Duration = Duration::from_hours(1);

/// How many a round forgets at most.
const BATCH: usize = 100;

/// How a stranger came to be a client. There is as much room for either kind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stranger {
    Registered,
    Read,
}

impl Stranger {
    /// Which kind a client is, and since when it is here; `None` of the operator's own.
    pub(super) fn of(client: &Client) -> Option<(Self, Timestamp)> {
        match client.registration.by {
            RegisteredBy::Operator => None,
            RegisteredBy::Itself { .. } => Some((Self::Registered, client.created_at)),
            RegisteredBy::Document { read_at, .. } => Some((Self::Read, read_at)),
        }
    }
}

impl Engine {
    /// Whether there is room for one more of a kind; makes some where one can go that nobody uses. To be asked while no
    /// other is let in.
    pub(super) async fn has_room_for(&self, kind: Stranger) -> Result<bool, Error> {
        // Other nodes let some in too. Two that do it at the same moment may let in one more than there is room for.
        self.catch_up().await?;
        let before = self.time.now().minus(YOUNGEST_TO_GO);
        let there = self.strangers_of(kind);
        if there.len() < self.settings.own_accord.limit {
            return Ok(true);
        }
        let old = there.iter().filter(|(since, _)| *since <= before).take(TRIED_TO_GO);
        for (_, id) in old {
            if self.forget_unused(id).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Forgets clients that nobody who runs this server registered, and that nobody has used for long; answers how many.
    pub(crate) async fn forget_unused_clients(&self) -> Result<usize, Error> {
        let now = self.time.now();
        // To find out that one is in use is a write that does nothing: not every minute.
        let last = Timestamp(self.forgot_unused_at.load(Ordering::Relaxed));
        if now < last.plus(BETWEEN_ROUNDS) {
            return Ok(0);
        }
        self.forgot_unused_at.store(now.0, Ordering::Relaxed);
        let kept_for =
            [(Stranger::Registered, REGISTERED_KEPT_FOR), (Stranger::Read, READ_KEPT_FOR)];
        let mut forgotten = 0;
        for (kind, kept_for) in kept_for {
            let before = now.minus(kept_for);
            for (_, id) in self.strangers_of(kind).iter().filter(|(since, _)| *since <= before) {
                if forgotten >= BATCH {
                    return Ok(forgotten);
                }
                forgotten += usize::from(self.forget_unused(id).await?);
            }
        }
        Ok(forgotten)
    }

    /// Those of a kind, the oldest first.
    fn strangers_of(&self, kind: Stranger) -> Vec<(Timestamp, ClientId)> {
        let clients = self.clients.all();
        let of_kind = |client: &Client| match Stranger::of(client) {
            Some((of, since)) if of == kind => Some((since, client.id.clone())),
            _ => None,
        };
        let mut there: Vec<_> = clients.iter().filter_map(|client| of_kind(client)).collect();
        there.sort_unstable();
        there
    }

    async fn forget_unused(&self, id: &ClientId) -> Result<bool, Error> {
        let mut act = self.act(Kind::ClientRemoved, Actor::Server);
        act.event.client = Some(id.clone());
        act.event.detail = Some("unused".to_owned());
        let Some(done) = self.store.remove_unused_client(id, &act).await? else {
            return Ok(false);
        };
        self.heard(&done.rows).await;
        Ok(true)
    }
}
