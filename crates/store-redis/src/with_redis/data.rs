//! The data of guests.

use async_trait::async_trait;
use cloakroom_model::data::{Document, DocumentKey, Etag, Namespace, Owner};
use cloakroom_model::id::{ClientId, SessionId};
use cloakroom_model::room::Room;
use cloakroom_store::{Act, Error, Hanging, SessionData, Store, Write, Written};
use redis::Value;
use tokio::time::sleep;

use super::{ATTEMPTS, LOOK_AGAIN, WithRedis, claim_of, corrupt};
use crate::scripts;

#[async_trait]
impl<S: Store> SessionData for WithRedis<S> {
    async fn read_data(&self, key: &DocumentKey) -> Result<Option<Document>, Error> {
        let Owner::Session(session) = key.owner else { return self.authority.read_data(key).await };
        match self.look(session, key).await {
            Ok(Some(look)) => Ok(look.document),
            Ok(None) => self.authority.read_data(key).await,
            Err(_) if self.is_the_authoritys(session).await? => self.authority.read_data(key).await,
            Err(away) => Err(away),
        }
    }

    async fn write_data(&self, write: Write, act: &Act) -> Result<Written, Error> {
        match (write.key.owner, write.by) {
            // What one guest has is written by its own right alone.
            (Owner::Session(owner), Hanging::Session(by)) if owner == by => {
                match self.write_here(owner, &write, act).await {
                    Ok(Some(written)) => Ok(written),
                    Ok(None) => self.authority.write_data(write, act).await,
                    Err(_) if self.is_the_authoritys(owner).await? => {
                        self.authority.write_data(write, act).await
                    }
                    Err(away) => Err(away),
                }
            }
            _ => self.authority.write_data(write, act).await,
        }
    }
}

/// What there is of a document, and of the guest around it.
struct Look {
    document: Option<Document>,
    version: u64,
    bytes: usize,
    claim: Option<(u128, u128)>,
}

impl<S: Store> WithRedis<S> {
    /// `None` where the guest does not lie in Redis.
    async fn look(&self, guest: SessionId, key: &DocumentKey) -> Result<Option<Look>, Error> {
        let keys = [self.keys.guest(guest)];
        let room = Room::of_guest(guest);
        let answer: Vec<Value> = self.in_room(room, &scripts::READ, &keys, &[field(key)]).await?;
        if answer.is_empty() {
            return Ok(None);
        }
        let read: (Option<Vec<u8>>, u64, usize, Option<String>, i64) =
            redis::from_redis_value(Value::Array(answer)).map_err(|_| corrupt("document"))?;
        let (document, version, bytes, claim, age) = read;
        let claim = claim.map(|text| claim_of(&text)).transpose()?;
        Ok(Some(Look {
            document: document.map(|bytes| document_of(&bytes)).transpose()?,
            version,
            bytes,
            // A server whose clock was set back has claimed it just now.
            claim: claim.map(|claim| (claim, u128::try_from(age).unwrap_or(0))),
        }))
    }

    /// Writes where the guest lies in Redis; `None` where it does not.
    async fn write_here(
        &self,
        guest: SessionId,
        write: &Write,
        act: &Act,
    ) -> Result<Option<Written>, Error> {
        let room = Room::of_guest(guest);
        let keys = [self.keys.guest(guest)];
        for _ in 0..ATTEMPTS {
            let Some(look) = self.look(guest, &write.key).await? else { return Ok(None) };
            if let Some(document) = look.document.as_ref().filter(|it| it.etag == write.etag) {
                // It was written, and the answer was lost on its way.
                return Ok(Some(Written::Done(Some(document.clone()))));
            }
            match look.claim {
                Some((claim, age)) if age >= self.patience.as_millis() => {
                    self.give_up(guest, claim, act.at).await?;
                    continue;
                }
                Some(_) => {
                    sleep(LOOK_AGAIN).await;
                    continue;
                }
                None => {}
            }
            let others = look.bytes - look.document.as_ref().map_or(0, Document::size);
            let written = write.decide(look.document, others);
            let Written::Done(document) = &written else { return Ok(Some(written)) };
            let bytes = others + document.as_ref().map_or(0, Document::size);
            let args = [
                field(&write.key),
                look.version.to_string().into_bytes(),
                document.as_ref().map(text_of).unwrap_or_default(),
                bytes.to_string().into_bytes(),
            ];
            if self.in_room::<u8>(room, &scripts::WRITE, &keys, &args).await? == 1 {
                return Ok(Some(written));
            }
        }
        Err(Error::Busy)
    }
}

/// The field that a document lies in.
fn field(key: &DocumentKey) -> Vec<u8> {
    format!("n {} {}", key.client, key.namespace).into_bytes()
}

/// The document that lies in a field; `None` where the field is none of a document.
pub(super) fn document_in(
    guest: SessionId,
    field: &[u8],
    bytes: &[u8],
) -> Result<Option<(DocumentKey, Document)>, Error> {
    let field = std::str::from_utf8(field).map_err(|_| corrupt("document"))?;
    let Some((client, namespace)) = field.strip_prefix("n ").and_then(|it| it.split_once(' '))
    else {
        return Ok(None);
    };
    let key = DocumentKey {
        owner: Owner::Session(guest),
        client: ClientId::parse(client).map_err(|_| corrupt("document"))?,
        namespace: Namespace::parse(namespace).map_err(|_| corrupt("document"))?,
    };
    Ok(Some((key, document_of(bytes)?)))
}

fn text_of(document: &Document) -> Vec<u8> {
    let mut bytes = document.etag.0.to_vec();
    bytes.extend(document.value.to_string().into_bytes());
    bytes
}

fn document_of(bytes: &[u8]) -> Result<Document, Error> {
    let (etag, value) = bytes.split_first_chunk().ok_or_else(|| corrupt("document"))?;
    let value = serde_json::from_slice(value).map_err(|_| corrupt("document"))?;
    Ok(Document { value, etag: Etag(*etag) })
}
