//! Guests: a session without a user.

use std::sync::Arc;

use cloakroom_model::event::{Actor, Kind};
use cloakroom_model::id::ClientId;
use cloakroom_model::session::{Carrier, Session};
use cloakroom_store::Error;

use crate::Engine;
use crate::begin::{CarryError, SignedIn};
use crate::memory::{Name, Remembered};
use crate::secret::{CookieSecret, Kind as CookieKind};
use crate::throttle::{Limited, What};
use crate::tokens::MintError;
use crate::visitor::Visitor;

/// Why no guest came.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GuestError {
    /// The client may not do this.
    #[error(transparent)]
    Carry(#[from] CarryError),
    /// Too many from here.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// No token could be made.
    #[error(transparent)]
    Mint(#[from] MintError),
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Engine {
    /// Begins a session without a user.
    pub async fn begin_guest(
        &self,
        carrier: Carrier,
        client: Option<&ClientId>,
        visitor: &Visitor,
    ) -> Result<SignedIn, GuestError> {
        let client = self.carrying_client(client, carrier)?;
        self.limits.check(What::Guest, &visitor.address, self.time.now()).await?;
        let noted = self.memory.note();
        let now = self.time.now();
        let cookie = (carrier == Carrier::Cookie)
            .then(|| CookieSecret { kind: CookieKind::Guest, secret: self.random.secret() });
        let secret = cookie.as_ref().map(CookieSecret::digest);
        let id = match &secret {
            Some(secret) => self.random.guest_id(now, secret),
            None => self.random.session_id(now),
        };
        let session = Session {
            id,
            user: None,
            client: client.id.clone(),
            carrier,
            device: visitor.as_device(),
            authentication: None,
            created_at: now,
            expires_at: now.plus(client.lifetimes.guest_absolute),
            idle: client.lifetimes.guest_idle,
            last_seen_at: now,
            remembered: true,
        };
        let grant = match carrier {
            Carrier::Token => Some(self.grant_for(&session, &client, now).await?),
            Carrier::Cookie => None,
        };
        if let Some(grant) = &grant {
            self.can_mint(&client, self.first_audience(&grant.audience))?;
        }
        let mut act = self.act(Kind::GuestCame, Actor::Anybody);
        act.event.session = Some(session.id);
        act.event.client = Some(client.id.clone());
        act.event.address = Some(visitor.address.to_string());
        self.store.insert_guest(session.clone(), secret, grant.clone(), &act).await?;
        let remembered = Arc::new(Remembered::new(session, None, noted, now));
        if let Some(cookie) = &cookie {
            self.memory.keep(Name::Secret(cookie.digest()), Arc::clone(&remembered));
        }
        let tokens = match &grant {
            Some(grant) => Some(self.first_tokens(&remembered, &client, grant)?),
            None => None,
        };
        Ok(SignedIn { session: remembered, cookie, tokens, device: None })
    }
}
