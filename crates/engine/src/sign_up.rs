//! Signing up: a user and a session in one act.

use cloakroom_model::client::Client;
use cloakroom_model::event::Kind;
use cloakroom_model::id::ClientId;
use cloakroom_model::link::Purpose;
use cloakroom_model::password::Password;
use cloakroom_model::policy::password::{About, Refusal};
use cloakroom_model::secret::Secret;
use cloakroom_model::session::Carrier;
use cloakroom_model::user::{Email, Life, NotAUsername, NotAnEmail, Role, User, Username};
use cloakroom_store::{Error, NewUser, Who};

use crate::Engine;
use crate::begin::{BeginError, Beginning, CarryError, SignedIn};
use crate::password::Unavailable;
use crate::secret::digest_of;
use crate::throttle::{Limited, What};
use crate::tokens::MintError;
use crate::visitor::{Browser, Visitor};

/// Somebody who wants an account.
#[derive(Debug)]
pub struct SignUp {
    /// Where mail reaches them.
    pub email: String,
    /// A name to sign in with.
    pub username: Option<String>,
    /// The password they chose.
    pub password: Password,
    /// How the session is to be carried.
    pub carry: Carrier,
    /// By which client; the built-in one where `None`.
    pub client: Option<ClientId>,
    /// Whether the cookie outlives the browser.
    pub remember: bool,
    /// The set-up link's secret, for the first administrator.
    pub set_up: Option<Secret>,
    /// What the browser has brought.
    pub browser: Browser,
}

/// Why there is no account.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignUpError {
    /// Accounts are made by the operator.
    #[error("sign-up is closed")]
    Closed,
    /// What was given does not fit, field by field.
    #[error("some fields do not fit")]
    Invalid(Vec<Problem>),
    /// Somebody has this email.
    #[error("this email is taken")]
    EmailTaken,
    /// Somebody has this username.
    #[error("this username is taken")]
    UsernameTaken,
    /// The set-up link does not work, or there is an administrator already.
    #[error("the set-up link does not work any more")]
    LinkSpent,
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

/// What does not fit.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Problem {
    /// The email is none.
    #[error(transparent)]
    Email(#[from] NotAnEmail),
    /// The username is none.
    #[error(transparent)]
    Username(#[from] NotAUsername),
    /// The password is refused.
    #[error(transparent)]
    Password(#[from] Refusal),
}

impl Problem {
    /// The field's name in requests and forms.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Email(_) => "email",
            Self::Username(_) => "username",
            Self::Password(_) => "password",
        }
    }
}

impl Engine {
    /// Makes an account and signs its owner in, both or neither. With the set-up link it is the
    /// administrator's, whether or not sign-up is open.
    pub async fn sign_up(&self, wish: SignUp, visitor: &Visitor) -> Result<SignedIn, SignUpError> {
        if wish.set_up.is_none() && !self.settings.sign_up_open {
            return Err(SignUpError::Closed);
        }
        let client = self.carrying_client(wish.client.as_ref(), wish.carry)?;
        self.limits.check(What::SignUp, &visitor.address, self.time.now()).await?;
        let (email, username) = self.names(&wish)?;
        if let Some(link) = &wish.set_up {
            let found = self.store.find_link(&digest_of(link), self.time.now()).await?;
            if !found.is_some_and(|link| link.purpose == Purpose::SetUp) {
                return Err(SignUpError::LinkSpent);
            }
        }
        let hash = self.hash_password(&wish.password, visitor).await?;
        self.store_new_user(wish, &client, email, username, hash, visitor).await
    }

    async fn store_new_user(
        &self,
        wish: SignUp,
        client: &Client,
        email: Email,
        username: Option<Username>,
        hash: String,
        visitor: &Visitor,
    ) -> Result<SignedIn, SignUpError> {
        let now = self.time.now();
        let roles = if wish.set_up.is_some() { vec![Role::admin()] } else { Vec::new() };
        let id = self.random.user_id(now);
        let user =
            User { id, email, username, roles, life: Life::Active, generation: 0, created_at: now };
        let (device, new_device) = self.device(&wish.browser);
        let begun = self
            .begin(Beginning {
                who: Who::New(Box::new(NewUser { user, password: Some(hash) })),
                user: id,
                kind: Kind::SignedUp,
                client,
                carrier: wish.carry,
                remember: wish.remember,
                amr: vec!["pwd".to_owned()],
                link: wish.set_up.as_ref().map(digest_of),
                device: Some(device),
                browser: &wish.browser,
                visitor,
            })
            .await;
        match begun {
            Ok(signed_in) => Ok(SignedIn { device: new_device, ..signed_in }),
            Err(BeginError::EmailTaken) => Err(SignUpError::EmailTaken),
            Err(BeginError::UsernameTaken) => Err(SignUpError::UsernameTaken),
            Err(BeginError::LinkSpent) => Err(SignUpError::LinkSpent),
            Err(BeginError::Mint(error)) => Err(error.into()),
            Err(BeginError::Store(error)) => Err(error.into()),
            // A new user has neither a past nor other sessions.
            Err(BeginError::Stale | BeginError::Full) => {
                Err(Error::Corrupt("a new user had a past".to_owned()).into())
            }
        }
    }

    fn names(&self, wish: &SignUp) -> Result<(Email, Option<Username>), SignUpError> {
        let email = Email::parse(&wish.email);
        let username = wish.username.as_deref().map(Username::parse).transpose();
        let about = About { email: Some(&wish.email), username: wish.username.as_deref() };
        let password = self.settings.password.check(&wish.password, &about);
        match (email, username, password) {
            (Ok(email), Ok(username), Ok(())) => Ok((email, username)),
            (email, username, password) => {
                let problems = [
                    email.err().map(Problem::from),
                    username.err().map(Problem::from),
                    password.err().map(Problem::from),
                ];
                Err(SignUpError::Invalid(problems.into_iter().flatten().collect()))
            }
        }
    }
}
