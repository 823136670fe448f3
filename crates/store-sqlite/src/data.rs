//! Session data.

use async_trait::async_trait;
use cloakroom_model::data::{Document, DocumentKey, Etag, Namespace, Owner};
use cloakroom_model::id::{ClientId, SessionId, UserId};
use cloakroom_model::user::Life;
use cloakroom_store::{Act, Error, Hanging, SessionData, Write, Written};

use crate::driver::{Columns, Db, column, json, number};
use crate::{Sqlite, guests, sessions, sql, users};

/// An owner as storage keeps it: a letter and sixteen bytes.
pub(crate) type OwnerKey = [u8; 17];

const USER: u8 = b'u';
const SESSION: u8 = b's';

#[async_trait]
impl SessionData for Sqlite {
    async fn read_data(&self, key: &DocumentKey) -> Result<Option<Document>, Error> {
        self.readers.short(|db| find(db, key))
    }

    async fn write_data(&self, write: Write, _act: &Act) -> Result<Written, Error> {
        self.write(move |db| decide_and_write(db, &write)).await
    }
}

/// All documents of an owner.
pub(crate) fn list(db: &Db, owner: Owner) -> Result<Vec<(DocumentKey, Document)>, Error> {
    db.list(sql::documents::LIST_OF_OWNER, [owner_key(owner)], |row| {
        let key = DocumentKey {
            owner,
            client: row.parsed(ClientId::parse)?,
            namespace: row.parsed(Namespace::parse)?,
        };
        Ok((key, document(row)?))
    })
}

/// Keeps a version of a document in the place of what is there.
pub(crate) fn put(db: &Db, key: &DocumentKey, document: &Document) -> Result<(), Error> {
    let value = json(&document.value)?;
    let (owner, client, namespace) = columns_of(key);
    let row = (owner, client, namespace, document.etag.0, number(document.size()), value);
    db.run(sql::documents::PUT, row)?;
    Ok(())
}

/// The key of a user as an owner.
pub(crate) fn of_user(id: UserId) -> OwnerKey {
    owner_key(Owner::User(id))
}

/// The key of a session as an owner.
pub(crate) fn of_session(id: SessionId) -> OwnerKey {
    owner_key(Owner::Session(id))
}

/// From the key of the first session that there can be to the one after the last.
pub(crate) fn all_sessions() -> ([u8; 1], [u8; 1]) {
    ([SESSION], [SESSION + 1])
}

fn decide_and_write(db: &Db, write: &Write) -> Result<Written, Error> {
    if !is_live(db, write.by)? || !is_live(db, hanging(write.key.owner))? {
        return Ok(Written::Ended);
    }
    let current = find(db, &write.key)?;
    let was_there = current.is_some();
    let others = db.find(sql::documents::BYTES_OF_OTHERS, columns_of(&write.key), column::count)?;
    let others = usize::try_from(others.unwrap_or(0)).unwrap_or(usize::MAX);
    let written = write.decide(current, others);
    match &written {
        Written::Done(Some(document)) => put(db, &write.key, document)?,
        Written::Done(None) if was_there => {
            db.run(sql::documents::DELETE, columns_of(&write.key))?;
        }
        _ => {}
    }
    Ok(written)
}

fn is_live(db: &Db, hanging: Hanging) -> Result<bool, Error> {
    Ok(match hanging {
        Hanging::User(id) => users::find(db, id)?.is_some_and(|user| user.life == Life::Active),
        Hanging::Session(id) => sessions::user_of(db, id)?.is_some() || guests::is_there(db, id)?,
    })
}

fn hanging(owner: Owner) -> Hanging {
    match owner {
        Owner::User(id) => Hanging::User(id),
        Owner::Session(id) => Hanging::Session(id),
    }
}

fn find(db: &Db, key: &DocumentKey) -> Result<Option<Document>, Error> {
    db.find(sql::documents::FIND, columns_of(key), document)
}

fn document(columns: &mut Columns<'_, '_>) -> Result<Document, Error> {
    Ok(Document { value: columns.json()?, etag: Etag(columns.value()?) })
}

fn columns_of(key: &DocumentKey) -> (OwnerKey, &str, &str) {
    (owner_key(key.owner), key.client.as_str(), key.namespace.as_str())
}

fn owner_key(owner: Owner) -> OwnerKey {
    let (letter, id) = match &owner {
        Owner::User(id) => (USER, id.as_bytes()),
        Owner::Session(id) => (SESSION, id.as_bytes()),
    };
    let mut key = [letter; 17];
    key[1..].copy_from_slice(id);
    key
}
