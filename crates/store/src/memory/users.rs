//! Users and their passwords.

use async_trait::async_trait;
use cloakroom_model::data::Owner;
use cloakroom_model::event::Reason;
use cloakroom_model::id::{SessionId, UserId};
use cloakroom_model::link::Purpose;
use cloakroom_model::log::Subject;
use cloakroom_model::signal::UserSignal;
use cloakroom_model::user::{Email, Life, Lookup, Role, User, Username};

use super::endings::{Trace, allowed_by};
use super::{Memory, State, id_taken};
use crate::{
    Act, ChangePassword, Changed, Done, Error, InsertUser, Login, NewUser, Shown, UserFilter, Users,
};

#[async_trait]
impl Users for Memory {
    async fn find_user(&self, id: UserId) -> Result<Option<User>, Error> {
        Ok(self.state()?.user(id).cloned())
    }

    async fn find_login(&self, identifier: &Lookup) -> Result<Option<Login>, Error> {
        let state = self.state()?;
        Ok(state.names.get(identifier).and_then(|id| state.users.get(id)).cloned())
    }

    async fn find_login_of(&self, id: UserId) -> Result<Option<Login>, Error> {
        Ok(self.state()?.users.get(&id).cloned())
    }

    async fn list_users(&self, filter: &UserFilter) -> Result<Vec<User>, Error> {
        Ok(self.state()?.list_users(filter))
    }

    async fn has_admin(&self) -> Result<bool, Error> {
        Ok(self.state()?.has_admin())
    }

    async fn insert_user(&self, user: NewUser, act: &Act) -> Result<InsertUser, Error> {
        self.state()?.insert_user(user, act)
    }

    async fn change_password(&self, change: ChangePassword, act: &Act) -> Result<Changed, Error> {
        Ok(self.state()?.change_password(change, act))
    }

    async fn upgrade_password(
        &self,
        id: UserId,
        seen: &str,
        upgraded: &str,
        act: &Act,
    ) -> Result<bool, Error> {
        Ok(self.state()?.upgrade_password(id, seen, upgraded, act))
    }

    async fn set_life(&self, id: UserId, life: Life, act: &Act) -> Result<Changed, Error> {
        Ok(self.state()?.set_life(id, life, act))
    }

    async fn set_roles(&self, id: UserId, roles: Vec<Role>, act: &Act) -> Result<Changed, Error> {
        Ok(self.state()?.set_roles(id, roles, act))
    }

    async fn set_names(
        &self,
        id: UserId,
        email: Email,
        username: Option<Username>,
        shown: Option<Shown>,
        act: &Act,
    ) -> Result<Changed, Error> {
        Ok(self.state()?.set_names(id, email, username, shown, act))
    }

    async fn delete_user(
        &self,
        id: UserId,
        shown: Option<Shown>,
        act: &Act,
    ) -> Result<Changed, Error> {
        Ok(self.state()?.delete_user(id, shown, act))
    }
}

impl State {
    pub(super) fn user(&self, id: UserId) -> Option<&User> {
        self.users.get(&id).map(|login| &login.user)
    }

    /// A user who may come in.
    pub(super) fn active_user(&self, id: UserId) -> Option<&User> {
        self.user(id).filter(|user| user.life == Life::Active)
    }

    pub(super) fn has_admin(&self) -> bool {
        self.administrators().next().is_some()
    }

    /// Those who may administrate the server.
    fn administrators(&self) -> impl Iterator<Item = UserId> {
        let users = self.users.values().map(|login| &login.user);
        users.filter(|user| user.is_admin() && user.life == Life::Active).map(|user| user.id)
    }

    fn is_last_administrator(&self, id: UserId) -> bool {
        self.administrators().eq([id])
    }

    /// Whether what a user showed of themselves is still so.
    fn still_shown(&self, user: &User, shown: Option<Shown>) -> bool {
        shown.is_none_or(|Shown { session, generation }| {
            user.generation == generation && self.is_session_of(session, user.id)
        })
    }

    fn is_session_of(&self, session: SessionId, user: UserId) -> bool {
        self.signed_in(session).is_some_and(|kept| kept.session.user == Some(user))
    }

    /// Which name of these another user than `id` has; `None` where both are free.
    pub(super) fn name_taken(
        &self,
        id: UserId,
        email: &Email,
        username: Option<&Username>,
    ) -> Option<NameTaken> {
        let taken = |name: Lookup| self.names.get(&name).is_some_and(|owner| *owner != id);
        if taken(email.lookup()) {
            Some(NameTaken::Email)
        } else if username.is_some_and(|username| taken(username.lookup())) {
            Some(NameTaken::Username)
        } else {
            None
        }
    }

    /// Keeps a user whose names are free.
    pub(super) fn keep_user(&mut self, new: NewUser) {
        let NewUser { user, password } = new;
        self.name(&user);
        self.users.insert(user.id, Login { user, password });
    }

    fn list_users(&self, filter: &UserFilter) -> Vec<User> {
        let begins = |name: &Lookup| {
            filter
                .begins_with
                .as_ref()
                .is_none_or(|begin| name.as_str().starts_with(begin.as_str()))
        };
        self.users
            .values()
            .map(|login| &login.user)
            .filter(|user| filter.after.is_none_or(|after| user.id > after))
            .filter(|user| names_of(user).any(|name| begins(&name)))
            .take(filter.limit)
            .cloned()
            .collect()
    }

    fn insert_user(&mut self, new: NewUser, act: &Act) -> Result<InsertUser, Error> {
        let NewUser { user, .. } = &new;
        match self.name_taken(user.id, &user.email, user.username.as_ref()) {
            Some(NameTaken::Email) => return Ok(InsertUser::EmailTaken),
            Some(NameTaken::Username) => return Ok(InsertUser::UsernameTaken),
            None => {}
        }
        if self.users.contains_key(&user.id) {
            return Err(id_taken("user"));
        }
        self.keep_user(new);
        self.finish(act, Trace::default());
        Ok(InsertUser::Done)
    }

    fn change_password(&mut self, change: ChangePassword, act: &Act) -> Changed {
        let Some(login) = self.users.get(&change.user) else { return Changed::NoUser };
        let unchanged = login.user.generation == change.expected_generation;
        let allowed = change.link.is_none_or(|link| {
            let purpose = Purpose::Recover { user: change.user };
            self.link_works(&link.digest, link.now, purpose)
        });
        let asked_from_a_live_session =
            change.keep.is_none_or(|(id, _)| self.is_session_of(id, change.user));
        if !(unchanged && allowed && asked_from_a_live_session) {
            return Changed::Stale;
        }

        let mut trace = Trace::default();
        if let Some(login) = self.users.get_mut(&change.user) {
            login.user.generation += 1;
            login.password = Some(change.password);
        }
        trace.changed(Subject::User(change.user));
        self.forget_links_of(change.user);
        self.forget_failures_of(change.user);
        if let Some((id, Some(secret))) = change.keep {
            self.swap_secret(id, secret, act.at);
            trace.changed(Subject::Session(id));
        }
        if change.end_others {
            let kept = change.keep.map(|(id, _)| id);
            let user = Some(change.user);
            self.end_all(
                |session| session.user == user && Some(session.id) != kept,
                change.reason,
                &mut trace,
            );
            self.end_grants(
                |grant| grant.user == user && (grant.session.is_none() || grant.session != kept),
                change.reason,
                &mut trace,
            );
        }
        self.done(act, trace)
    }

    fn upgrade_password(&mut self, id: UserId, seen: &str, upgraded: &str, act: &Act) -> bool {
        let Some(login) = self.users.get_mut(&id) else { return false };
        if login.password.as_deref() != Some(seen) {
            return false;
        }
        login.password = Some(upgraded.to_owned());
        self.finish(act, Trace::default());
        true
    }

    fn set_life(&mut self, id: UserId, life: Life, act: &Act) -> Changed {
        if life != Life::Active && self.is_last_administrator(id) {
            return Changed::LastAdministrator;
        }
        let Some(login) = self.users.get_mut(&id) else { return Changed::NoUser };
        login.user.life = life;
        login.user.generation += 1;
        let mut trace = Trace::default();
        trace.changed(Subject::User(id));
        if life != Life::Active {
            self.end_all_of(id, Reason::UserDisabled, &mut trace);
        }
        self.done(act, trace)
    }

    fn set_roles(&mut self, id: UserId, roles: Vec<Role>, act: &Act) -> Changed {
        if !roles.contains(&Role::admin()) && self.is_last_administrator(id) {
            return Changed::LastAdministrator;
        }
        let Some(login) = self.users.get_mut(&id) else { return Changed::NoUser };
        login.user.roles = roles;
        let mut trace = Trace::default();
        trace.changed(Subject::User(id));
        self.done(act, trace)
    }

    fn set_names(
        &mut self,
        id: UserId,
        email: Email,
        username: Option<Username>,
        shown: Option<Shown>,
        act: &Act,
    ) -> Changed {
        let Some(user) = self.user(id).cloned() else { return Changed::NoUser };
        if !self.still_shown(&user, shown) {
            return Changed::Stale;
        }
        match self.name_taken(id, &email, username.as_ref()) {
            Some(NameTaken::Email) => return Changed::EmailTaken,
            Some(NameTaken::Username) => return Changed::UsernameTaken,
            None => {}
        }
        self.unname(&user);
        let mut trace = Trace::default();
        if let Some(signal) = UserSignal::renamed(&act.event, id, &user.email, &email) {
            trace.signal(signal);
        }
        let renamed = User { email, username, ..user };
        self.name(&renamed);
        if let Some(login) = self.users.get_mut(&id) {
            login.user = renamed;
        }
        trace.changed(Subject::User(id));
        self.done(act, trace)
    }

    fn delete_user(&mut self, id: UserId, shown: Option<Shown>, act: &Act) -> Changed {
        let Some(user) = self.user(id).cloned() else { return Changed::NoUser };
        if !self.still_shown(&user, shown) {
            return Changed::Stale;
        }
        if self.is_last_administrator(id) {
            return Changed::LastAdministrator;
        }
        let mut trace = Trace::default();
        self.users.remove(&id);
        self.unname(&user);
        self.end_all_of(id, Reason::UserDeleted, &mut trace);
        self.documents.remove(&Owner::User(id));
        self.forget_links_of(id);
        self.consents.retain(|(user, _), _| *user != id);
        self.codes.retain(|_, kept| kept.code.user != id);
        self.device_requests.retain(|_, request| allowed_by(request) != Some(id));
        self.devices.retain(|(user, _), _| *user != id);
        self.failures.remove(&id);
        trace.ended(Subject::User(id));
        let done = self.done(act, trace);
        // Who is left out of a stream goes from it untold.
        for kept in self.streams.values_mut() {
            kept.left_out.remove(&id);
        }
        done
    }

    fn done(&mut self, act: &Act, trace: Trace) -> Changed {
        Changed::Done(Done { value: (), rows: self.finish(act, trace) })
    }

    fn forget_links_of(&mut self, user: UserId) {
        self.links.retain(|_, link| link.purpose != Purpose::Recover { user });
    }

    fn name(&mut self, user: &User) {
        for name in names_of(user) {
            self.names.insert(name, user.id);
        }
    }

    fn unname(&mut self, user: &User) {
        for name in names_of(user) {
            self.names.remove(&name);
        }
    }
}

/// Which name somebody else has.
pub(super) enum NameTaken {
    Email,
    Username,
}

/// Everything that sign-in finds a user by. An email has an `@` and a username has none, so that the two never
/// meet.
fn names_of(user: &User) -> impl Iterator<Item = Lookup> {
    [Some(user.email.lookup()), user.username.as_ref().map(Username::lookup)].into_iter().flatten()
}
