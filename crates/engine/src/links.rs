//! One-time links: setting the server up, and coming back when locked out.

use cloakroom_model::event::{Actor, Kind, Reason};
use cloakroom_model::id::UserId;
use cloakroom_model::link::{Link, Purpose};
use cloakroom_model::password::Password;
use cloakroom_model::policy::password::{About, Refusal};
use cloakroom_model::secret::Secret;
use cloakroom_model::user::{Email, Life, Username};
use cloakroom_store::{ChangePassword, Changed, CredentialLink, Error, InsertLink};
use zeroize::Zeroizing;

use crate::Engine;
use crate::password::Unavailable;
use crate::secret::{digest_of, to_text};
use crate::throttle::{Limited, What};
use crate::visitor::Visitor;

/// Why a link did nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// It was spent, has expired, or never was.
    #[error("the link does not work any more")]
    Spent,
    /// The user it is for is gone or disabled, or there is an administrator already.
    #[error("there is nothing the link could be for")]
    Pointless,
    /// The new password is refused.
    #[error(transparent)]
    Password(#[from] Refusal),
    /// Too many from here.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// Too many passwords at once, or the server is stopping.
    #[error(transparent)]
    Passwords(#[from] Unavailable),
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Engine {
    /// A set-up link's secret, if nobody administrates this server yet. An earlier one stops working.
    pub async fn set_up_link(&self) -> Result<Option<Zeroizing<String>>, Error> {
        if self.store.has_admin().await? {
            return Ok(None);
        }
        let secret = self.random.secret();
        Ok(match self.make_link(Purpose::SetUp, &secret, Actor::Operator).await? {
            InsertLink::Done => Some(to_text(&secret)),
            InsertLink::Pointless => None,
        })
    }

    /// Whether a set-up link works.
    pub async fn look_at_set_up_link(
        &self,
        secret: &Secret,
        visitor: &Visitor,
    ) -> Result<(), LinkError> {
        match self.look_at_link(secret, visitor).await? {
            Link { purpose: Purpose::SetUp, .. } => Ok(()),
            _ => Err(LinkError::Spent),
        }
    }

    /// A recovery link's secret, for a user who is locked out. An earlier one stops working.
    pub async fn recovery_link(
        &self,
        user: UserId,
        actor: Actor,
    ) -> Result<Zeroizing<String>, LinkError> {
        let secret = self.random.secret();
        match self.make_link(Purpose::Recover { user }, &secret, actor).await? {
            InsertLink::Done => Ok(to_text(&secret)),
            InsertLink::Pointless => Err(LinkError::Pointless),
        }
    }

    /// Whose password the link renews, for the page that asks.
    pub async fn look_at_recovery_link(
        &self,
        secret: &Secret,
        visitor: &Visitor,
    ) -> Result<Email, LinkError> {
        let Link { purpose: Purpose::Recover { user }, .. } =
            self.look_at_link(secret, visitor).await?
        else {
            return Err(LinkError::Spent);
        };
        Ok(self.store.find_user(user).await?.ok_or(LinkError::Spent)?.email)
    }

    /// Spends a recovery link: the user has a new password, every session and grant of theirs ends, and the
    /// failures at the old password are forgotten. Nobody is signed in by it.
    pub async fn recover(
        &self,
        secret: &Secret,
        password: &Password,
        visitor: &Visitor,
    ) -> Result<(), LinkError> {
        let Link { purpose: Purpose::Recover { user }, .. } =
            self.look_at_link(secret, visitor).await?
        else {
            return Err(LinkError::Spent);
        };
        let user = self.store.find_user(user).await?.ok_or(LinkError::Spent)?;
        if user.life != Life::Active {
            return Err(LinkError::Pointless);
        }
        let username = user.username.as_ref().map(Username::as_str);
        let about = About { email: Some(user.email.as_str()), username };
        self.settings.password.check(password, &about)?;
        let hash = self.hash_password(password, visitor).await?;
        let mut act = self.act(Kind::PasswordRecovered, Actor::User(user.id));
        act.event.user = Some(user.id);
        act.event.address = Some(visitor.address.to_string());
        let change = ChangePassword {
            user: user.id,
            expected_generation: user.generation,
            password: hash,
            keep: None,
            end_others: true,
            link: Some(CredentialLink { digest: digest_of(secret), now: act.at }),
            reason: Reason::PasswordChanged,
        };
        match self.store.change_password(change, &act).await? {
            Changed::Done(done) => self.heard(&done.rows).await,
            _ => return Err(LinkError::Spent),
        }
        Ok(())
    }

    pub(crate) async fn make_link(
        &self,
        purpose: Purpose,
        secret: &Secret,
        actor: Actor,
    ) -> Result<InsertLink, Error> {
        let mut act = self.act(Kind::LinkMade, actor);
        let detail = match purpose {
            Purpose::SetUp => "set_up",
            Purpose::Recover { user } => {
                act.event.user = Some(user);
                "recover"
            }
            Purpose::Cookie { session } => {
                act.event.session = Some(session);
                "cookie"
            }
        };
        act.event.detail = Some(detail.to_owned());
        let expires_at = act.at.plus(purpose.lives());
        let link = Link { digest: digest_of(secret), purpose, created_at: act.at, expires_at };
        self.store.insert_link(link, &act).await
    }

    async fn look_at_link(&self, secret: &Secret, visitor: &Visitor) -> Result<Link, LinkError> {
        self.limits.check(What::Link, &visitor.address, self.time.now()).await?;
        let found = self.store.find_link(&digest_of(secret), self.time.now()).await?;
        found.ok_or(LinkError::Spent)
    }
}
