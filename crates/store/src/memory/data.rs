//! Session data.

use async_trait::async_trait;
use cloakroom_model::data::{Document, DocumentKey, Owner};

use super::{Memory, State};
use crate::{Act, Error, Hanging, SessionData, Write, Written};

#[async_trait]
impl SessionData for Memory {
    async fn read_data(&self, key: &DocumentKey) -> Result<Option<Document>, Error> {
        Ok(self.state()?.document(key).cloned())
    }

    async fn write_data(&self, write: Write, _: &Act) -> Result<Written, Error> {
        Ok(self.state()?.write_data(write))
    }
}

impl State {
    /// Puts a document in the place of whatever is there.
    pub(super) fn put(&mut self, key: DocumentKey, document: Document) {
        let DocumentKey { owner, client, namespace } = key;
        self.documents.entry(owner).or_default().insert((client, namespace), document);
    }

    fn document(&self, key: &DocumentKey) -> Option<&Document> {
        self.documents.get(&key.owner)?.get(&(key.client.clone(), key.namespace.clone()))
    }

    fn write_data(&mut self, write: Write) -> Written {
        let owner = match write.key.owner {
            Owner::User(user) => Hanging::User(user),
            Owner::Session(session) => Hanging::Session(session),
        };
        if !self.is_live(write.by) || !self.is_live(owner) {
            return Written::Ended;
        }
        let all: usize = self
            .documents
            .get(&write.key.owner)
            .map_or(0, |documents| documents.values().map(Document::size).sum());
        let current = self.document(&write.key).cloned();
        let others = all - current.as_ref().map_or(0, Document::size);
        let written = write.decide(current, others);
        match &written {
            Written::Done(Some(document)) => self.put(write.key, document.clone()),
            Written::Done(None) => self.delete(write.key),
            Written::NotAsSeen(_) | Written::TooLarge | Written::Ended => {}
        }
        written
    }

    fn delete(&mut self, key: DocumentKey) {
        if let Some(documents) = self.documents.get_mut(&key.owner) {
            documents.remove(&(key.client, key.namespace));
            if documents.is_empty() {
                self.documents.remove(&key.owner);
            }
        }
    }

    fn is_live(&self, hanging: Hanging) -> bool {
        match hanging {
            Hanging::Session(session) => self.sessions.contains_key(&session),
            Hanging::User(user) => self.active_user(user).is_some(),
        }
    }
}
