//! Token status lists (draft-ietf-oauth-status-list): a bit for each grant of the clients that registered for it, by which
//! services that do not ask this server see that the grant is gone.
//!
//! A list is made at most once in the time for which readers keep it (`status_list_ttl`), by whoever asks first after that,
//! and the others get what is remembered without a lock. Storage says which places belong to grants that are gone.
//!
//! A client's own token and one that a cookie earned have no grant, and so no place: they live for minutes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cloakroom_model::client::Client;
use cloakroom_model::time::Timestamp;
use cloakroom_oauth::status_list::{Aggregation, PLACES, Spread, Status, StatusList, TYP};
use cloakroom_store::Error;
use quick_cache::sync::Cache;
use tokio::sync::Mutex;

use crate::Engine;
use crate::keys::KeySet;
use crate::secret::digest_bytes;
use crate::tokens::MintError;

/// Where the lists lie, behind the issuer's URL.
pub const PATH: &str = "/oauth/status-lists";

/// How many lists are remembered: four million grants.
const REMEMBERED: usize = 64;

/// The lists of one node.
pub struct Lists {
    /// Which of the database's lives the lists belong to. It is asked for again when the log is another one: a restore
    /// draws another, and of many nodes some may have stayed.
    series: AtomicU64,
    made: Cache<ListId, Arc<Made>>,
    /// Held by whoever makes a list, so that it is made once.
    making: Mutex<()>,
}

/// One list of one of the database's lives.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
struct ListId {
    series: u64,
    number: u32,
}

/// A list as it was made, for a while.
struct Made {
    token: Arc<str>,
    etag: Arc<str>,
    until: Timestamp,
    /// The keys it was signed by: where they changed, one of them may have been compromised.
    keys: Arc<KeySet>,
}

/// A list as it is served.
#[derive(Clone, Debug)]
pub struct Served {
    /// The signed list.
    pub token: Arc<str>,
    /// Names this state of it, in quotes.
    pub etag: Arc<str>,
    /// How long it may be kept from now.
    pub max_age: Duration,
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StatusListError {
    /// It is none of ours: it never was, or a backup was restored since.
    #[error("there is no such status list")]
    NoSuchList,
    /// It could not be signed.
    #[error(transparent)]
    Mint(#[from] MintError),
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Lists {
    /// None is made yet.
    #[must_use]
    pub fn new(series: u64) -> Self {
        Self { series: series.into(), made: Cache::new(REMEMBERED), making: Mutex::default() }
    }

    fn series(&self) -> u64 {
        self.series.load(Ordering::Acquire)
    }
}

impl Engine {
    /// The list of this name.
    pub async fn status_list(&self, name: &str) -> Result<Served, StatusListError> {
        let list = self.list_named(name).ok_or(StatusListError::NoSuchList)?;
        if let Some(served) = self.remembered_list(list) {
            return Ok(served);
        }
        if list.number >= self.lists_begun().await? {
            return Err(StatusListError::NoSuchList);
        }
        let _alone = self.statuses.making.lock().await;
        match self.remembered_list(list) {
            Some(served) => Ok(served),
            None => self.make_list(list).await,
        }
    }

    /// Where all lists lie (§9.3).
    pub async fn status_lists(&self) -> Result<Aggregation, Error> {
        let begun = self.lists_begun().await?;
        let series = self.statuses.series();
        Ok(Aggregation {
            status_lists: (0..begun)
                .map(|number| self.list_uri(ListId { series, number }))
                .collect(),
        })
    }

    /// A place for a grant that is about to be made, where its client's grants have one. If the grant is not made, the place
    /// is lost and says nothing.
    pub(crate) async fn place_for(&self, client: &Client) -> Result<Option<u32>, Error> {
        if client.registration.status_list {
            Ok(Some(self.store.take_status().await?))
        } else {
            Ok(None)
        }
    }

    /// What a token says of its grant's place.
    pub(crate) fn status_at(&self, place: u32) -> Status {
        let list = ListId { series: self.statuses.series(), number: place / PLACES };
        Status::at(self.list_uri(list), self.spread(list).idx(place % PLACES))
    }

    /// Asks which lists there are: the log is another one.
    pub(crate) async fn reload_status_lists(&self) -> Result<(), Error> {
        let series = self.store.find_status_lists().await?.series;
        if self.statuses.series.swap(series, Ordering::AcqRel) != series {
            self.statuses.made.clear();
        }
        Ok(())
    }

    fn remembered_list(&self, list: ListId) -> Option<Served> {
        let now = self.time.now();
        let made = self.statuses.made.get(&list)?;
        let same_keys = Arc::ptr_eq(&made.keys, &self.ring.keys());
        (made.until > now && same_keys).then(|| made.served(now))
    }

    async fn make_list(&self, list: ListId) -> Result<Served, StatusListError> {
        let now = self.time.now();
        let keys = self.ring.keys();
        let first = list.number * PLACES;
        // The last place of the last list cannot be given; it would be one behind the end.
        let places = first..first.saturating_add(PLACES);
        let spread = self.spread(list);
        let mut bits = StatusList::new(PLACES);
        for ended in self.store.list_ended_statuses(places, now).await? {
            // Each is in the list: that is what was asked for.
            let _ = bits.invalidate(spread.idx(ended % PLACES));
        }
        let ttl = self.settings.status_list_ttl;
        let claims = bits.claims(&self.list_uri(list), now, ttl.as_secs());
        let token = self.sign_as(TYP, self.settings.algorithm, &claims)?;
        let digest = digest_bytes(token.as_bytes());
        let etag =
            digest.0[..8].iter().fold(String::from("\""), |text, byte| format!("{text}{byte:02x}"));
        let made = Made {
            token: token.into(),
            etag: format!("{etag}\"").into(),
            until: now.plus(ttl),
            keys,
        };
        let served = made.served(now);
        self.statuses.made.insert(list, Arc::new(made));
        Ok(served)
    }

    async fn lists_begun(&self) -> Result<u32, Error> {
        Ok(self.store.find_status_lists().await?.given.div_ceil(PLACES))
    }

    fn list_uri(&self, list: ListId) -> String {
        format!("{}{PATH}/{}", self.settings.issuer, list.name())
    }

    fn list_named(&self, name: &str) -> Option<ListId> {
        let number = name.split_once('-')?.1.parse().ok()?;
        let list = ListId { series: self.statuses.series(), number };
        (list.name() == name && number < u32::MAX / PLACES).then_some(list)
    }

    fn spread(&self, list: ListId) -> Spread {
        Spread::derive(&self.data_keys.oldest(), list.series, list.number)
    }
}

impl ListId {
    fn name(self) -> String {
        format!("{:x}-{}", self.series, self.number)
    }
}

impl Made {
    fn served(&self, now: Timestamp) -> Served {
        let (token, etag) = (Arc::clone(&self.token), Arc::clone(&self.etag));
        Served { token, etag, max_age: self.until.since(now) }
    }
}
