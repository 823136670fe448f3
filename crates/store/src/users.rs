//! Users and their passwords.

use async_trait::async_trait;
use cloakroom_model::event::Reason;
use cloakroom_model::id::{SessionId, UserId};
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_model::user::{Email, Life, Lookup, Role, User, Username};

use crate::{Act, Done, Error};

/// Users and their passwords.
#[async_trait]
pub trait Users: Send + Sync {
    /// Finds a user by name.
    async fn find_user(&self, id: UserId) -> Result<Option<User>, Error>;

    /// Finds who an email or a username means, with the password's hash. A disabled user is found too.
    async fn find_login(&self, identifier: &Lookup) -> Result<Option<Login>, Error>;

    /// Finds a user's hash by name.
    async fn find_login_of(&self, id: UserId) -> Result<Option<Login>, Error>;

    /// Users in the order of their ids (which is that in which they were made), after `filter.after`.
    async fn list_users(&self, filter: &UserFilter) -> Result<Vec<User>, Error>;

    /// Whether anybody has the administrator's role and may come in.
    async fn has_admin(&self) -> Result<bool, Error>;

    /// Makes a user. Of two that want the same email or username one gets it.
    ///
    /// A backend that lets two users share a name lets one sign in as the other.
    async fn insert_user(&self, user: NewUser, act: &Act) -> Result<InsertUser, Error>;

    /// Replaces the password if the user's generation is still `expected_generation`, raises the generation,
    /// and ends what the change ends, all or nothing. Appends a `changed` row for the user, and one for the kept
    /// session where that gets a new secret; its old one is remembered as replaced. Failures at the old password
    /// are forgotten, since they say nothing about the new one, and a recovery link that is still open works no
    /// more.
    ///
    /// A change that is stored against another generation would undo one that the owner made meanwhile.
    async fn change_password(&self, change: ChangePassword, act: &Act) -> Result<Changed, Error>;

    /// Replaces `seen` by `upgraded`: the same password under a better hash. Does nothing where the hash is no
    /// longer `seen`. The generation stays, because nobody's rights change.
    async fn upgrade_password(
        &self,
        id: UserId,
        seen: &str,
        upgraded: &str,
        act: &Act,
    ) -> Result<bool, Error>;

    /// Lets a user in or keeps them out. Raises the generation and appends a `changed` row for the user (not an
    /// `ended` one: a disabled user can come back); when the user is disabled, every session and grant ends with
    /// a row each. Refuses to keep the last administrator out.
    async fn set_life(&self, id: UserId, life: Life, act: &Act) -> Result<Changed, Error>;

    /// Replaces the roles and appends a `changed` row for the user. Refuses to take the administrator's role from
    /// the last who has it and may come in.
    async fn set_roles(&self, id: UserId, roles: Vec<Role>, act: &Act) -> Result<Changed, Error>;

    /// Replaces email and username (both as they shall be) and appends a `changed` row for the user. Where it is
    /// the user's own wish, only if what they showed of themselves is still so.
    ///
    /// A change from a session that has ended would give the account to whoever was just thrown out of it.
    async fn set_names(
        &self,
        id: UserId,
        email: Email,
        username: Option<Username>,
        shown: Option<Shown>,
        act: &Act,
    ) -> Result<Changed, Error>;

    /// Deletes a user with sessions, grants, codes, consents, data, devices and links; an `ended` row for each
    /// session and grant, and for the user. Where it is the user's own wish, only if what they showed of themselves
    /// is still so. Refuses to delete the last administrator.
    ///
    /// A backend that counts administrators before others have left lets the last two leave at once, and nobody
    /// runs the server any more.
    async fn delete_user(
        &self,
        id: UserId,
        shown: Option<Shown>,
        act: &Act,
    ) -> Result<Changed, Error>;
}

/// What a password check needs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Login {
    /// Who.
    pub user: User,
    /// The password's hash, as a PHC or an imported string; `None` where the user has no password.
    pub password: Option<String>,
}

/// A user who is not there yet.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The user, with generation 0.
    pub user: User,
    /// The password's hash.
    pub password: Option<String>,
}

/// How [`Users::insert_user`] ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum InsertUser {
    /// The user is there.
    Done,
    /// Somebody has this email.
    EmailTaken,
    /// Somebody has this username.
    UsernameTaken,
}

/// A change of password.
#[derive(Clone, Debug)]
pub struct ChangePassword {
    /// Whose.
    pub user: UserId,
    /// The generation that the check of the old password saw; with a link, the one the page saw.
    pub expected_generation: u64,
    /// The new hash.
    pub password: String,
    /// The session it was asked from: it stays. Where it is not there any more, or not this user's, the change
    /// is [`Changed::Stale`]. New rights, new secret: where it has a secret this is the digest of the new one.
    pub keep: Option<(SessionId, Option<Digest>)>,
    /// Whether all other sessions and grants of the user end, the user's own grants too. Without it they stay.
    pub end_others: bool,
    /// The link that allows the change, spent with it. It must be unspent, unexpired and for this user.
    pub link: Option<CredentialLink>,
    /// What the events of the ended sessions say.
    pub reason: Reason,
}

/// What a user showed of themselves who wants something of their own changed. Where either is no longer so, the
/// change is [`Changed::Stale`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Shown {
    /// The session they ask from, which is live and theirs.
    pub session: SessionId,
    /// The generation at which their password was checked.
    pub generation: u64,
}

/// A one-time link as the proof for a change of credentials.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CredentialLink {
    /// The link.
    pub digest: Digest,
    /// By when it must not have expired.
    pub now: Timestamp,
}

/// How a change of a user ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Changed {
    /// It is so.
    Done(Done<()>),
    /// There is no such user.
    NoUser,
    /// The user is no longer as the caller saw them, or the link does not work any more; look again.
    Stale,
    /// Somebody has this email.
    EmailTaken,
    /// Somebody has this username.
    UsernameTaken,
    /// Nobody would be left who may administrate the server.
    LastAdministrator,
}

/// Which users.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// Only those after this one.
    pub after: Option<UserId>,
    /// Only whose email or username begins with this, compared as sign-in compares.
    pub begins_with: Option<Lookup>,
    /// At most this many.
    pub limit: usize,
}
