//! Users, as an operator sees them.

use cloakroom_model::event::{Actor, Kind};
use cloakroom_model::id::UserId;
use cloakroom_model::password::Password;
use cloakroom_model::policy::password::{About, Refusal};
use cloakroom_model::user::{Email, Life, Lookup, Role, User, Username};
use cloakroom_store::{Changed, Error, InsertUser, NewUser, UserFilter};

use crate::Engine;
use crate::password::{PasswordHash, Unavailable};
use crate::visitor::Visitor;

/// A user whom an operator adds.
#[derive(Debug)]
pub struct AddUser {
    /// Where mail reaches them.
    pub email: Email,
    /// A name to sign in with.
    pub username: Option<Username>,
    /// What they may do.
    pub roles: Vec<Role>,
    /// How they will sign in.
    pub credential: Credential,
}

/// How a user will sign in.
#[derive(Debug)]
pub enum Credential {
    /// With this password.
    Password(Password),
    /// With the password that this hash from elsewhere is of.
    Imported(PasswordHash),
    /// Not yet: a recovery link gives them a password.
    None,
}

/// Why a user is not as the operator wants.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UserError {
    /// There is no such user.
    #[error("there is no such user")]
    NoUser,
    /// Somebody has this email.
    #[error("this email is taken")]
    EmailTaken,
    /// Somebody has this username.
    #[error("this username is taken")]
    UsernameTaken,
    /// Nobody would be left who may administrate the server.
    #[error("this is the only administrator: make somebody else one first")]
    LastAdministrator,
    /// The password is refused.
    #[error(transparent)]
    Password(#[from] Refusal),
    /// The user was changed at the same time.
    #[error("the user was changed at the same time; look again")]
    Stale,
    /// Too many passwords at once, or the server is stopping.
    #[error(transparent)]
    Passwords(#[from] Unavailable),
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Engine {
    /// Adds a user.
    pub async fn add_user(
        &self,
        add: AddUser,
        actor: Actor,
        visitor: &Visitor,
    ) -> Result<User, UserError> {
        let password = match add.credential {
            Credential::Password(password) => {
                let username = add.username.as_ref().map(Username::as_str);
                let about = About { email: Some(add.email.as_str()), username };
                self.settings.password.check(&password, &about)?;
                Some(self.hash_password(&password, visitor).await?)
            }
            Credential::Imported(hash) => Some(hash.as_str().to_owned()),
            Credential::None => None,
        };
        let now = self.time.now();
        let mut roles = add.roles;
        roles.sort_unstable();
        roles.dedup();
        let user = User {
            id: self.random.user_id(now),
            email: add.email,
            username: add.username,
            roles,
            life: Life::Active,
            generation: 0,
            created_at: now,
        };
        let mut act = self.act(Kind::SignedUp, actor);
        act.event.user = Some(user.id);
        match self.store.insert_user(NewUser { user: user.clone(), password }, &act).await? {
            InsertUser::Done => Ok(user),
            InsertUser::EmailTaken => Err(UserError::EmailTaken),
            InsertUser::UsernameTaken => Err(UserError::UsernameTaken),
        }
    }

    /// Finds a user by name.
    pub async fn find_user(&self, id: UserId) -> Result<Option<User>, Error> {
        self.store.find_user(id).await
    }

    /// Finds whom an id, an email or a username means.
    pub async fn find_user_by(&self, text: &str) -> Result<Option<User>, Error> {
        if let Ok(id) = text.parse() {
            return self.store.find_user(id).await;
        }
        Ok(self.store.find_login(&Lookup::of(text)).await?.map(|login| login.user))
    }

    /// Users in the order they were made.
    pub async fn list_users(&self, filter: &UserFilter) -> Result<Vec<User>, Error> {
        self.store.list_users(filter).await
    }

    /// Keeps a user out: every session and grant of theirs ends.
    pub async fn disable_user(&self, id: UserId, actor: Actor) -> Result<(), UserError> {
        let act = self.about_user(Kind::UserDisabled, id, actor);
        let life = Life::Disabled { at: act.at };
        let changed = self.store.set_life(id, life, &act).await?;
        self.user_changed(changed).await
    }

    /// Lets a user in again. Nothing that ended comes back.
    pub async fn enable_user(&self, id: UserId, actor: Actor) -> Result<(), UserError> {
        let act = self.about_user(Kind::UserEnabled, id, actor);
        let changed = self.store.set_life(id, Life::Active, &act).await?;
        self.user_changed(changed).await
    }

    /// Deletes a user with all that is theirs.
    pub async fn delete_user(&self, id: UserId, actor: Actor) -> Result<(), UserError> {
        let act = self.about_user(Kind::UserDeleted, id, actor);
        let changed = self.store.delete_user(id, None, &act).await?;
        self.user_changed(changed).await
    }

    /// Replaces what a user may do.
    pub async fn set_roles(
        &self,
        id: UserId,
        mut roles: Vec<Role>,
        actor: Actor,
    ) -> Result<(), UserError> {
        roles.sort_unstable();
        roles.dedup();
        let mut act = self.about_user(Kind::RolesChanged, id, actor);
        let words: Vec<&str> = roles.iter().map(Role::as_str).collect();
        act.event.detail = Some(words.join(" "));
        let changed = self.store.set_roles(id, roles, &act).await?;
        self.user_changed(changed).await
    }

    /// Forgets every failure at a user's password.
    pub async fn unlock_user(&self, id: UserId, actor: Actor) -> Result<(), UserError> {
        let act = self.about_user(Kind::ThrottleCleared, id, actor);
        if self.store.clear_failures(id, &act).await? { Ok(()) } else { Err(UserError::NoUser) }
    }

    fn about_user(&self, kind: Kind, id: UserId, actor: Actor) -> cloakroom_store::Act {
        let mut act = self.act(kind, actor);
        act.event.user = Some(id);
        act
    }

    async fn user_changed(&self, changed: Changed) -> Result<(), UserError> {
        match changed {
            Changed::Done(done) => {
                self.heard(&done.rows).await;
                Ok(())
            }
            Changed::NoUser => Err(UserError::NoUser),
            Changed::Stale => Err(UserError::Stale),
            Changed::EmailTaken => Err(UserError::EmailTaken),
            Changed::UsernameTaken => Err(UserError::UsernameTaken),
            Changed::LastAdministrator => Err(UserError::LastAdministrator),
        }
    }
}
