//! Beginning a session: what sign-up, sign-in and set-up have in common once it is clear who comes.

use std::sync::Arc;

use cloakroom_model::client::{Client, DataRule};
use cloakroom_model::event::{Actor, Kind};
use cloakroom_model::grant::{Details, Grant};
use cloakroom_model::id::{ClientId, SessionId, UserId};
use cloakroom_model::registration::Binding;
use cloakroom_model::secret::{Digest, Secret};
use cloakroom_model::session::{Acr, Authentication, Carrier, Session};
use cloakroom_model::time::Timestamp;
use cloakroom_oauth::scope::Scope;
use cloakroom_store::{Begin, Begun, Earlier, Error, FoundSession, LiveGuest, Merge, Who};
use zeroize::Zeroizing;

use crate::Engine;
use crate::granting::Beside;
use crate::memory::{Name, Remembered};
use crate::secret::{CookieSecret, Kind as CookieKind, digest_of};
use crate::tokens::{AccessToken, Holder, Mint, MintError};
use crate::visitor::{Browser, Visitor};

/// A session that began, and what its owner gets to carry it.
pub struct SignedIn {
    /// The session.
    pub session: Arc<Remembered>,
    /// What goes into the session's cookie, where it is carried so.
    pub cookie: Option<CookieSecret>,
    /// What goes into the answer, where it is carried as tokens.
    pub tokens: Option<TokenPair>,
    /// What goes into the cookie by which this browser is known later; `None` where it has one already.
    pub device: Option<Secret>,
}

/// A short token, and the one that earns the next.
pub struct TokenPair {
    /// For requests.
    pub access: AccessToken,
    /// For the next pair.
    pub refresh: Zeroizing<String>,
    /// What both allow.
    pub scope: Scope,
    /// What is told beside.
    pub beside: Beside,
}

/// Who begins a session, and how.
pub(crate) struct Beginning<'a> {
    pub(crate) who: Who,
    pub(crate) user: UserId,
    pub(crate) kind: Kind,
    pub(crate) client: &'a Client,
    pub(crate) carrier: Carrier,
    pub(crate) remember: bool,
    pub(crate) amr: Vec<String>,
    pub(crate) link: Option<Digest>,
    pub(crate) device: Option<Digest>,
    pub(crate) browser: &'a Browser,
    pub(crate) visitor: &'a Visitor,
}

/// Why no session began, once it was clear who came.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BeginError {
    #[error("the user changed meanwhile")]
    Stale,
    #[error("there are as many sessions as allowed")]
    Full,
    #[error("the link does not work any more")]
    LinkSpent,
    #[error("the email is taken")]
    EmailTaken,
    #[error("the username is taken")]
    UsernameTaken,
    #[error(transparent)]
    Mint(#[from] MintError),
    #[error(transparent)]
    Store(#[from] Error),
}

/// How a session is to be carried, and by which client.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CarryError {
    /// There is no such client.
    #[error("there is no client of this name")]
    NoClient,
    /// The client is not one of whoever runs this server: it must send its users to the pages.
    #[error("only a first-party client may sign users in itself")]
    NotFirstParty,
    /// The client's policy does not allow this carrier.
    #[error("this client may not carry identities this way")]
    Carrier,
    /// Its tokens are bound to a key, and none is proved here.
    #[error(
        "this client's tokens are bound to a key, and a password proves none: it must ask at the pages"
    )]
    Bound,
}

impl Engine {
    /// The client a sign-in is for, if it may carry identities this way.
    pub(crate) fn carrying_client(
        &self,
        client: Option<&ClientId>,
        carrier: Carrier,
    ) -> Result<Arc<Client>, CarryError> {
        let built_in = ClientId::built_in();
        let client = self.clients.find(client.unwrap_or(&built_in)).ok_or(CarryError::NoClient)?;
        if !client.first_party {
            return Err(CarryError::NotFirstParty);
        }
        if !client.carries(carrier) {
            return Err(CarryError::Carrier);
        }
        // No key is proved here.
        if carrier == Carrier::Token && self.binding_of(&client) != Binding::WhereProved {
            return Err(CarryError::Bound);
        }
        Ok(client)
    }

    pub(crate) async fn begin(&self, beginning: Beginning<'_>) -> Result<SignedIn, BeginError> {
        let Beginning {
            who,
            user,
            kind,
            client,
            carrier,
            remember,
            amr,
            link,
            device,
            browser,
            visitor,
        } = beginning;
        let earlier = self.earlier(browser).await?;
        let noted = self.memory.note();
        let now = self.time.now();
        let session = Session {
            id: self.random.session_id(now),
            user: Some(user),
            client: client.id.clone(),
            carrier,
            device: visitor.as_device(),
            authentication: Some(Authentication { at: now, acr: Acr::Aal1, amr }),
            created_at: now,
            expires_at: now.plus(client.lifetimes.absolute),
            idle: client.lifetimes.idle,
            last_seen_at: now,
            remembered: remember && carrier == Carrier::Cookie,
        };
        let cookie = (carrier == Carrier::Cookie)
            .then(|| CookieSecret { kind: CookieKind::SignedIn, secret: self.random.secret() });
        let grant = match carrier {
            Carrier::Token => Some(self.grant_for(&session, client, now).await?),
            Carrier::Cookie => None,
        };
        if let Some(grant) = &grant {
            self.can_mint(client, self.first_audience(&grant.audience))?;
        }
        let mut act = self.act(kind, Actor::User(user));
        act.event.user = Some(user);
        act.event.session = Some(session.id);
        act.event.client = Some(client.id.clone());
        act.event.address = Some(visitor.address.to_string());
        let begin = Begin {
            who,
            session: session.clone(),
            secret: cookie.as_ref().map(CookieSecret::digest),
            grant: grant.clone(),
            earlier,
            limit: self.settings.session_limit,
            link,
            device,
        };
        let done = match self.store.begin_session(begin, &act).await? {
            Begun::Done(done) => done,
            Begun::Stale => return Err(BeginError::Stale),
            Begun::Full => return Err(BeginError::Full),
            Begun::LinkSpent => return Err(BeginError::LinkSpent),
            Begun::EmailTaken => return Err(BeginError::EmailTaken),
            Begun::UsernameTaken => return Err(BeginError::UsernameTaken),
        };
        self.heard(&done.rows).await;
        let remembered = Arc::new(
            Remembered::new(session, Some(done.value), noted, now)
                .with_secret(cookie.as_ref().map(CookieSecret::digest)),
        );
        if let Some(cookie) = &cookie {
            self.memory.keep(Name::Secret(cookie.digest()), Arc::clone(&remembered));
        }
        let tokens = match &grant {
            Some(grant) => Some(self.first_tokens(&remembered, client, grant)?),
            None => None,
        };
        Ok(SignedIn { session: remembered, cookie, tokens, device: None })
    }

    /// The grant by which a session is carried as tokens.
    pub(crate) async fn grant_for(
        &self,
        session: &Session,
        client: &Client,
        now: Timestamp,
    ) -> Result<Grant, Error> {
        let details = Details { status: self.place_for(client).await?, ..Details::default() };
        let mut scope = client.scopes.clone();
        scope.sort_unstable();
        Ok(Grant {
            id: self.random.grant_id(now),
            user: session.user,
            session: Some(session.id),
            client: client.id.clone(),
            scope,
            audience: self.audiences_of(client),
            created_at: now,
            expires_at: session.expires_at,
            idle: session.idle,
            last_used_at: now,
            data_key: self.data_keys.newest(),
            counter: 0,
            rotations: Vec::new(),
            bound: false,
            details,
        })
    }

    /// The audiences a client's tokens may name, the default first: its own, and the issuer.
    pub(crate) fn audiences_of(&self, client: &Client) -> Vec<String> {
        let mut audiences = client.audiences.clone();
        if !audiences.contains(&self.settings.issuer) {
            audiences.push(self.settings.issuer.clone());
        }
        audiences
    }

    pub(crate) fn first_tokens(
        &self,
        session: &Remembered,
        client: &Client,
        grant: &Grant,
    ) -> Result<TokenPair, MintError> {
        let scope = Scope::of(grant.scope.clone());
        let access = self.mint(&Mint {
            holder: Holder::Session(session),
            client,
            grant: Some(grant.id),
            audience: self.first_audience(&grant.audience),
            scope: &scope,
            details: Some(&grant.details),
            origin: None,
        })?;
        let refresh = self.refresh_token(grant, grant.counter)?;
        Ok(TokenPair { access, refresh, scope, beside: Beside::default() })
    }

    /// What a token is for where nothing else is asked for: the client's own API, or Cloakroom itself.
    pub(crate) fn first_audience<'a>(&'a self, audiences: &'a [String]) -> &'a str {
        audiences.first().map_or(&self.settings.issuer, String::as_str)
    }

    /// This browser's session until now.
    pub(crate) async fn earlier(&self, browser: &Browser) -> Result<Option<Earlier>, Error> {
        let Some(cookie) = &browser.session else {
            return Ok(None);
        };
        let Some(id) = self.session_of(cookie).await? else {
            return Ok(None);
        };
        let rules = self.clients.all().iter().flat_map(rules_of).collect();
        let merge = Merge {
            rules,
            limit: self.settings.session_data_limit,
            etag_seed: self.random.bytes(),
        };
        Ok(Some(Earlier { id, merge, elsewhere: None }))
    }

    /// The session that a secret belongs, or just belonged, to. Guests may lie where they are out of reach for a while: then
    /// it is the one that is remembered here, if any. Whoever shows who they are does not wait for the guest that they were.
    pub(crate) async fn session_of(
        &self,
        cookie: &CookieSecret,
    ) -> Result<Option<SessionId>, Error> {
        let (digest, now) = (cookie.digest(), self.time.now());
        Ok(match cookie.kind {
            CookieKind::SignedIn => {
                self.store.find_session(&digest, now).await?.map(|found| match found {
                    FoundSession::Live(live) => live.session.id,
                    FoundSession::Replaced(replaced) => replaced.session,
                })
            }
            CookieKind::Guest => {
                let found = match self.store.find_guest(&digest, now).await {
                    Err(Error::OutOfReach(_)) => {
                        let remembered = self.memory.find(&Name::Secret(digest), now);
                        return Ok(remembered.map(|guest| guest.session.id));
                    }
                    found => found?,
                };
                found.map(|found| match found {
                    LiveGuest::Live(guest) => guest.id,
                    LiveGuest::Replaced(replaced) => replaced.session,
                })
            }
        })
    }

    /// The digest by which this browser will be known, and the new secret where it has none yet.
    pub(crate) fn device(&self, browser: &Browser) -> (Digest, Option<Secret>) {
        if let Some(known) = &browser.device {
            (digest_of(known), None)
        } else {
            let secret = self.random.secret();
            (digest_of(&secret), Some(secret))
        }
    }
}

fn rules_of(client: &Arc<Client>) -> Vec<(ClientId, DataRule)> {
    client.data.iter().map(|rule| (client.id.clone(), rule.clone())).collect()
}
