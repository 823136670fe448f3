//! One-time links. They are spent by the act they allow, in its transaction.

use async_trait::async_trait;
use cloakroom_model::link::Link;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;

use crate::{Act, Error};

/// One-time links.
#[async_trait]
pub trait Links: Send + Sync {
    /// Keeps a new link, if what it is for is still there. A new set-up or recovery link takes the place of
    /// earlier ones for the same; the others may stand beside each other.
    async fn insert_link(&self, link: Link, act: &Act) -> Result<InsertLink, Error>;

    /// Finds a link that is unspent and expires after `now`, without spending it.
    async fn find_link(&self, digest: &Digest, now: Timestamp) -> Result<Option<Link>, Error>;

    /// Forgets links that expired before `now`.
    async fn expire_links(&self, now: Timestamp) -> Result<(), Error>;
}

/// How [`Links::insert_link`] ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InsertLink {
    /// The link works.
    Done,
    /// The session or user it is for is gone; or there is an administrator already.
    Pointless,
}
