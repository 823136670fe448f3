//! Clients that register themselves (RFC 7591, RFC 7592, OpenID Connect Dynamic Client Registration 1.0).
//!
//! Nobody who runs this server has looked at them: they are never first-party, they get what is on offer to strangers and
//! nothing more, however often they change what they registered, and there is an end to their number.

use std::time::Duration;

use cloakroom_model::client::{Client, ClientSecret, Template};
use cloakroom_model::event::{Actor, Kind};
use cloakroom_model::id::ClientId;
use cloakroom_model::registration::{AuthenticationMethod, RegisteredBy};
use cloakroom_model::secret::{Digest, Secret};
use cloakroom_model::time::Timestamp;
use cloakroom_oauth::error::{Code, Error as OauthError};
use cloakroom_oauth::registration_request::{self, Metadata, Offer, Update};
use cloakroom_oauth::registration_response::{self, Credentials};
use cloakroom_oauth::token_request::Presented;
use cloakroom_store::{Error, InsertClient};
use serde_json::Value;
use url::Url;
use zeroize::Zeroizing;

use super::room::Stranger;
use super::{ClientError, check, fresh_id, kept};
use crate::Engine;
use crate::fetch::{Fetch, Limits};
use crate::keys::KeysError;
use crate::secret::{digest_of, from_text, to_text};
use crate::settings::Registering;
use crate::throttle::{Limited, What};
use crate::visitor::Visitor;

/// How long a secret works on that was replaced, so that the new one can be put in place.
const OVERLAP: Duration = Duration::from_hours(24);

/// Where one registers itself, behind the issuer's URL.
const PATH: &str = "/oauth/register";

/// What a client is told: all that is registered of it, and what was made just now. Does not print.
pub struct Told {
    client: Client,
    secret: Option<Zeroizing<String>>,
    token: Option<Zeroizing<String>>,
    issuer: String,
}

impl Told {
    /// The body of the answer (RFC 7591 §3.2.1).
    #[must_use]
    pub fn body(&self) -> Value {
        let Self { client, secret, token, issuer } = self;
        registration_response::body(
            client,
            &Credentials {
                secret: secret.as_ref().map(|secret| secret.as_str()),
                registration_access_token: token.as_ref().map(|token| token.as_str()),
                registration_client_uri: &format!("{issuer}{PATH}/{}", client.id),
            },
        )
    }
}

/// Why a client did not register, or not change what it registered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// Nobody registers themselves here.
    #[error("nobody registers themselves here")]
    Off,
    /// It may not, or what it says of itself is not in order.
    #[error(transparent)]
    Refused(#[from] OauthError),
    /// There are as many as there may be.
    #[error("there is no room for more clients that registered themselves")]
    Full,
    /// Too many from here.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// A key for its algorithm could not be made.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl From<ClientError> for RegisterError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Keys(error) => Self::Keys(error),
            ClientError::Store(error) => Self::Store(error),
            ClientError::Registration(error) => Self::Refused(error),
            other => Self::Refused(OauthError::new(Code::InvalidClientMetadata, other.to_string())),
        }
    }
}

impl Engine {
    /// Whether clients can register themselves at all.
    #[must_use]
    pub fn clients_register_themselves(&self) -> bool {
        self.settings.own_accord.registering != Registering::Off
    }

    /// Registers a client as its request asks (RFC 7591 §3). `token` is the initial access token that it brings.
    pub async fn register_client(
        &self,
        body: &[u8],
        token: Option<&str>,
        fetch: &dyn Fetch,
        visitor: &Visitor,
    ) -> Result<Told, RegisterError> {
        let by_token = match self.settings.own_accord.registering {
            Registering::Off => return Err(RegisterError::Off),
            Registering::WithToken => true,
            Registering::Open => false,
        };
        self.limits.check(What::Register, &visitor.address, self.time.now()).await?;
        let right = if by_token { Some(self.initial_token(token).await?) } else { None };
        let metadata = self.offered(|offer| registration_request::read(body, offer))?;
        self.check_stranger(&metadata)?;
        listed(&metadata, fetch).await?;
        let id = fresh_id(&*self.random)?;
        let now = self.time.now();
        let method = metadata.registration.method;
        let secret = method.needs_secret().then(|| self.random.secret());
        let token = self.random.secret();
        let by = RegisteredBy::Itself { token: digest_of(&token) };
        let kept = secret.as_ref().map(|secret| kept(secret, now));
        let mut client = metadata.into_client(id, kept, by, now);
        client.registration.requests.danger_without_pkce =
            self.settings.own_accord.danger_without_pkce && client.is_confidential();
        check::check(&client, self.rules())?;
        self.let_in(&client, Stranger::Registered, right, visitor).await?;
        Ok(self.told(client, secret.as_ref(), Some(to_text(&token))))
    }

    /// What a client registered (RFC 7592 §2.1). `token` is its registration access token.
    pub async fn own_registration(
        &self,
        id: &str,
        token: Option<&str>,
        visitor: &Visitor,
    ) -> Result<Told, RegisterError> {
        let (client, _) = self.owner(id, token, visitor).await?;
        // RFC 7592 §3: whoever has it is told it again.
        let again = token.map(|token| Zeroizing::new(token.to_owned()));
        Ok(self.told(client, None, again))
    }

    /// Replaces what a client registered (RFC 7592 §2.2). It gets another registration access token, and where it showed its
    /// secret another one of those; the old secret works for a day more.
    pub async fn change_own_registration(
        &self,
        id: &str,
        token: Option<&str>,
        body: &[u8],
        fetch: &dyn Fetch,
        visitor: &Visitor,
    ) -> Result<Told, RegisterError> {
        let (mut seen, digest) = self.owner(id, token, visitor).await?;
        let update =
            self.offered(|offer| registration_request::read_update(body, &seen.id, offer))?;
        self.check_stranger(&update.metadata)?;
        listed(&update.metadata, fetch).await?;
        let (new_token, new_secret) = (self.random.secret(), self.random.secret());
        loop {
            let (client, renewed) = self.updated(&seen, &update, &new_token, &new_secret)?;
            self.make_keys_for(&client).await?;
            let mut act = self.act(Kind::ClientChanged, Actor::Anybody);
            act.event.client = Some(seen.id.clone());
            act.event.address = Some(visitor.address.to_string());
            if let Some(done) = self.store.replace_client(&seen, client.clone(), &act).await? {
                self.heard(&done.rows).await;
                let secret = renewed.then_some(&new_secret);
                return Ok(self.told(client, secret, Some(to_text(&new_token))));
            }
            // Somebody was faster. If it was another holder of the same token, it is not good any more.
            seen = self.owned_by(&seen.id, &digest).await?;
        }
    }

    /// Removes a client at its own wish, and ends all its grants (RFC 7592 §2.3).
    pub async fn remove_own_registration(
        &self,
        id: &str,
        token: Option<&str>,
        visitor: &Visitor,
    ) -> Result<(), RegisterError> {
        let (client, _) = self.owner(id, token, visitor).await?;
        let mut act = self.act(Kind::ClientRemoved, Actor::Anybody);
        act.event.client = Some(client.id.clone());
        act.event.address = Some(visitor.address.to_string());
        let done = self.store.remove_client(&client.id, &act).await?.ok_or_else(unknown)?;
        self.heard(&done.rows).await;
        Ok(())
    }

    /// Keeps a client that nobody who runs this server registered, where there is room.
    pub(super) async fn let_in(
        &self,
        client: &Client,
        kind: Stranger,
        right: Option<Digest>,
        visitor: &Visitor,
    ) -> Result<(), RegisterError> {
        // One after the other, so that they are counted.
        let _alone = self.letting_in.lock().await;
        if !self.has_room_for(kind).await? {
            return Err(RegisterError::Full);
        }
        self.make_keys_for(client).await?;
        let mut act = self.act(Kind::ClientAdded, Actor::Anybody);
        act.event.client = Some(client.id.clone());
        act.event.address = Some(visitor.address.to_string());
        match self.store.insert_client(client.clone(), right, &act).await? {
            InsertClient::Done(done) => self.heard(&done.rows).await,
            InsertClient::TokenSpent => return Err(unknown()),
            // Somebody else was faster with the same document.
            InsertClient::Taken => self.catch_up().await?,
        }
        Ok(())
    }

    /// Reads with what is on offer to strangers.
    pub(super) fn offered<T>(&self, read: impl FnOnce(&Offer<'_>) -> T) -> T {
        let scopes = &self.settings.own_accord.scopes;
        read(&Offer { scopes, signing: self.signs_with() })
    }

    fn check_stranger(&self, metadata: &Metadata) -> Result<(), OauthError> {
        registration_request::of_its_own_accord(metadata)?;
        self.check_name(metadata.name.as_deref().unwrap_or_default())
    }

    /// Refuses a name by which people could take a stranger for one of the operator's own.
    pub(super) fn check_name(&self, name: &str) -> Result<(), OauthError> {
        if self.clients.is_name_of_operators(name) {
            let why = "client_name: a client of this server's operator has this name";
            return Err(OauthError::new(Code::InvalidClientMetadata, why));
        }
        Ok(())
    }

    /// An initial access token that works. The registration spends it, and looks again.
    async fn initial_token(&self, token: Option<&str>) -> Result<Digest, RegisterError> {
        let digest = token.and_then(from_text).map(|secret| digest_of(&secret));
        let digest = digest.ok_or_else(unknown)?;
        let tokens = self.list_initial_tokens().await?;
        let works = tokens.iter().any(|token| token.digest.matches(&digest));
        if works { Ok(digest) } else { Err(unknown()) }
    }

    /// The client that a registration access token is for. Whether there is another of the name is nobody's affair.
    async fn owner(
        &self,
        id: &str,
        token: Option<&str>,
        visitor: &Visitor,
    ) -> Result<(Client, Digest), RegisterError> {
        if !self.clients_register_themselves() {
            return Err(RegisterError::Off);
        }
        self.limits.check(What::OwnRegistration, &visitor.address, self.time.now()).await?;
        let id = ClientId::parse(id).map_err(|_| unknown())?;
        let digest = token.and_then(from_text).map(|secret| digest_of(&secret));
        let digest = digest.ok_or_else(unknown)?;
        Ok((self.owned_by(&id, &digest).await?, digest))
    }

    async fn owned_by(&self, id: &ClientId, digest: &Digest) -> Result<Client, RegisterError> {
        let client = self.store.find_client(id).await?.ok_or_else(unknown)?;
        match &client.registration.by {
            RegisteredBy::Itself { token } if token.matches(digest) => Ok(client),
            _ => Err(unknown()),
        }
    }

    /// The client as it is from now on, and whether the new secret is one of its.
    fn updated(
        &self,
        seen: &Client,
        update: &Update,
        token: &Secret,
        secret: &Secret,
    ) -> Result<(Client, bool), RegisterError> {
        let now = self.time.now();
        let shown = update.secret.as_ref().map(Presented::as_str);
        if shown.is_some_and(|shown| !self.is_client_secret(seen, shown)) {
            let why = "client_secret: this is not the client's secret";
            return Err(OauthError::new(Code::InvalidClientMetadata, why).into());
        }
        let native = update.metadata.native;
        let mut client = update.metadata.clone().applied_to(seen);
        if native != (client.template == Template::Mobile) {
            client.template = if native { Template::Mobile } else { Template::Web };
            client.lifetimes = client.template.lifetimes();
        }
        client.registration.by = RegisteredBy::Itself { token: digest_of(token) };
        let method = client.registration.method;
        let renewed =
            method.needs_secret() && (shown.is_some() || client.authentication.is_empty());
        renew(&mut client, renewed.then(|| kept(secret, now)), now);
        if method == AuthenticationMethod::None {
            client.registration.requests.danger_without_pkce = false;
        }
        check::check(&client, self.rules())?;
        Ok((client, renewed))
    }

    fn told(
        &self,
        client: Client,
        secret: Option<&Secret>,
        token: Option<Zeroizing<String>>,
    ) -> Told {
        let issuer = self.settings.issuer.clone();
        Told { client, secret: secret.map(to_text), token, issuer }
    }
}

/// The secrets of a client whose way to prove itself, or whose secret, may be another one now.
fn renew(client: &mut Client, new: Option<ClientSecret>, now: Timestamp) {
    if !client.registration.method.needs_secret() {
        client.authentication.clear();
        return;
    }
    let Some(new) = new else { return };
    let until = now.plus(OVERLAP);
    for old in &mut client.authentication {
        old.expires_at = Some(old.expires_at.map_or(until, |at| at.min(until)));
    }
    client.authentication.retain(|old| old.expires_at.is_none_or(|at| at > now));
    client.authentication.push(new);
}

/// Looks at the list of a sector. What went wrong on the way there is not told: it would say what answers where.
async fn listed(metadata: &Metadata, fetch: &dyn Fetch) -> Result<(), RegisterError> {
    let Some(at) = &metadata.listed_at else { return Ok(()) };
    let unread = || {
        let why = "sector_identifier_uri: no list could be read there";
        OauthError::new(Code::InvalidClientMetadata, why)
    };
    let url = Url::parse(at).map_err(|_| unread())?;
    let fetched = fetch.fetch(&url, Limits::default()).await.map_err(|error| {
        tracing::info!(error = &error as &dyn std::error::Error, "a sector's list was not read");
        unread()
    })?;
    let list = fetched.document(&["application/json"]).ok_or_else(unread)?;
    Ok(registration_request::check_listed(metadata, list)?)
}

fn unknown() -> RegisterError {
    RegisterError::Refused(Code::InvalidToken.into())
}
