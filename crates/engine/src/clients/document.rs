//! Clients whose name is the address of a document about them (Client ID Metadata Documents, §4): they need not register.
//!
//! The document is read when somebody comes with a question of the client's, and is kept as its registration, so that grants,
//! consents and every node know it like any other client. It is read again once it is old. What it says then holds from then
//! on; where it is gone, or is none any more, nobody new is asked for the client, and what people allowed it before goes on
//! by the last good document until it ends by itself or is ended.

use std::time::Duration;

use cloakroom_model::client::Client;
use cloakroom_model::event::{Actor, Kind};
use cloakroom_model::id::ClientId;
use cloakroom_model::log::Subject;
use cloakroom_model::registration::{RegisteredBy, Registration};
use cloakroom_model::time::Timestamp;
use cloakroom_oauth::client_metadata_document::{self, MAX_BYTES, address, is_address};
use cloakroom_oauth::error::{Code, Error as OauthError};
use url::Url;

use super::check;
use super::itself::RegisterError;
use super::room::Stranger;
use crate::Engine;
use crate::fetch::{Fetch, FetchError, Limits};
use crate::throttle::What;
use crate::visitor::Visitor;

/// A document is believed at least this long, whatever its headers say: or a client could have it fetched all the time.
const FRESH_AT_LEAST: Duration = Duration::from_mins(5);

/// And no longer than this.
const FRESH_AT_MOST: Duration = Duration::from_hours(24);

/// How old the last good document may be while nobody answers at its address.
const GOOD_FOR: Duration = Duration::from_hours(48);

/// How long its server may take.
const WITHIN: Duration = Duration::from_secs(5);

impl Engine {
    /// Whether a client's name may be the address of a document.
    #[must_use]
    pub fn clients_have_documents(&self) -> bool {
        self.settings.own_accord.documents
    }

    /// Gets to know the client that a request names, where its name is the address of a document that was never read, or not
    /// lately. To be asked before the client is looked up.
    pub async fn meet_client(
        &self,
        named: Option<&str>,
        fetch: &dyn Fetch,
        visitor: &Visitor,
    ) -> Result<(), RegisterError> {
        let id = named.and_then(|name| ClientId::parse(name).ok());
        let Some(id) = id.filter(|id| self.clients_have_documents() && is_address(id)) else {
            return Ok(());
        };
        let now = self.time.now();
        match self.clients.find(&id).map(|client| client.registration.by.clone()) {
            Some(RegisteredBy::Document { fresh_until, .. }) if now < fresh_until => return Ok(()),
            Some(RegisteredBy::Document { .. }) | None => {}
            // Whoever runs this server gave the name to one of theirs.
            Some(RegisteredBy::Operator | RegisteredBy::Itself { .. }) => return Ok(()),
        }
        let url = address(&id)?;
        let url = Url::parse(url).map_err(|_| OauthError::from(Code::InvalidClient))?;
        self.limits.check(What::ClientDocument, &visitor.address, now).await?;
        self.catch_up().await?;
        if self.memory.has_ended(&Subject::Client(id.clone())) {
            // An operator removed it, and its tokens are refused by its name.
            return Err(OauthError::from(Code::InvalidClient).into());
        }
        let known = self.store.find_client(&id).await?;
        let limits = Limits { bytes: MAX_BYTES, time: WITHIN };
        match (fetch.fetch(&url, limits).await, known) {
            (Ok(fetched), known) => {
                let document = fetched.document(&["application/json"]).ok_or_else(unread)?;
                let fresh_for = fetched.fresh_for.clamp(FRESH_AT_LEAST, FRESH_AT_MOST);
                let client = self.read_document(&id, document, now, now.plus(fresh_for))?;
                match known {
                    None => self.let_in(&client, Stranger::Read, None, visitor).await,
                    Some(seen) => self.read_again(&seen, &client, visitor).await,
                }
            }
            (Err(error), Some(seen)) if may_go_on(&error, &seen, now) => {
                let client = asked_again_at(&seen, now.plus(FRESH_AT_LEAST));
                self.read_again(&seen, &client, visitor).await
            }
            (Err(error), _) => {
                let error = &error as &dyn std::error::Error;
                tracing::info!(error, client = %id, "a client's document was not read");
                // What went wrong on the way there would say what answers where.
                Err(unread().into())
            }
        }
    }

    fn read_document(
        &self,
        id: &ClientId,
        document: &[u8],
        now: Timestamp,
        fresh_until: Timestamp,
    ) -> Result<Client, RegisterError> {
        let by = RegisteredBy::Document { read_at: now, fresh_until };
        let client =
            self.offered(|offer| client_metadata_document::read(id, document, offer, by, now))?;
        self.check_name(&client.name)?;
        check::check(&client, self.rules())?;
        Ok(client)
    }

    /// Keeps what was read of a client that is known.
    async fn read_again(
        &self,
        seen: &Client,
        read: &Client,
        visitor: &Visitor,
    ) -> Result<(), RegisterError> {
        // What an operator decided of it stays.
        let client = Client {
            name: read.name.clone(),
            scopes: read.scopes.clone(),
            registration: Registration {
                status_list: seen.registration.status_list,
                ..read.registration.clone()
            },
            ..seen.clone()
        };
        self.make_keys_for(&client).await?;
        let mut act = self.act(Kind::ClientChanged, Actor::Anybody);
        act.event.client = Some(seen.id.clone());
        act.event.address = Some(visitor.address.to_string());
        match self.store.replace_client(seen, client, &act).await? {
            Some(done) => self.heard(&done.rows).await,
            // Somebody else read it at the same time.
            None => self.catch_up().await?,
        }
        Ok(())
    }
}

/// Whether the last good document does while nobody answers. An answer that is no document is an answer.
fn may_go_on(error: &FetchError, seen: &Client, now: Timestamp) -> bool {
    let nobody_answers =
        matches!(error, FetchError::Unreachable(_) | FetchError::TooSlow | FetchError::Busy);
    match seen.registration.by {
        RegisteredBy::Document { read_at, .. } => nobody_answers && now < read_at.plus(GOOD_FOR),
        _ => false,
    }
}

fn asked_again_at(seen: &Client, at: Timestamp) -> Client {
    let mut client = seen.clone();
    if let RegisteredBy::Document { fresh_until, .. } = &mut client.registration.by {
        *fresh_until = at;
    }
    client
}

fn unread() -> OauthError {
    OauthError::new(
        Code::InvalidClient,
        "client_id: no document about a client could be read there",
    )
}
