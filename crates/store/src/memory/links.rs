//! One-time links.

use async_trait::async_trait;
use cloakroom_model::link::{Link, Purpose};
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;

use super::endings::Trace;
use super::{Memory, State};
use crate::{Act, Error, InsertLink, Links};

#[async_trait]
impl Links for Memory {
    async fn insert_link(&self, link: Link, act: &Act) -> Result<InsertLink, Error> {
        Ok(self.state()?.insert_link(link, act))
    }

    async fn find_link(&self, digest: &Digest, now: Timestamp) -> Result<Option<Link>, Error> {
        Ok(self.state()?.links.get(digest).filter(|link| link.expires_at > now).cloned())
    }

    async fn expire_links(&self, now: Timestamp) -> Result<(), Error> {
        self.state()?.links.retain(|_, link| link.expires_at > now);
        Ok(())
    }
}

impl State {
    /// Whether there is such a link for exactly this, unexpired. A spent one is gone.
    pub(super) fn link_works(&self, digest: &Digest, now: Timestamp, purpose: Purpose) -> bool {
        self.links.get(digest).is_some_and(|link| link.purpose == purpose && link.expires_at > now)
    }

    fn insert_link(&mut self, link: Link, act: &Act) -> InsertLink {
        let has_a_point = match link.purpose {
            Purpose::SetUp => !self.has_admin(),
            Purpose::Recover { user } => self.users.contains_key(&user),
            Purpose::Cookie { session } => self.signed_in(session).is_some(),
        };
        if !has_a_point {
            return InsertLink::Pointless;
        }
        if !matches!(link.purpose, Purpose::Cookie { .. }) {
            self.links.retain(|_, earlier| earlier.purpose != link.purpose);
        }
        self.links.insert(link.digest, link);
        self.finish(act, Trace::default());
        InsertLink::Done
    }
}
