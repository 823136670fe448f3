//! Every verb of every trait, passed on to the memory backend, with the slips that only one of them can make.

use std::time::Duration;

use async_trait::async_trait;
use cloakroom_model::client::Client;
use cloakroom_model::data::{Change, Document, DocumentKey, Etag, Seen};
use cloakroom_model::event::{Event, Kind, Reason, Recorded};
use cloakroom_model::grant::Grant;
use cloakroom_model::id::{ClientId, GrantId, InitialTokenId, KeyId, SessionId, UserId};
use cloakroom_model::initial_token::InitialToken;
use cloakroom_model::key::{DataKey, SigningKey, Stage};
use cloakroom_model::link::Link;
use cloakroom_model::log::{self, Place, Subject, Timeline};
use cloakroom_model::secret::Digest;
use cloakroom_model::session::Session;
use cloakroom_model::time::Timestamp;
use cloakroom_model::user::{Email, Life, Lookup, Role, User, Username};

use super::{Broken, Slip};
use crate::memory::State;
use crate::memory::revocations::Log;
use crate::{
    AccountFailures, Act, AdvanceKey, Begin, Begun, ChangePassword, Changed, Clients, Done, Ends,
    Error, EventFilter, Events, FoundSession, Grants, Guests, InitialTokens, InsertClient,
    InsertGrant, InsertLink, InsertUser, Keys, Links, LiveGrant, LiveGuest, LiveSession, Login,
    NewUser, Reading, ReplaceSecret, Replacing, Revocations, Rotate, RotateOutcome, SessionData,
    Sessions, Shown, Snapshot, Throttles, UserFilter, Users, Who, Write, Written,
};

/// Passes a trait's verbs on. What stands in a verb's braces is done first, and may change its arguments.
macro_rules! pass_on {
    ($trait:ident {
        $(async fn $verb:ident(&$this:ident $(, $argument:ident: $type:ty)*) -> $answer:ty {
            $($first:tt)*
        })*
    }) => {
        #[async_trait]
        impl $trait for Broken {
            $(async fn $verb(&$this $(, $argument: $type)*) -> Result<$answer, Error> {
                $($first)*
                let turn = $this.begin(stringify!($verb)).await;
                let answer = $trait::$verb(&$this.inner $(, $argument)*).await;
                $this.end(stringify!($verb), turn);
                answer
            })*
        }
    };
}

mod authorization;
mod streams;

pass_on! { Users {
    async fn find_user(&self, id: UserId) -> Option<User> {}
    async fn find_login(&self, identifier: &Lookup) -> Option<Login> {}
    async fn find_login_of(&self, id: UserId) -> Option<Login> {}
    async fn list_users(&self, filter: &UserFilter) -> Vec<User> {
        let mut filter = filter.clone();
        if self.slips(Slip::ListUsersFromTheStart) {
            filter.after = None;
        }
        if self.slips(Slip::ListUsersUnfiltered) {
            filter.begins_with = None;
        }
        let filter = &filter;
    }
    async fn has_admin(&self) -> bool {}
    async fn insert_user(&self, user: NewUser, act: &Act) -> InsertUser {
        if self.slips(Slip::InsertUserReplaces) {
            let mut state = self.inner.state()?;
            state.names.remove(&user.user.email.lookup());
            if let Some(username) = &user.user.username {
                state.names.remove(&username.lookup());
            }
        }
    }
    async fn change_password(&self, change: ChangePassword, act: &Act) -> Changed {
        let mut change = change;
        if self.slips(Slip::PasswordUnseen) {
            let state = self.inner.state()?;
            change.expected_generation = state.user(change.user).map_or(0, |it| it.generation);
        }
        if self.slips(Slip::PasswordWithoutLink) {
            change.link = None;
        }
        if self.slips(Slip::PasswordFromAnywhere) {
            change.keep = None;
        }
        change.end_others |= self.slips(Slip::PasswordEndsOthers);
    }
    async fn upgrade_password(
        &self, id: UserId, seen: &str, upgraded: &str, act: &Act
    ) -> bool {
        if self.slips(Slip::UpgradeTellsFirst) {
            self.inner.record(vec![act.event.clone()]).await?;
        }
        let current = self.inner.find_login_of(id).await?.and_then(|login| login.password);
        let seen = match &current {
            Some(current) if self.slips(Slip::UpgradeUnseen) => current,
            _ => seen,
        };
    }
    async fn set_life(&self, id: UserId, life: Life, act: &Act) -> Changed {
        self.forge_administrator(Slip::DisableTheLast)?;
    }
    async fn set_roles(&self, id: UserId, roles: Vec<Role>, act: &Act) -> Changed {
        self.forge_administrator(Slip::DemoteTheLast)?;
    }
    async fn set_names(
        &self, id: UserId, email: Email, username: Option<Username>, shown: Option<Shown>, act: &Act
    ) -> Changed {
        let shown = shown.filter(|_| !self.slips(Slip::NamesFromAnywhere));
    }
    async fn delete_user(&self, id: UserId, shown: Option<Shown>, act: &Act) -> Changed {
        self.forge_administrator(Slip::DeleteTheLast)?;
        let shown = shown.filter(|_| !self.slips(Slip::DeleteFromAnywhere));
    }
} }

pass_on! { Sessions {
    async fn find_session(&self, secret: &Digest, now: Timestamp) -> Option<FoundSession> {
        let now = if self.slips(Slip::FindSessionTellsForever) { Timestamp(0) } else { now };
    }
    async fn find_session_by_id(&self, id: SessionId) -> Option<LiveSession> {}
    async fn begin_session(&self, begin: Begin, act: &Act) -> Begun {
        let begin = self.begin_carelessly(begin, act).await?;
    }
    async fn replace_secret(&self, replace: ReplaceSecret, act: &Act) -> Replacing {
        let mut replace = replace;
        if self.slips(Slip::ReplaceForgetsProof) {
            replace.authentication = None;
        }
        if self.slips(Slip::ReplaceUnseen) {
            replace.expected_generation = None;
        }
        if self.slips(Slip::ReplaceWithoutLink) {
            replace.link = None;
        }
        if self.slips(Slip::ReplaceWithoutEarlier) {
            replace.earlier = None;
        }
    }
    async fn end_session(&self, id: SessionId, reason: Reason, act: &Act) -> Option<Done<()>> {
        if self.slips(Slip::EndReachesGuests) && self.inner.state()?.guest(id).is_some() {
            return self.inner.end_guest(id, reason, act).await;
        }
        if self.slips(Slip::EndTellsTwice) {
            self.inner.record(vec![act.event.clone()]).await?;
        }
    }
    async fn end_sessions(&self, which: Ends, reason: Reason, act: &Act) -> Done<usize> {
        let which = match which {
            _ if self.slips(Slip::EndReachesEverybody) => Ends::Everybodys,
            Ends::Others { user, .. } if self.slips(Slip::OthersAreAll) => Ends::AllOf(user),
            _ => which,
        };
    }
    async fn list_sessions(&self, user: UserId) -> Vec<Session> {}
    async fn list_all_sessions(&self, after: Option<SessionId>, limit: usize) -> Vec<Session> {
        let after = if self.slips(Slip::ListAllFromTheStart) { None } else { after };
    }
    async fn touch_sessions(&self, seen: &[(SessionId, Timestamp)]) -> () {
        self.touch_carelessly(seen).await?;
    }
    async fn expire_sessions(&self, lag: Duration, limit: usize, act: &Act) -> Done<usize> {
        let lag = if self.slips(Slip::ExpireWithoutLag) { Duration::ZERO } else { lag };
        let limit = if self.slips(Slip::ExpireUnlimited) { usize::MAX } else { limit };
    }
} }

pass_on! { Guests {
    async fn insert_guest(
        &self, guest: Session, secret: Option<Digest>, grant: Option<Grant>, act: &Act
    ) -> () {
        if self.slips(Slip::InsertGuestReplaces) {
            self.inner.state()?.sessions.remove(&guest.id);
        }
    }
    async fn find_guest(&self, secret: &Digest, now: Timestamp) -> Option<LiveGuest> {
        let now = if self.slips(Slip::FindGuestTellsForever) { Timestamp(0) } else { now };
    }
    async fn find_guest_by_id(&self, id: SessionId) -> Option<Session> {}
    async fn end_guest(&self, id: SessionId, reason: Reason, act: &Act) -> Option<Done<()>> {}
    async fn end_guest_elsewhere(
        &self, id: SessionId, reason: Reason, act: &Act
    ) -> Option<Done<()>> {}
    async fn touch_guests(&self, seen: &[(SessionId, Timestamp)]) -> () {
        self.touch_carelessly(seen).await?;
    }
    async fn expire_guests(&self, lag: Duration, limit: usize, act: &Act) -> Done<usize> {
        let lag = if self.slips(Slip::ExpireWithoutLag) { Duration::ZERO } else { lag };
        let limit = if self.slips(Slip::ExpireUnlimited) { usize::MAX } else { limit };
    }
} }

pass_on! { SessionData {
    async fn read_data(&self, key: &DocumentKey) -> Option<Document> {}
    async fn write_data(&self, write: Write, act: &Act) -> Written {
        let mut write = write;
        if self.slips(Slip::WriteUnseen) {
            write.seen = Seen::Unsaid;
        }
        if self.slips(Slip::WriteUnlimited) {
            write.limit = usize::MAX;
        }
        if let Change::Patch(patch) = &write.change
            && self.slips(Slip::PatchReplaces)
        {
            write.change = Change::Put(patch.clone());
        }
        if self.slips(Slip::WriteTells) {
            self.inner.record(vec![act.event.clone()]).await?;
        }
        if let Change::Put(value) = &write.change
            && self.slips(Slip::WriteWithoutParents)
        {
            let document = Document { value: value.clone(), etag: Etag([1; 16]) };
            self.inner.state()?.put(write.key, document.clone());
            return Ok(Written::Done(Some(document)));
        }
    }
} }

pass_on! { Grants {
    async fn find_grant(&self, id: GrantId) -> Option<LiveGrant> {
        if self.slips(Slip::FindGrantAlone) {
            let found = self.inner.find_grant(id).await?;
            return Ok(found.map(|live| LiveGrant { session: None, ..live }));
        }
    }
    async fn rotate(&self, rotate: Rotate, act: &Act) -> RotateOutcome {
        let mut rotate = rotate;
        if let Some(grant) = self.inner.state()?.grants.get_mut(&rotate.grant) {
            if self.slips(Slip::RotateUnseen) {
                rotate.expected = grant.counter;
                rotate.next = grant.counter + 1;
            }
            if self.slips(Slip::RotateLowers) {
                grant.last_used_at = Timestamp(0);
            }
        }
    }
    async fn insert_grant(&self, grant: Grant, act: &Act) -> InsertGrant {
        if self.slips(Slip::InsertGrantAnyway) {
            self.inner.state()?.grants.insert(grant.id, grant);
            return Ok(InsertGrant::Done);
        }
        if let Some(place) = grant.details.status
            && self.slips(Slip::StatusTwice)
        {
            self.inner.state()?.statuses.taken.remove(&place);
        }
    }
    async fn end_grant(&self, id: GrantId, reason: Reason, act: &Act) -> Option<Done<()>> {}
    async fn end_grants_of_user_at(
        &self, user: UserId, client: &ClientId, reason: Reason, act: &Act
    ) -> Done<usize> {}
    async fn list_grants_of_session(&self, session: SessionId) -> Vec<Grant> {}
    async fn list_grants_of_user(&self, user: UserId) -> Vec<Grant> {}
    async fn list_grants_of_user_at(&self, user: UserId, client: &ClientId) -> Vec<Grant> {
        if self.slips(Slip::ListGrantsOfEveryClient) {
            return self.inner.list_grants_of_user(user).await;
        }
    }
    async fn expire_grants(&self, limit: usize, act: &Act) -> Done<usize> {
        let limit = if self.slips(Slip::ExpireUnlimited) { usize::MAX } else { limit };
    }
} }

pass_on! { Links {
    async fn insert_link(&self, link: Link, act: &Act) -> InsertLink {
        if self.slips(Slip::InsertLinkAnyway) {
            self.inner.state()?.links.insert(link.digest, link);
            return Ok(InsertLink::Done);
        }
    }
    async fn find_link(&self, digest: &Digest, now: Timestamp) -> Option<Link> {
        if self.slips(Slip::FindLinkSpends) {
            return Ok(self.inner.state()?.links.remove(digest));
        }
        let now = if self.slips(Slip::FindLinkForever) { Timestamp(0) } else { now };
    }
    async fn expire_links(&self, now: Timestamp) -> () {}
} }

pass_on! { Clients {
    async fn find_client(&self, id: &ClientId) -> Option<Client> {}
    async fn list_clients(&self) -> Vec<Client> {}
    async fn insert_client(&self, client: Client, token: Option<Digest>, act: &Act) -> InsertClient {
        let token = token.filter(|_| !self.slips(Slip::InsertClientWithoutToken));
        if self.slips(Slip::InsertClientReplaces) {
            self.inner.state()?.clients.remove(&client.id);
        }
    }
    async fn replace_client(
        &self, seen: &Client, client: Client, act: &Act
    ) -> Option<Done<()>> {
        let current = self.inner.find_client(&client.id).await?;
        let seen = match &current {
            Some(current) if self.slips(Slip::ReplaceClientUnseen) => current,
            _ => seen,
        };
    }
    async fn remove_client(&self, id: &ClientId, act: &Act) -> Option<Done<()>> {}
    async fn remove_unused_client(&self, id: &ClientId, act: &Act) -> Option<Done<()>> {
        if self.slips(Slip::RemoveClientInUse) {
            return self.inner.remove_client(id, act).await;
        }
    }
} }

pass_on! { InitialTokens {
    async fn insert_initial_token(&self, token: InitialToken, act: &Act) -> () {}
    async fn list_initial_tokens(&self, now: Timestamp) -> Vec<InitialToken> {
        let now = if self.slips(Slip::ListInitialTokensForever) { Timestamp(0) } else { now };
    }
    async fn remove_initial_token(&self, id: InitialTokenId, act: &Act) -> bool {}
    async fn expire_initial_tokens(&self, now: Timestamp) -> () {}
} }

pass_on! { Keys {
    async fn list_data_keys(&self) -> Vec<DataKey> {}
    async fn insert_data_key(&self, key: DataKey, act: &Act) -> Option<Done<()>> {
        if self.slips(Slip::InsertDataKeyReplaces) {
            self.inner.state()?.data_keys.remove(&key.number);
        }
    }
    async fn reseal_data_keys(&self, seen: &[DataKey], resealed: &[DataKey]) -> bool {
        let current = self.inner.list_data_keys().await?;
        let seen = if self.slips(Slip::ResealUnseen) { &current } else { seen };
    }
    async fn list_signing_keys(&self) -> Vec<SigningKey> {}
    async fn insert_signing_key(&self, key: SigningKey, act: &Act) -> Option<Done<()>> {
        if self.slips(Slip::InsertSigningKeyAnyway) {
            self.inner.state()?.signing_keys.insert(key.id.clone(), key);
            return Ok(Some(Done { value: (), rows: Vec::new() }));
        }
    }
    async fn advance_signing_key(&self, advance: AdvanceKey, act: &Act) -> Option<Done<()>> {
        let mut advance = advance;
        if let Some(key) = self.inner.state()?.signing_keys.get(&advance.key)
            && self.slips(Slip::AdvanceUnseen)
        {
            advance.from = key.stage;
        }
        if let Stage::Compromised { since } = advance.to
            && self.slips(Slip::CompromiseTellsOfRetirement)
        {
            advance.to = Stage::Retired { since };
        }
    }
    async fn delete_signing_key(&self, id: &KeyId, act: &Act) -> bool {
        if self.slips(Slip::DeleteAnySigningKey) {
            return Ok(self.inner.state()?.signing_keys.remove(id).is_some());
        }
    }
} }

pass_on! { Revocations {
    async fn read_log(&self, place: Place, limit: usize) -> Reading {
        let limit = if self.slips(Slip::ReadLogUnlimited) { usize::MAX } else { limit };
        if self.slips(Slip::ReadLogNeverLost) {
            let reading = self.inner.read_log(place, limit).await?;
            let Reading::Lost = reading else { return Ok(reading) };
            let (rows, now) = (Vec::new(), self.inner.now());
            return Ok(Reading::Rows { rows, now, timeline: Timeline::default() });
        }
    }
    async fn read_snapshot(&self) -> Snapshot {
        let snapshot = self.inner.read_snapshot().await?;
        if self.slips(Slip::SnapshotAtTheStart) {
            return Ok(Snapshot { place: Place::default(), ..snapshot });
        }
        if self.slips(Slip::SnapshotWithoutRows) {
            return Ok(Snapshot { rows: Vec::new(), ..snapshot });
        }
    }
    async fn announce(&self, subject: Subject, change: log::Change, act: &Act) -> Done<()> {
        if self.slips(Slip::RowsShowLate) {
            return self.announce_late(subject, change, act).await;
        }
    }
    async fn prune_log(&self, now: Timestamp) -> () {
        if self.slips(Slip::PruneForgetsTheLast) {
            self.inner.state()?.log = Log::default();
        }
    }
} }

pass_on! { Throttles {
    async fn find_failures(&self, user: UserId, device: Option<&Digest>) -> AccountFailures {}
    async fn count_failure(
        &self, user: UserId, device: Option<&Digest>, at: Timestamp
    ) -> AccountFailures {
        let device = if self.slips(Slip::CountTogether) { None } else { device };
        if self.slips(Slip::StrangersCountForever)
            && let Some(failures) = self.inner.state()?.failures.get_mut(&user)
        {
            failures.last_at = Some(at);
        }
    }
    async fn forget_failures(&self, user: UserId, device: Option<&Digest>) -> () {}
    async fn clear_failures(&self, user: UserId, act: &Act) -> bool {}
    async fn expire_devices(&self, before: Timestamp) -> () {}
    async fn find_failures_of_nobody(&self, name: &Digest) -> AccountFailures {}
    async fn count_failure_of_nobody(&self, name: &Digest, at: Timestamp) -> AccountFailures {
        if self.slips(Slip::NobodyCountsForever)
            && let Some(failures) = self.inner.state()?.failures_of_nobody.get_mut(name)
        {
            failures.last_at = Some(at);
        }
    }
    async fn expire_failures_of_nobody(&self, until: Timestamp) -> () {
        let until = if self.slips(Slip::NobodyIsForgottenWhole) { Timestamp::NEVER } else { until };
    }
} }

pass_on! { Events {
    async fn record(&self, events: Vec<Event>) -> () {
        let mut events = events;
        for event in &mut events {
            if self.slips(Slip::RecordWithoutDetail) {
                event.detail = None;
            }
        }
    }
    async fn list_events(&self, filter: &EventFilter) -> Vec<Recorded> {
        let mut filter = filter.clone();
        if self.slips(Slip::ListEventsFromTheEnd) {
            filter.page.before = None;
        }
        let filter = &filter;
    }
    async fn prune_events(&self, before: Timestamp, limit: usize) -> usize {
        let limit = if self.slips(Slip::PruneEventsUnlimited) { usize::MAX } else { limit };
    }
} }

impl Broken {
    /// Where a verb slips so, it takes somebody for an administrator who never was, and nobody is the last.
    fn forge_administrator(&self, slip: Slip) -> Result<(), Error> {
        if self.slips(slip) {
            let mut state = self.inner.state()?;
            let forged = state.users.values().next().cloned();
            if let Some(mut forged) = forged {
                forged.user.id = UserId::from_bytes([0; 16]);
                forged.user.roles.push(Role::admin());
                state.users.insert(forged.user.id, forged);
            }
        }
        Ok(())
    }

    async fn begin_carelessly(&self, mut begin: Begin, act: &Act) -> Result<Begin, Error> {
        let user = begin.session.user.unwrap();
        if self.slips(Slip::BeginEndsEarlierFirst)
            && let Some(earlier) = &begin.earlier
        {
            self.inner.end_guest(earlier.id, Reason::Superseded, act).await?;
        }
        if let Some(earlier) = &mut begin.earlier {
            if self.slips(Slip::BeginWithoutElsewhere) {
                earlier.elsewhere = None;
            }
            if let Some(elsewhere) = &mut earlier.elsewhere
                && self.slips(Slip::BeginWithoutClaim)
            {
                elsewhere.claim = None;
            }
        }
        if self.slips(Slip::BeginTellsOfMerging) {
            self.inner.record(vec![act.another(Kind::GuestMerged)]).await?;
        }
        let mut state = self.inner.state()?;
        if self.slips(Slip::BeginKnowsDevicesForever)
            && let Some(device) = begin.device.take()
        {
            state.keep_device(user, device, act.at);
        }
        let State { users, sessions, replaced, devices, .. } = &mut *state;
        if let Who::Known { generation, .. } = &mut begin.who
            && let Some(login) = users.get_mut(&user)
        {
            if self.slips(Slip::BeginUnseen) {
                *generation = login.user.generation;
            }
            if self.slips(Slip::BeginForDisabled) {
                login.user.life = Life::Active;
            }
        }
        if let Some(earlier) = &mut begin.earlier {
            if self.slips(Slip::BeginWithoutRules) {
                earlier.merge.rules.clear();
            }
            if self.slips(Slip::BeginMergesTooMuch) {
                earlier.merge.limit = usize::MAX;
            }
            if self.slips(Slip::BeginHandsOnToAnybody)
                && let Some(kept) = sessions.get_mut(&earlier.id)
            {
                kept.session.user = Some(user);
            }
        }
        if self.slips(Slip::BeginFollowsForever) {
            for secret in replaced.values_mut() {
                secret.replaced.at = act.at;
            }
        }
        let is_live = |id: SessionId| sessions.contains_key(&id);
        begin.earlier = begin.earlier.filter(|earlier| {
            let gone = self.slips(Slip::BeginKnowsNoSuccessor) && !is_live(earlier.id);
            !(gone || self.slips(Slip::BeginWithoutEarlier))
        });
        begin.device = begin.device.filter(|device| {
            !(self.slips(Slip::BeginForgetsDeviceAgain) && devices.contains_key(&(user, *device)))
        });
        begin.link = begin.link.filter(|_| !self.slips(Slip::BeginWithoutLink));
        begin.limit = begin.limit.filter(|_| !self.slips(Slip::BeginUnlimited));
        Ok(begin)
    }

    async fn touch_carelessly(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), Error> {
        if self.slips(Slip::TouchLowers) {
            let mut state = self.inner.state()?;
            for (id, at) in seen {
                if let Some(kept) = state.sessions.get_mut(id) {
                    kept.session.last_seen_at = *at;
                }
            }
        }
        if self.slips(Slip::TouchReachesGuests) {
            self.inner.touch_guests(seen).await?;
        }
        Ok(())
    }

    /// Each row takes its number at once, and is seen only when the next one has taken its own.
    async fn announce_late(
        &self,
        subject: Subject,
        change: log::Change,
        act: &Act,
    ) -> Result<Done<()>, Error> {
        let alone = self.turn.lock().await;
        let done = self.inner.announce(subject, change, act).await?;
        let mut state = self.inner.state()?;
        let newest = state.log.rows.pop_back();
        let held = std::mem::replace(&mut *self.held.lock().unwrap(), newest);
        state.log.rows.extend(held);
        drop(alone);
        Ok(done)
    }
}
