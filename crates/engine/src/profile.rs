//! A user's own account: the password, the names, and leaving.

use cloakroom_model::event::{Kind, Reason};
use cloakroom_model::password::Password;
use cloakroom_model::policy::password::{About, Refusal};
use cloakroom_model::session::Carrier;
use cloakroom_model::user::{Email, NotAUsername, NotAnEmail, User, Username};
use cloakroom_store::{ChangePassword, Changed, Error, Login, Shown};
use std::sync::Arc;

use crate::Engine;
use crate::begin::SignedIn;
use crate::identity::Identity;
use crate::memory::{Name, Remembered};
use crate::password::Unavailable;
use crate::reauthenticate::ProofError;
use crate::secret::{CookieSecret, Kind as CookieKind};
use crate::visitor::{Browser, Visitor};

/// Why an account is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// Whoever asks did not prove whose account it is.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The new password is refused.
    #[error(transparent)]
    NewPassword(#[from] Refusal),
    /// The email is none.
    #[error(transparent)]
    Email(#[from] NotAnEmail),
    /// The username is none.
    #[error(transparent)]
    Username(#[from] NotAUsername),
    /// Somebody has this email.
    #[error("this email is taken")]
    EmailTaken,
    /// Somebody has this username.
    #[error("this username is taken")]
    UsernameTaken,
    /// Nobody would be left who may administrate the server.
    #[error("this is the only administrator: make somebody else one first")]
    LastAdministrator,
    /// The account changed meanwhile, or the session ended: look again.
    #[error("the account was changed at the same time; look again")]
    Stale,
    /// Too many passwords at once, or the server is stopping.
    #[error(transparent)]
    Passwords(#[from] Unavailable),
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Engine {
    /// Changes the password of whoever asks and knows the current one. This session gets a new secret; the
    /// others end if the user wants that.
    pub async fn change_my_password(
        &self,
        identity: &Identity,
        current: &Password,
        new: &Password,
        end_others: bool,
        browser: &Browser,
        visitor: &Visitor,
    ) -> Result<SignedIn, ProfileError> {
        let login = self.prove(identity, current, browser, visitor).await?;
        let username = login.user.username.as_ref().map(Username::as_str);
        let about = About { email: Some(login.user.email.as_str()), username };
        self.settings.password.check(new, &about)?;
        let hash = self.hash_password(new, visitor).await?;

        // A session that tokens carry may have a cookie as well, whose old secret must earn nothing either.
        let carried = identity.carrier == Carrier::Cookie;
        let cookie = (carried || identity.session.secret.is_some())
            .then(|| CookieSecret { kind: CookieKind::SignedIn, secret: self.random.secret() });
        let noted = self.memory.note();
        let mut act = self.act(Kind::PasswordChanged, identity.actor());
        act.event.user = Some(login.user.id);
        act.event.session = Some(identity.sid());
        act.event.address = Some(visitor.address.to_string());
        let change = ChangePassword {
            user: login.user.id,
            expected_generation: login.user.generation,
            password: hash,
            keep: Some((identity.sid(), cookie.as_ref().map(CookieSecret::digest))),
            end_others,
            link: None,
            reason: Reason::PasswordChanged,
        };
        self.changed(self.store.change_password(change, &act).await?).await?;
        let live =
            self.store.find_session_by_id(identity.sid()).await?.ok_or(ProfileError::Stale)?;
        let session = Arc::new(
            Remembered::new(live.session, Some(live.user), noted, self.time.now())
                .with_secret(live.secret),
        );
        if let Some(cookie) = &cookie {
            self.memory.keep(Name::Secret(cookie.digest()), Arc::clone(&session));
        }
        let cookie = cookie.filter(|_| carried);
        Ok(SignedIn { session, cookie, tokens: None, device: None })
    }

    /// Changes email and username of whoever asks and knows the password: whoever holds the email can ask for
    /// the account.
    pub async fn change_my_names(
        &self,
        identity: &Identity,
        current: &Password,
        email: &str,
        username: Option<&str>,
        browser: &Browser,
        visitor: &Visitor,
    ) -> Result<User, ProfileError> {
        let email = Email::parse(email)?;
        let username = username.map(Username::parse).transpose()?;
        let login = self.prove(identity, current, browser, visitor).await?;
        let mut act = self.act(Kind::ProfileChanged, identity.actor());
        act.event.user = Some(login.user.id);
        act.event.address = Some(visitor.address.to_string());
        let (id, shown) = (login.user.id, Some(shown(identity, &login)));
        self.changed(self.store.set_names(id, email, username, shown, &act).await?).await?;
        self.store.find_user(login.user.id).await?.ok_or(ProfileError::Stale)
    }

    /// Deletes the account of whoever asks and knows the password.
    pub async fn delete_me(
        &self,
        identity: &Identity,
        current: &Password,
        browser: &Browser,
        visitor: &Visitor,
    ) -> Result<(), ProfileError> {
        let login = self.prove(identity, current, browser, visitor).await?;
        let mut act = self.act(Kind::UserDeleted, identity.actor());
        act.event.user = Some(login.user.id);
        act.event.address = Some(visitor.address.to_string());
        let (id, shown) = (login.user.id, Some(shown(identity, &login)));
        self.changed(self.store.delete_user(id, shown, &act).await?).await
    }

    pub(crate) async fn changed(&self, changed: Changed) -> Result<(), ProfileError> {
        match changed {
            Changed::Done(done) => {
                self.heard(&done.rows).await;
                Ok(())
            }
            Changed::NoUser | Changed::Stale => Err(ProfileError::Stale),
            Changed::EmailTaken => Err(ProfileError::EmailTaken),
            Changed::UsernameTaken => Err(ProfileError::UsernameTaken),
            Changed::LastAdministrator => Err(ProfileError::LastAdministrator),
        }
    }
}

/// What storage checks once more, in the transaction of the change.
fn shown(identity: &Identity, login: &Login) -> Shown {
    Shown { session: identity.sid(), generation: login.user.generation }
}
