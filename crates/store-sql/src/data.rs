//! Session data. Who writes has the owner locked: the sum of what the owner has stays right, and of two that write the
//! same document first the second one sees it.

use async_trait::async_trait;
use cloakroom_model::data::{Document, DocumentKey, Etag, Namespace, Owner};
use cloakroom_model::id::{ClientId, SessionId, UserId};
use cloakroom_model::user::Life;
use cloakroom_store::{Act, Error, Hanging, SessionData, Write, Written};

use crate::{
    Columns, Database, Db, SqlStore, column, guests, json, number, sessions, sql, users, values,
};

/// An owner as storage keeps it: a letter and sixteen bytes.
pub(crate) type OwnerKey = [u8; 17];

const USER: u8 = b'u';
const SESSION: u8 = b's';

#[async_trait]
impl<D: Database> SessionData for SqlStore<D> {
    async fn read_data(&self, key: &DocumentKey) -> Result<Option<Document>, Error> {
        self.read(key.clone(), |db, key| Box::pin(async move { find(db, &key).await })).await
    }

    async fn write_data(&self, write: Write, _act: &Act) -> Result<Written, Error> {
        self.write(write, |db, write| Box::pin(decide_and_write(db, write))).await
    }
}

/// All documents of an owner.
pub(crate) async fn list(
    db: &impl Db,
    owner: Owner,
) -> Result<Vec<(DocumentKey, Document)>, Error> {
    db.list(sql::documents::LIST_OF_OWNER, values![&owner_key(owner)], |row| {
        let key = DocumentKey {
            owner,
            client: row.parsed(ClientId::parse)?,
            namespace: row.parsed(Namespace::parse)?,
        };
        Ok((key, document(row)?))
    })
    .await
}

/// Keeps a version of a document in the place of what is there.
pub(crate) async fn put(db: &impl Db, key: &DocumentKey, document: &Document) -> Result<(), Error> {
    let value = json(&document.value)?;
    let owner = owner_key(key.owner);
    let (client, namespace) = (key.client.as_str(), key.namespace.as_str());
    let bytes = number(document.size());
    let row = values![&owner, client, namespace, &document.etag.0, bytes, &value];
    db.run(sql::documents::PUT, row).await?;
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

async fn decide_and_write(db: &impl Db, write: &Write) -> Result<Written, Error> {
    let owner = hanging(write.key.owner);
    // A user before a session, whichever of them is the owner.
    let parents = match owner {
        Hanging::User(_) => [owner, write.by],
        Hanging::Session(_) => [write.by, owner],
    };
    for parent in parents {
        if !is_live(db, parent).await? {
            return Ok(Written::Ended);
        }
    }
    let current = find(db, &write.key).await?;
    let was_there = current.is_some();
    let DocumentKey { client, namespace, .. } = &write.key;
    let key = owner_key(write.key.owner);
    let key = values![&key, client.as_str(), namespace.as_str()];
    let others = db.find(sql::documents::BYTES_OF_OTHERS, key, column::count).await?;
    let others = usize::try_from(others.unwrap_or(0)).unwrap_or(usize::MAX);
    let written = write.decide(current, others);
    match &written {
        Written::Done(Some(document)) => put(db, &write.key, document).await?,
        Written::Done(None) if was_there => {
            db.run(sql::documents::DELETE, key).await?;
        }
        _ => {}
    }
    Ok(written)
}

/// Whether it is live, and locked so that it stays so and nobody else writes what it has.
async fn is_live(db: &impl Db, hanging: Hanging) -> Result<bool, Error> {
    Ok(match hanging {
        Hanging::User(id) => {
            let user = users::find_to_change(db, id).await?;
            user.is_some_and(|user| user.life == Life::Active)
        }
        Hanging::Session(id) => {
            let session = sessions::user_of_to_change(db, id).await?;
            session.is_some() || guests::is_there_to_change(db, id).await?
        }
    })
}

fn hanging(owner: Owner) -> Hanging {
    match owner {
        Owner::User(id) => Hanging::User(id),
        Owner::Session(id) => Hanging::Session(id),
    }
}

async fn find(db: &impl Db, key: &DocumentKey) -> Result<Option<Document>, Error> {
    let DocumentKey { owner, client, namespace } = key;
    let owner = owner_key(*owner);
    let key = values![&owner, client.as_str(), namespace.as_str()];
    db.find(sql::documents::FIND, key, document).await
}

fn document(columns: &mut Columns<'_>) -> Result<Document, Error> {
    Ok(Document { value: columns.json()?, etag: Etag(columns.value()?) })
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
