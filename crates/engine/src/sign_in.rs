//! Signing in with a password.
//!
//! Throttle, then the pool, then storage. Whether there is such a user must not show: a name that nobody has
//! costs the same hash, has its failures counted in the same way and for as long (`failures`), and is
//! answered after the same delay.

use std::time::Duration;

use cloakroom_model::event::{Actor, Event, Kind};
use cloakroom_model::id::ClientId;
use cloakroom_model::network::Network;
use cloakroom_model::password::Password;
use cloakroom_model::policy::throttle::{Account, Outcome};
use cloakroom_model::session::Carrier;
use cloakroom_model::user::{Life, Lookup};
use cloakroom_store::{Error, Login, Who};

use crate::Engine;
use crate::begin::{BeginError, Beginning, CarryError, SignedIn};
use crate::failures::{self, Whose};
use crate::password::{PasswordHash, Unavailable, Verdict};
use crate::secret::digest_of;
use crate::throttle::{Limited, What};
use crate::tokens::MintError;
use crate::visitor::{Browser, Visitor};

/// Somebody who says who they are.
#[derive(Debug)]
pub struct SignIn {
    /// An email or a username.
    pub identifier: String,
    /// The password.
    pub password: Password,
    /// How the session is to be carried.
    pub carry: Carrier,
    /// By which client; the built-in one where `None`.
    pub client: Option<ClientId>,
    /// Whether the cookie outlives the browser.
    pub remember: bool,
    /// What the browser has brought.
    pub browser: Browser,
}

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// The name and the password do not fit together; whether the name exists is not said.
    #[error("the identifier and the password do not match")]
    Mismatch,
    /// There were too many failures: not now.
    #[error("too many attempts")]
    Wait(Duration),
    /// There were too many failures from devices that are not known.
    #[error("too many attempts from unknown devices")]
    Refused,
    /// There are as many sessions as allowed.
    #[error("there are as many sessions as allowed: end one first")]
    Full,
    /// The client may not do this.
    #[error(transparent)]
    Carry(#[from] CarryError),
    /// Too many from here.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// Too many passwords at once, or the server is stopping.
    #[error(transparent)]
    Passwords(#[from] Unavailable),
    /// No token could be made.
    #[error(transparent)]
    Mint(#[from] MintError),
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Engine {
    /// Signs somebody in. An answer that says whether the credentials are right leaves after a fixed delay.
    pub async fn sign_in(&self, wish: SignIn, visitor: &Visitor) -> Result<SignedIn, SignInError> {
        let began = self.time.steady();
        let client = self.carrying_client(wish.client.as_ref(), wish.carry)?;
        self.limits.check(What::SignIn, &visitor.address, self.time.now()).await?;
        let answer = self.try_sign_in(&wish, &client, visitor).await;
        self.leave_at(began + self.settings.answer_delay).await;
        answer
    }

    async fn try_sign_in(
        &self,
        wish: &SignIn,
        client: &cloakroom_model::client::Client,
        visitor: &Visitor,
    ) -> Result<SignedIn, SignInError> {
        let lookup = Lookup::of(&wish.identifier);
        // A change between the check and the act makes the check worthless: once more, with what is true now.
        for _ in 0..2 {
            let login =
                self.check_password(&lookup, &wish.password, &wish.browser, visitor).await?;
            let (device, new_device) = self.device(&wish.browser);
            let begun = self
                .begin(Beginning {
                    who: Who::Known { user: login.user.id, generation: login.user.generation },
                    user: login.user.id,
                    kind: Kind::SignedIn,
                    client,
                    carrier: wish.carry,
                    remember: wish.remember,
                    amr: vec!["pwd".to_owned()],
                    link: None,
                    device: Some(device),
                    browser: &wish.browser,
                    visitor,
                })
                .await;
            match begun {
                Ok(signed_in) => return Ok(SignedIn { device: new_device, ..signed_in }),
                Err(BeginError::Stale) => (),
                Err(BeginError::Full) => return Err(SignInError::Full),
                Err(BeginError::Mint(error)) => return Err(error.into()),
                Err(BeginError::Store(error)) => return Err(error.into()),
                Err(BeginError::LinkSpent | BeginError::EmailTaken | BeginError::UsernameTaken) => {
                    return Err(
                        Error::Corrupt("a sign-in was taken for a sign-up".to_owned()).into()
                    );
                }
            }
        }
        Err(SignInError::Mismatch)
    }

    /// Checks a password against whoever `lookup` means, throttled; counts failures and forgets them.
    pub(crate) async fn check_password(
        &self,
        lookup: &Lookup,
        password: &Password,
        browser: &Browser,
        visitor: &Visitor,
    ) -> Result<Login, SignInError> {
        let found = self.store.find_login(lookup).await?;
        let device = browser.device.as_ref().map(digest_of);
        let name = self.name_of_nobody(lookup);
        let whose = match &found {
            Some(login) => Whose::User(login.user.id, device.as_ref()),
            None => Whose::Nobody(&name),
        };
        let failures = self.find_failures(whose).await?;
        // Tries at once are counted by the name, and apart for each device that the account knows.
        let counted_as = device.filter(|_| failures.known_device).unwrap_or(name);
        if self.limits.are_on() {
            let now = self.time.now();
            let counting = failures::counting(failures, now);
            let refused = match Account::default().decide(counting, now) {
                Outcome::Admit => self
                    .limits
                    .check(What::SignInAccount, counted_as, now)
                    .await
                    .err()
                    .map(SignInError::Limited),
                Outcome::Wait(wait) => Some(SignInError::Wait(wait)),
                Outcome::Refuse => Some(SignInError::Refused),
            };
            if let Some(refused) = refused {
                self.record_attempt(Kind::SignInThrottled, found.as_ref(), visitor).await?;
                return Err(refused);
            }
        }
        let login = found.as_ref().filter(|login| login.user.life == Life::Active);
        let network = Network::of(visitor.address);
        let verdict = match login.and_then(|login| login.password.as_deref()) {
            Some(hash) => {
                let hash =
                    PasswordHash::parse(hash).map_err(|error| Error::Corrupt(error.to_string()))?;
                self.passwords.verify(network, password.clone(), hash).await?
            }
            None => self.passwords.verify_nobody(network, password.clone()).await?,
        };
        if let (Some(login), Verdict::Match | Verdict::MatchUpgrade) = (login, verdict) {
            self.store.forget_failures(login.user.id, device.as_ref()).await?;
            if verdict == Verdict::MatchUpgrade {
                self.upgrade(login, password, visitor).await;
            }
            Ok(login.clone())
        } else {
            self.count_failure(whose).await?;
            self.record_attempt(Kind::SignInFailed, found.as_ref(), visitor).await?;
            Err(SignInError::Mismatch)
        }
    }

    /// Waits until the steady time `moment`.
    pub(crate) async fn leave_at(&self, moment: Duration) {
        let rest = moment.saturating_sub(self.time.steady());
        if !rest.is_zero() {
            tokio::time::sleep(rest).await;
        }
    }

    /// Hashes a new password.
    pub(crate) async fn hash_password(
        &self,
        password: &Password,
        visitor: &Visitor,
    ) -> Result<String, Unavailable> {
        let network = Network::of(visitor.address);
        let hash = self.passwords.hash(network, password.clone(), self.random.bytes()).await?;
        Ok(hash.as_str().to_owned())
    }

    /// Stores the same password under today's hash. It is a kindness: where it does not work out, the next
    /// sign-in tries again.
    async fn upgrade(&self, login: &Login, password: &Password, visitor: &Visitor) {
        let Some(seen) = &login.password else { return };
        let Ok(upgraded) = self.hash_password(password, visitor).await else { return };
        let mut act = self.act(Kind::PasswordUpgraded, Actor::Server);
        act.event.user = Some(login.user.id);
        if let Err(error) = self.store.upgrade_password(login.user.id, seen, &upgraded, &act).await
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a password's hash was not upgraded"
            );
        }
    }

    async fn record_attempt(
        &self,
        kind: Kind,
        login: Option<&Login>,
        visitor: &Visitor,
    ) -> Result<(), Error> {
        let mut event = Event::new(self.time.now(), kind, Actor::Anybody);
        event.user = login.map(|login| login.user.id);
        event.address = Some(visitor.address.to_string());
        self.store.record(vec![event]).await
    }
}
