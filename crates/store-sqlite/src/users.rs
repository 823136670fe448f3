//! Users and their passwords.

use async_trait::async_trait;
use cloakroom_model::event::Reason;
use cloakroom_model::id::UserId;
use cloakroom_model::link::Purpose;
use cloakroom_model::log::{Change, Subject};
use cloakroom_model::user::{Email, Life, Lookup, Role, User, Username};
use cloakroom_store::{
    Act, ChangePassword, Changed, Error, InsertUser, Login, NewUser, Shown, UserFilter, Users,
};

use crate::doing::Doing;
use crate::driver::{Columns, Db, corrupt, json, number};
use crate::{Sqlite, endings, links, secrets, sessions, sql, throttles};

#[async_trait]
impl Users for Sqlite {
    async fn find_user(&self, id: UserId) -> Result<Option<User>, Error> {
        self.readers.short(|db| find(db, id))
    }

    async fn find_login(&self, identifier: &Lookup) -> Result<Option<Login>, Error> {
        self.readers.short(|db| db.find(sql::users::FIND_LOGIN, [identifier.as_str()], login))
    }

    async fn find_login_of(&self, id: UserId) -> Result<Option<Login>, Error> {
        self.readers.short(|db| db.find(sql::users::FIND_LOGIN_OF, [id.as_bytes()], login))
    }

    async fn list_users(&self, filter: &UserFilter) -> Result<Vec<User>, Error> {
        let filter = filter.clone();
        self.readers.long(move |db| list(db, &filter)).await
    }

    async fn has_admin(&self) -> Result<bool, Error> {
        self.readers.short(has_admin)
    }

    async fn insert_user(&self, user: NewUser, act: &Act) -> Result<InsertUser, Error> {
        self.act(act, move |doing| {
            match whose_names(doing.db, &user.user.email, user.user.username.as_ref(), None)? {
                Names::Free => {}
                Names::EmailTaken => return Ok(InsertUser::EmailTaken),
                Names::UsernameTaken => return Ok(InsertUser::UsernameTaken),
            }
            insert(doing.db, &user)?;
            // A new user has no row: nobody remembers anything of them yet.
            let _nothing_to_announce = doing.done(())?;
            Ok(InsertUser::Done)
        })
        .await
    }

    async fn change_password(&self, change: ChangePassword, act: &Act) -> Result<Changed, Error> {
        self.act(act, move |doing| change_password(doing, &change)).await
    }

    async fn upgrade_password(
        &self,
        id: UserId,
        seen: &str,
        upgraded: &str,
        act: &Act,
    ) -> Result<bool, Error> {
        let (seen, upgraded) = (seen.to_owned(), upgraded.to_owned());
        self.act(act, move |doing| {
            let upgrade = (upgraded, id.as_bytes(), seen);
            if doing.db.run(sql::users::UPGRADE_PASSWORD, upgrade)? == 0 {
                return Ok(false);
            }
            let _nothing_to_announce = doing.done(())?;
            Ok(true)
        })
        .await
    }

    async fn set_life(&self, id: UserId, life: Life, act: &Act) -> Result<Changed, Error> {
        self.act(act, move |mut doing| {
            let disabled_at = disabled_at(life);
            if disabled_at.is_some() && is_last_administrator(doing.db, id)? {
                return Ok(Changed::LastAdministrator);
            }
            if doing.db.run(sql::users::SET_DISABLED_AT, (disabled_at, id.as_bytes()))? == 0 {
                return Ok(Changed::NoUser);
            }
            if disabled_at.is_some() {
                endings::all_of_user(&mut doing, id, None, Reason::UserDisabled)?;
            }
            doing.announce(Subject::User(id), Change::Changed);
            Ok(Changed::Done(doing.done(())?))
        })
        .await
    }

    async fn set_roles(&self, id: UserId, roles: Vec<Role>, act: &Act) -> Result<Changed, Error> {
        self.act(act, move |mut doing| {
            if !is_admin(&roles) && is_last_administrator(doing.db, id)? {
                return Ok(Changed::LastAdministrator);
            }
            let change = (json(&roles)?, is_admin(&roles), id.as_bytes());
            if doing.db.run(sql::users::SET_ROLES, change)? == 0 {
                return Ok(Changed::NoUser);
            }
            doing.announce(Subject::User(id), Change::Changed);
            Ok(Changed::Done(doing.done(())?))
        })
        .await
    }

    async fn set_names(
        &self,
        id: UserId,
        email: Email,
        username: Option<Username>,
        shown: Option<Shown>,
        act: &Act,
    ) -> Result<Changed, Error> {
        self.act(act, move |mut doing| {
            let Some(user) = find(doing.db, id)? else { return Ok(Changed::NoUser) };
            if !is_still_shown(doing.db, &user, shown)? {
                return Ok(Changed::Stale);
            }
            match whose_names(doing.db, &email, username.as_ref(), Some(id))? {
                Names::Free => {}
                Names::EmailTaken => return Ok(Changed::EmailTaken),
                Names::UsernameTaken => return Ok(Changed::UsernameTaken),
            }
            let change = (
                email.as_str(),
                email.lookup().as_str().to_owned(),
                username.as_ref().map(|name| name.as_str().to_owned()),
                username.as_ref().map(|name| name.lookup().as_str().to_owned()),
                id.as_bytes(),
            );
            doing.db.run(sql::users::SET_NAMES, change)?;
            doing.announce(Subject::User(id), Change::Changed);
            Ok(Changed::Done(doing.done(())?))
        })
        .await
    }

    async fn delete_user(
        &self,
        id: UserId,
        shown: Option<Shown>,
        act: &Act,
    ) -> Result<Changed, Error> {
        self.act(act, move |mut doing| {
            let Some(user) = find(doing.db, id)? else { return Ok(Changed::NoUser) };
            if !is_still_shown(doing.db, &user, shown)? {
                return Ok(Changed::Stale);
            }
            if is_last_administrator(doing.db, id)? {
                return Ok(Changed::LastAdministrator);
            }
            endings::all_of_user(&mut doing, id, None, Reason::UserDeleted)?;
            let db = doing.db;
            let user = id.as_bytes();
            db.run(sql::documents::DELETE_OF_OWNER, [crate::data::of_user(id)])?;
            db.run(sql::links::DELETE_OF_USER, [user])?;
            db.run(sql::throttles::DELETE_DEVICES_OF_USER, [user])?;
            db.run(sql::throttles::FORGET_OF_UNKNOWN, [user])?;
            db.run(sql::users::DELETE, [user])?;
            doing.announce(Subject::User(id), Change::Ended);
            Ok(Changed::Done(doing.done(())?))
        })
        .await
    }
}

/// Finds a user by name.
pub(crate) fn find(db: &Db, id: UserId) -> Result<Option<User>, Error> {
    db.find(sql::users::FIND, [id.as_bytes()], user)
}

/// Whether there is such a user, who may come in.
pub(crate) fn is_active(db: &Db, id: UserId) -> Result<bool, Error> {
    Ok(find(db, id)?.is_some_and(|user| user.life == Life::Active))
}

/// Whether anybody runs this server.
pub(crate) fn has_admin(db: &Db) -> Result<bool, Error> {
    db.exists(sql::users::HAS_ADMIN, [])
}

/// Whether this user runs this server, and nobody else.
fn is_last_administrator(db: &Db, id: UserId) -> Result<bool, Error> {
    let administrators = db.list(sql::users::TWO_ADMINS, [], user_id)?;
    Ok(administrators == [id])
}

/// Whether what a user showed of themselves is still so.
fn is_still_shown(db: &Db, user: &User, shown: Option<Shown>) -> Result<bool, Error> {
    let Some(Shown { session, generation }) = shown else { return Ok(true) };
    Ok(user.generation == generation && sessions::user_of(db, session)? == Some(user.id))
}

/// Whether somebody else has one of these names.
pub(crate) enum Names {
    Free,
    EmailTaken,
    UsernameTaken,
}

/// Whose names these are; `but` may have them.
pub(crate) fn whose_names(
    db: &Db,
    email: &Email,
    username: Option<&Username>,
    but: Option<UserId>,
) -> Result<Names, Error> {
    let owner = |sql, name: Lookup| db.find(sql, [name.as_str()], user_id);
    let is_other = |owner: Option<UserId>| owner.is_some() && owner != but;
    if is_other(owner(sql::users::OWNER_OF_EMAIL, email.lookup())?) {
        return Ok(Names::EmailTaken);
    }
    if let Some(username) = username
        && is_other(owner(sql::users::OWNER_OF_USERNAME, username.lookup())?)
    {
        return Ok(Names::UsernameTaken);
    }
    Ok(Names::Free)
}

/// Keeps a new user whose names are free.
pub(crate) fn insert(db: &Db, new: &NewUser) -> Result<(), Error> {
    let User { id, email, username, roles, life, generation, created_at } = &new.user;
    db.run(
        sql::users::INSERT,
        (
            id.as_bytes(),
            email.as_str(),
            email.lookup().as_str(),
            username.as_ref().map(Username::as_str),
            username.as_ref().map(|name| name.lookup().as_str().to_owned()),
            json(roles)?,
            is_admin(roles),
            disabled_at(*life),
            number(*generation),
            new.password.as_deref(),
            created_at.0,
        ),
    )?;
    Ok(())
}

/// Reads a user from the columns of the statements' `user_columns`.
pub(crate) fn user(columns: &mut Columns<'_, '_>) -> Result<User, Error> {
    Ok(User {
        id: user_id(columns)?,
        email: columns.parsed(Email::parse)?,
        username: columns
            .value::<Option<String>>()?
            .map(|name| Username::parse(&name).map_err(corrupt))
            .transpose()?,
        roles: columns.json()?,
        life: match columns.value::<Option<i64>>()? {
            None => Life::Active,
            Some(at) => Life::Disabled { at: cloakroom_model::time::Timestamp(at) },
        },
        generation: columns.count()?,
        created_at: columns.time()?,
    })
}

fn login(columns: &mut Columns<'_, '_>) -> Result<Login, Error> {
    Ok(Login { user: user(columns)?, password: columns.value()? })
}

fn user_id(columns: &mut Columns<'_, '_>) -> Result<UserId, Error> {
    Ok(UserId::from_bytes(columns.value()?))
}

fn list(db: &Db, filter: &UserFilter) -> Result<Vec<User>, Error> {
    // Nothing sorts before an empty name, so that no name is left out.
    let after: &[u8] = filter.after.as_ref().map_or(&[], |id| id.as_bytes());
    let limit = number(filter.limit);
    match &filter.begins_with {
        None => db.list(sql::users::LIST, (after, limit), user),
        Some(begins_with) => {
            let from = begins_with.as_str();
            let to = format!("{from}{}", char::MAX);
            db.list(sql::users::LIST_BEGINNING_WITH, (after, from, to, limit), user)
        }
    }
}

fn change_password(mut doing: Doing<'_>, change: &ChangePassword) -> Result<Changed, Error> {
    let db = doing.db;
    let id = change.user;
    match find(db, id)? {
        None => return Ok(Changed::NoUser),
        Some(user) if user.generation != change.expected_generation => return Ok(Changed::Stale),
        Some(_) => {}
    }
    if let Some((session, _)) = change.keep
        && sessions::user_of(db, session)? != Some(id)
    {
        return Ok(Changed::Stale);
    }
    if let Some(link) = change.link {
        let found = links::find(db, &link.digest, link.now)?;
        if found.is_none_or(|found| found.purpose != (Purpose::Recover { user: id })) {
            return Ok(Changed::Stale);
        }
    }
    db.run(sql::links::DELETE_OF_USER, [id.as_bytes()])?;
    throttles::forget_all(db, id)?;
    let expected = number(change.expected_generation);
    db.run(sql::users::SET_PASSWORD, (&change.password, id.as_bytes(), expected))?;
    let keep = change.keep.map(|(session, _)| session);
    if change.end_others {
        endings::all_of_user(&mut doing, id, keep, change.reason)?;
    }
    doing.announce(Subject::User(id), Change::Changed);
    if let Some((session, Some(secret))) = change.keep {
        secrets::put(db, session, &secret, doing.now())?;
        doing.announce(Subject::Session(session), Change::Changed);
    }
    Ok(Changed::Done(doing.done(())?))
}

fn is_admin(roles: &[Role]) -> bool {
    roles.iter().any(|role| role.as_str() == Role::ADMIN)
}

fn disabled_at(life: Life) -> Option<i64> {
    match life {
        Life::Active => None,
        Life::Disabled { at } => Some(at.0),
    }
}
