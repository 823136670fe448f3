//! Users and their passwords.

use async_trait::async_trait;
use cloakroom_model::event::Reason;
use cloakroom_model::id::UserId;
use cloakroom_model::link::Purpose;
use cloakroom_model::log::{Change, Subject};
use cloakroom_model::signal::UserSignal;
use cloakroom_model::user::{Email, Life, Lookup, Role, User, Username};
use cloakroom_store::{
    Act, ChangePassword, Changed, Error, InsertUser, Login, NewUser, Shown, UserFilter, Users,
};

use crate::doing::Doing;
use crate::{
    Columns, Database, Db, SqlStore, corrupt, data, endings, json, links, number, secrets,
    sessions, sql, throttles, values,
};

#[async_trait]
impl<D: Database> Users for SqlStore<D> {
    async fn find_user(&self, id: UserId) -> Result<Option<User>, Error> {
        self.read(id, |db, id| Box::pin(find(db, id))).await
    }

    async fn find_login(&self, identifier: &Lookup) -> Result<Option<Login>, Error> {
        self.read(identifier.clone(), |db, identifier| {
            Box::pin(async move {
                db.find(sql::users::FIND_LOGIN, values![identifier.as_str()], login).await
            })
        })
        .await
    }

    async fn find_login_of(&self, id: UserId) -> Result<Option<Login>, Error> {
        self.read(id, |db, id| {
            Box::pin(async move {
                db.find(sql::users::FIND_LOGIN_OF, values![id.as_bytes()], login).await
            })
        })
        .await
    }

    async fn list_users(&self, filter: &UserFilter) -> Result<Vec<User>, Error> {
        self.read_long(filter.clone(), |db, filter| {
            Box::pin(async move { list(db, &filter).await })
        })
        .await
    }

    async fn has_admin(&self) -> Result<bool, Error> {
        self.read((), |db, ()| Box::pin(has_admin(db))).await
    }

    async fn insert_user(&self, user: NewUser, act: &Act) -> Result<InsertUser, Error> {
        self.act(act, user, |doing, user| {
            Box::pin(async move {
                match insert(doing.db, user).await? {
                    Names::Free => {}
                    Names::EmailTaken => return Ok(InsertUser::EmailTaken),
                    Names::UsernameTaken => return Ok(InsertUser::UsernameTaken),
                }
                // A new user has no row: nobody remembers anything of them yet.
                let _nothing_to_announce = doing.done(()).await?;
                Ok(InsertUser::Done)
            })
        })
        .await
    }

    async fn change_password(&self, change: ChangePassword, act: &Act) -> Result<Changed, Error> {
        self.act(act, change, |doing, change| Box::pin(change_password(doing, change))).await
    }

    async fn upgrade_password(
        &self,
        id: UserId,
        seen: &str,
        upgraded: &str,
        act: &Act,
    ) -> Result<bool, Error> {
        let upgrade = (id, seen.to_owned(), upgraded.to_owned());
        self.act(act, upgrade, |doing, (id, seen, upgraded)| {
            Box::pin(async move {
                let upgrade = values![upgraded, id.as_bytes(), seen];
                if doing.db.run(sql::users::UPGRADE_PASSWORD, upgrade).await? == 0 {
                    return Ok(false);
                }
                let _nothing_to_announce = doing.done(()).await?;
                Ok(true)
            })
        })
        .await
    }

    async fn set_life(&self, id: UserId, life: Life, act: &Act) -> Result<Changed, Error> {
        self.act(act, (id, life), |doing, (id, life)| Box::pin(set_life(doing, *id, *life))).await
    }

    async fn set_roles(&self, id: UserId, roles: Vec<Role>, act: &Act) -> Result<Changed, Error> {
        self.act(act, (id, roles), |doing, (id, roles)| Box::pin(set_roles(doing, *id, roles)))
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
        self.act(act, (id, email, username, shown), |doing, (id, email, username, shown)| {
            Box::pin(set_names(doing, *id, email, username.as_ref(), *shown))
        })
        .await
    }

    async fn delete_user(
        &self,
        id: UserId,
        shown: Option<Shown>,
        act: &Act,
    ) -> Result<Changed, Error> {
        self.act(act, (id, shown), |doing, (id, shown)| Box::pin(delete(doing, *id, *shown))).await
    }
}

/// Finds a user by name.
pub(crate) async fn find(db: &impl Db, id: UserId) -> Result<Option<User>, Error> {
    db.find(sql::users::FIND, values![id.as_bytes()], user).await
}

/// Finds a user by name, and locks them against whoever else decides by them and changes them.
pub(crate) async fn find_to_change(db: &impl Db, id: UserId) -> Result<Option<User>, Error> {
    db.find(sql::users::FIND_TO_CHANGE, values![id.as_bytes()], user).await
}

/// Finds a user by name, and keeps them as they are until what is to hang from them is there.
pub(crate) async fn find_as_parent(db: &impl Db, id: UserId) -> Result<Option<User>, Error> {
    db.find(sql::users::FIND_AS_PARENT, values![id.as_bytes()], user).await
}

/// Whether anybody runs this server.
pub(crate) async fn has_admin(db: &impl Db) -> Result<bool, Error> {
    db.exists(sql::users::HAS_ADMIN, &[]).await
}

/// Whether this user runs this server, and nobody else. Asked before anything else is locked; what it answers stays so.
async fn is_last_administrator(db: &impl Db, id: UserId) -> Result<bool, Error> {
    let administrators = db.list(sql::users::TWO_ADMINS_TO_CHANGE, &[], user_id).await?;
    Ok(administrators == [id])
}

/// Whether what a user showed of themselves is still so. The user is locked, and the session stays.
async fn is_still_shown(db: &impl Db, user: &User, shown: Option<Shown>) -> Result<bool, Error> {
    let Some(Shown { session, generation }) = shown else { return Ok(true) };
    Ok(user.generation == generation
        && sessions::user_of_as_parent(db, session).await? == Some(user.id))
}

/// Whether somebody else has one of these names.
pub(crate) enum Names {
    Free,
    EmailTaken,
    UsernameTaken,
}

/// Whose names these are; `but` may have them. Somebody else may take one until it is written.
pub(crate) async fn whose_names(
    db: &impl Db,
    email: &Email,
    username: Option<&Username>,
    but: Option<UserId>,
) -> Result<Names, Error> {
    let is_other = |owner: Option<UserId>| owner.is_some() && owner != but;
    let email = email.lookup();
    let owner = db.find(sql::users::OWNER_OF_EMAIL, values![email.as_str()], user_id).await?;
    if is_other(owner) {
        return Ok(Names::EmailTaken);
    }
    if let Some(username) = username {
        let username = username.lookup();
        let name = values![username.as_str()];
        if is_other(db.find(sql::users::OWNER_OF_USERNAME, name, user_id).await?) {
            return Ok(Names::UsernameTaken);
        }
    }
    Ok(Names::Free)
}

/// Keeps a new user if the names are free, and has them taken then.
pub(crate) async fn insert(db: &impl Db, new: &NewUser) -> Result<Names, Error> {
    let User { id, email, username, .. } = &new.user;
    let whose = || whose_names(db, email, username.as_ref(), None);
    match whose().await? {
        Names::Free if insert_row(db, new).await? => Ok(Names::Free),
        // Somebody was faster since, and is seen now.
        Names::Free => match whose().await? {
            Names::Free => Err(corrupt(format!("there is a user {id} already"))),
            taken => Ok(taken),
        },
        taken => Ok(taken),
    }
}

/// Keeps a new user; `false` where one of the names or the id is taken, unless that is an error.
pub(crate) async fn insert_row(db: &impl Db, new: &NewUser) -> Result<bool, Error> {
    let User { id, email, username, roles, life, generation, created_at } = &new.user;
    let (email_lookup, username_lookup) = (email.lookup(), username.as_ref().map(Username::lookup));
    let roles_text = json(roles)?;
    let row = values![
        id.as_bytes(),
        email.as_str(),
        email_lookup.as_str(),
        username.as_ref().map(Username::as_str),
        username_lookup.as_ref().map(Lookup::as_str),
        &roles_text,
        is_admin(roles),
        disabled_at(*life),
        number(*generation),
        new.password.as_deref(),
        created_at.0,
    ];
    Ok(db.run(sql::users::INSERT, row).await? > 0)
}

/// Reads a user from the columns of the statements' `user_columns`.
pub(crate) fn user(columns: &mut Columns<'_>) -> Result<User, Error> {
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

fn login(columns: &mut Columns<'_>) -> Result<Login, Error> {
    Ok(Login { user: user(columns)?, password: columns.value()? })
}

fn user_id(columns: &mut Columns<'_>) -> Result<UserId, Error> {
    Ok(UserId::from_bytes(columns.value()?))
}

async fn list(db: &impl Db, filter: &UserFilter) -> Result<Vec<User>, Error> {
    // Nothing sorts before an empty name, so that no name is left out.
    let after: &[u8] = filter.after.as_ref().map_or(&[], |id| id.as_bytes());
    let limit = number(filter.limit);
    match &filter.begins_with {
        None => db.list(sql::users::LIST, values![after, limit], user).await,
        Some(begins_with) => {
            let from = begins_with.as_str();
            let to = format!("{from}{}", char::MAX);
            let page = values![after, from, &to, limit];
            db.list(sql::users::LIST_BEGINNING_WITH, page, user).await
        }
    }
}

async fn change_password(
    mut doing: Doing<'_, impl Db>,
    change: &ChangePassword,
) -> Result<Changed, Error> {
    let db = doing.db;
    let id = change.user;
    match find_to_change(db, id).await? {
        None => return Ok(Changed::NoUser),
        Some(user) if user.generation != change.expected_generation => return Ok(Changed::Stale),
        Some(_) => {}
    }
    if let Some((session, _)) = change.keep
        && sessions::user_of_as_parent(db, session).await? != Some(id)
    {
        return Ok(Changed::Stale);
    }
    if let Some(link) = change.link {
        let found = links::find(db, &link.digest, link.now).await?;
        if found.is_none_or(|found| found.purpose != (Purpose::Recover { user: id })) {
            return Ok(Changed::Stale);
        }
    }
    db.run(sql::links::DELETE_OF_USER, values![id.as_bytes()]).await?;
    throttles::forget_all(db, id).await?;
    let expected = number(change.expected_generation);
    let password = values![&change.password, id.as_bytes(), expected];
    db.run(sql::users::SET_PASSWORD, password).await?;
    let keep = change.keep.map(|(session, _)| session);
    if change.end_others {
        endings::all_of_user(&mut doing, id, keep, change.reason).await?;
    }
    doing.announce(Subject::User(id), Change::Changed);
    if let Some((session, Some(secret))) = change.keep {
        secrets::put(db, session, &secret, doing.now()).await?;
        doing.announce(Subject::Session(session), Change::Changed);
    }
    Ok(Changed::Done(doing.done(()).await?))
}

async fn set_life(mut doing: Doing<'_, impl Db>, id: UserId, life: Life) -> Result<Changed, Error> {
    let disabled_at = disabled_at(life);
    if disabled_at.is_some() && is_last_administrator(doing.db, id).await? {
        return Ok(Changed::LastAdministrator);
    }
    // Waits for whatever is about to hang from the user, which ends with the rest.
    let change = values![disabled_at, id.as_bytes()];
    if doing.db.run(sql::users::SET_DISABLED_AT, change).await? == 0 {
        return Ok(Changed::NoUser);
    }
    if disabled_at.is_some() {
        endings::all_of_user(&mut doing, id, None, Reason::UserDisabled).await?;
    }
    doing.announce(Subject::User(id), Change::Changed);
    Ok(Changed::Done(doing.done(()).await?))
}

async fn set_roles(
    mut doing: Doing<'_, impl Db>,
    id: UserId,
    roles: &[Role],
) -> Result<Changed, Error> {
    if !is_admin(roles) && is_last_administrator(doing.db, id).await? {
        return Ok(Changed::LastAdministrator);
    }
    let text = json(roles)?;
    let change = values![&text, is_admin(roles), id.as_bytes()];
    if doing.db.run(sql::users::SET_ROLES, change).await? == 0 {
        return Ok(Changed::NoUser);
    }
    doing.announce(Subject::User(id), Change::Changed);
    Ok(Changed::Done(doing.done(()).await?))
}

async fn set_names(
    mut doing: Doing<'_, impl Db>,
    id: UserId,
    email: &Email,
    username: Option<&Username>,
    shown: Option<Shown>,
) -> Result<Changed, Error> {
    let db = doing.db;
    let Some(user) = find_to_change(db, id).await? else { return Ok(Changed::NoUser) };
    if !is_still_shown(db, &user, shown).await? {
        return Ok(Changed::Stale);
    }
    match whose_names(db, email, username, Some(id)).await? {
        Names::Free => {}
        Names::EmailTaken => return Ok(Changed::EmailTaken),
        Names::UsernameTaken => return Ok(Changed::UsernameTaken),
    }
    let (email_lookup, username_lookup) = (email.lookup(), username.map(Username::lookup));
    let change = values![
        email.as_str(),
        email_lookup.as_str(),
        username.map(Username::as_str),
        username_lookup.as_ref().map(Lookup::as_str),
        id.as_bytes(),
    ];
    // Where somebody takes a name at this very moment the unique index says so, and the transaction is done again.
    db.run(sql::users::SET_NAMES, change).await?;
    if let Some(signal) = UserSignal::renamed(&doing.act.event, id, &user.email, email) {
        doing.signal(signal);
    }
    doing.announce(Subject::User(id), Change::Changed);
    Ok(Changed::Done(doing.done(()).await?))
}

async fn delete(
    mut doing: Doing<'_, impl Db>,
    id: UserId,
    shown: Option<Shown>,
) -> Result<Changed, Error> {
    let db = doing.db;
    // Administrators are locked before anybody else.
    let is_last_administrator = is_last_administrator(db, id).await?;
    let Some(user) = find_to_change(db, id).await? else { return Ok(Changed::NoUser) };
    if !is_still_shown(db, &user, shown).await? {
        return Ok(Changed::Stale);
    }
    if is_last_administrator {
        return Ok(Changed::LastAdministrator);
    }
    endings::all_of_user(&mut doing, id, None, Reason::UserDeleted).await?;
    let user = values![id.as_bytes()];
    db.run(sql::documents::DELETE_OF_OWNER, values![&data::of_user(id)]).await?;
    db.run(sql::links::DELETE_OF_USER, user).await?;
    db.run(sql::throttles::DELETE_DEVICES_OF_USER, user).await?;
    db.run(sql::throttles::FORGET_OF_UNKNOWN, user).await?;
    db.run(sql::users::DELETE, user).await?;
    doing.announce(Subject::User(id), Change::Ended);
    let done = doing.done(()).await?;
    // Who is left out of a stream goes from it untold.
    db.run(sql::streams::TAKE_IN_EVERYWHERE, user).await?;
    Ok(Changed::Done(done))
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
