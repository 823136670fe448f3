//! Session data: versioned JSON documents.

use async_trait::async_trait;
use cloakroom_model::data::{Change, Document, DocumentKey, Etag, Seen};
use cloakroom_model::policy::merge;

use crate::{Act, Error, Hanging};

/// Session data.
#[async_trait]
pub trait SessionData: Send + Sync {
    /// Reads a document. Neither it nor its owner need be there. Never from memory: what is acknowledged is seen by the next reader on every node.
    async fn read_data(&self, key: &DocumentKey) -> Result<Option<Document>, Error>;

    /// Changes a document, if what the writer saw is still so and what it hangs from is still live: the session
    /// or user by whose right it is written, and its owner. Appends no row, and records no event: there are too
    /// many. [`Write::decide`] is the decision.
    ///
    /// A backend that writes over a version its writer did not see loses an update; one that writes after the
    /// session's end brings back what a sign-out took away.
    async fn write_data(&self, write: Write, act: &Act) -> Result<Written, Error>;
}

/// A change of one document.
#[derive(Clone, Debug)]
pub struct Write {
    /// Which.
    pub key: DocumentKey,
    /// The session by whose right it is written; a guest's or a signed-in one's.
    pub by: Hanging,
    /// What the writer saw.
    pub seen: Seen,
    /// What it wants.
    pub change: Change,
    /// The name of the new version.
    pub etag: Etag,
    /// The most that the documents of this owner may have in all, in bytes of JSON.
    pub limit: usize,
}

impl Write {
    /// Decides on what is to be stored beside the owner's other documents, which have `others` bytes in all.
    /// Whether the parents are live was asked before.
    #[must_use]
    pub fn decide(&self, current: Option<Document>, others: usize) -> Written {
        let current_etag = current.as_ref().map(|document| document.etag);
        if !self.seen.holds(current_etag) {
            return Written::NotAsSeen(current_etag);
        }
        let value = match &self.change {
            Change::Delete => return Written::Done(None),
            Change::Put(value) => value.clone(),
            Change::Patch(patch) => {
                merge::patch(current.map(|document| document.value), patch.clone())
            }
        };
        let document = Document { value, etag: self.etag };
        if others + document.size() > self.limit {
            return Written::TooLarge;
        }
        Written::Done(Some(document))
    }
}

/// How [`SessionData::write_data`] ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Written {
    /// The document is this now; `None` after a deletion.
    Done(Option<Document>),
    /// What the writer saw is no longer so; this is the version there is.
    NotAsSeen(Option<Etag>),
    /// There would be more than the limit allows.
    TooLarge,
    /// What it hangs from has ended.
    Ended,
}
