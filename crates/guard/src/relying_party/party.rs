//! The relying party itself: a request's head in, who it comes from out, by this app's own cookie.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use quick_cache::sync::Cache;

use super::flow::Flows;
use super::session::{Opened, SealedSessions, Session};
use super::set_cookie::Cookies;
use super::settings::{Settings, SettingsError};
use super::store::MemorySessions;
use super::tokens::{self, Trouble};
use super::user_info::{self, UserInfo};
use crate::ask;
use crate::beliefs::Mark;
use crate::cookie;
use crate::digest::Sha256;
use crate::flights::Flights;
use crate::guard::{Guard, Outcome, Shared, brings_token};
use crate::identity::Identity;
use crate::origin;
use crate::refusal::Refusal;
use crate::settings::WhenUnheard;

/// So many sessions are kept where nothing else is said.
const SESSIONS: usize = 100_000;

/// So many sessions are remembered whose users changed.
const REMEMBERED: usize = 10_000;

/// So many refreshes are under way at once at most, and so many questions about people.
const AT_ONCE: usize = 256;

/// An app on another domain than the issuer's. Clones are the same app.
#[derive(Clone)]
pub struct RelyingParty(pub(super) Arc<Party>);

pub(super) struct Party {
    pub(super) guard: Guard,
    pub(super) settings: Settings,
    pub(super) cookies: Cookies,
    pub(super) cookie: String,
    pub(super) flows: Flows,
    pub(super) sessions: SealedSessions,
    /// The guard's settings with this app's origin, by which pages of other sites are told.
    own_origin: crate::Settings,
    /// What the issuer said of users who changed, by their sessions.
    roles: Cache<Sha256, Told>,
    refreshing: Flights<Result<Arc<Opened>, Trouble>>,
    asking: Flights<Result<UserInfo, Trouble>>,
}

/// The roles of a user, and what was known when they were told.
type Told = (Arc<[Box<str>]>, Mark);

impl RelyingParty {
    /// An app whose issuer is the guard's. The guard's own client may be the same one, or another.
    pub fn new(guard: Guard, settings: Settings) -> Result<Self, SettingsError> {
        settings.check()?;
        let clock = Arc::clone(&guard.settings().clock);
        let store = settings.sessions.clone();
        let store =
            store.unwrap_or_else(|| Arc::new(MemorySessions::new(SESSIONS, move || clock.wall())));
        let cookies = Cookies { https: settings.is_https() };
        let random = Arc::clone(&settings.randomness);
        Ok(Self(Arc::new(Party {
            flows: Flows::new(&settings),
            sessions: SealedSessions::new(store, random, settings.idle),
            cookies,
            cookie: cookies.name(&settings.cookie_name),
            own_origin: guard.settings().clone().origin(settings.origin.clone()),
            roles: Cache::new(REMEMBERED),
            refreshing: Flights::new(AT_ONCE),
            asking: Flights::new(AT_ONCE),
            settings,
            guard,
        })))
    }

    /// The guard that it hears from.
    #[must_use]
    pub fn guard(&self) -> &Guard {
        &self.0.guard
    }

    /// Who a request comes from: by this app's cookie, or by what the guard knows where there is a token instead.
    pub async fn identify(&self, parts: &Parts) -> Outcome {
        let app = &self.0;
        let cookie = cookie::read(&app.cookie, &parts.headers);
        let Some(cookie) = cookie.filter(|_| !brings_token(parts.into())) else {
            return app.guard.identify(parts).await;
        };
        if !app.is_own(parts) {
            return Err(Refusal::CrossSite);
        }
        match app.standing(cookie).await {
            Ok(Some((_, identity))) => Ok(Some(identity)),
            Ok(None) => Err(Refusal::SessionUnknown),
            Err(refusal) => Err(refusal),
        }
    }

    /// An access token of whoever is there, for services that the app asks in their name; `None` where nobody is. It goes to
    /// no browser.
    pub async fn access_token(&self, parts: &Parts) -> Result<Option<String>, Refusal> {
        let opened = self.0.with_token(parts).await?;
        Ok(opened.map(|opened| opened.session.tokens.access.clone()))
    }

    /// What the issuer tells of whoever is there beside who it is (OpenID Connect Core §5.3), such as a name or an email
    /// address, as far as the [scope](Settings::scope) asks for it; `None` where nobody is. The issuer is asked with each call, but
    /// for calls of the same session at once, so keep what you need. [`Refusal::Unavailable`] where it does not answer, or tells
    /// of somebody else.
    pub async fn user_info(&self, parts: &Parts) -> Result<Option<UserInfo>, Refusal> {
        let app = &self.0;
        let Some(opened) = app.with_token(parts).await? else { return Ok(None) };
        match app.asked(opened).await {
            Ok(told) => Ok(Some(told)),
            Err(why) => Party::gone_or(why).map(|()| None),
        }
    }
}

impl Party {
    /// The second since 1970.
    pub(super) fn now(&self) -> u64 {
        self.shared().provider.clock().wall()
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        self.guard.shared()
    }

    /// Whether it was sent by a page of this app, or only reads.
    pub(super) fn is_own(&self, parts: &Parts) -> bool {
        origin::passes(&parts.method, &parts.headers, &self.own_origin)
    }

    /// The session of a request, whether it still stands or not.
    pub(super) async fn opened(&self, parts: &Parts) -> Result<Option<Opened>, Trouble> {
        match cookie::read(&self.cookie, &parts.headers) {
            Some(cookie) => Ok(self.sessions.find(cookie, self.now()).await?),
            None => Ok(None),
        }
    }

    /// The session of a request with an access token that is good for a while; none where nobody is there.
    async fn with_token(self: &Arc<Self>, parts: &Parts) -> Result<Option<Arc<Opened>>, Refusal> {
        let Some(cookie) = cookie::read(&self.cookie, &parts.headers) else { return Ok(None) };
        let Some((opened, _)) = self.standing(cookie).await? else { return Ok(None) };
        match self.renewed(opened, self.now()).await {
            Ok(opened) => Ok(Some(opened)),
            Err(why) => Self::gone_or(why).map(|()| None),
        }
    }

    async fn asked(self: &Arc<Self>, opened: Arc<Opened>) -> Result<UserInfo, Trouble> {
        let digest = opened.digest;
        let question = || {
            let party = Arc::clone(self);
            async move { user_info::ask(party.shared(), &opened.session).await }
        };
        let steady = self.shared().provider.clock().steady();
        let joined = self.asking.join(digest, steady, question).await;
        joined.map_err(|_| Trouble::unavailable("too many questions are under way"))?.0
    }

    /// Whether the session of a request is over, by now or after so long. To wait is no use of it: a page that is left open keeps
    /// nobody signed in.
    pub(super) async fn ends_within(&self, wait: Duration, parts: &Parts) -> Result<bool, Trouble> {
        let Some(opened) = self.opened(parts).await? else { return Ok(true) };
        let subjects = opened.session.hangs_from(&self.settings.client.client_id).collect();
        let awaited = &self.shared().beliefs.awaited;
        // Where as many wait as may, it is answered as if it had not asked to (RFC 7240 §2).
        let waiter = awaited.wait_for(subjects, self.settings.waiting);
        let Some(waiter) = waiter else { return Ok(true) };
        let is_over = async || {
            // It may have been removed by this app, here or in another process, of which no feed tells.
            let ended = self.has_ended(&opened.session, self.now());
            Ok::<_, Trouble>(ended || self.opened(parts).await?.is_none())
        };
        // Looked up once somebody waits: what ended before was told to nobody.
        Ok(is_over().await? || waiter.is_told_within(wait).await || is_over().await?)
    }

    /// Tells the pages that wait for the end of a session which this app itself has ended.
    pub(super) fn tell_of_end(&self, session: &Session) {
        if let Some(subject) = session.labels().last() {
            self.shared().beliefs.awaited.tell(&subject);
        }
    }

    /// Whom a cookie stands for; nobody where its session is over.
    async fn standing(
        self: &Arc<Self>,
        cookie: &str,
    ) -> Result<Option<(Arc<Opened>, Identity)>, Refusal> {
        let found = self.sessions.find(cookie, self.now()).await;
        let found = found.map_err(|why| unavailable(&why.into()))?;
        let Some(found) = found.map(Arc::new) else { return Ok(None) };
        match self.believed(Arc::clone(&found)).await {
            Ok(believed) => Ok(Some(believed)),
            Err(why) => {
                Self::gone_or(why)?;
                self.sessions.remove(&found).await.map_err(|why| unavailable(&why.into()))?;
                Ok(None)
            }
        }
    }

    /// Nothing where the session is over; else the refusal.
    fn gone_or(why: Trouble) -> Result<(), Refusal> {
        match why {
            Trouble::NoLonger | Trouble::Refused(_) | Trouble::NotProved => Ok(()),
            why @ (Trouble::Unavailable(_) | Trouble::NoClient(_)) => Err(unavailable(&why)),
        }
    }

    async fn believed(
        self: &Arc<Self>,
        found: Arc<Opened>,
    ) -> Result<(Arc<Opened>, Identity), Trouble> {
        let shared = self.shared();
        let (settings, beliefs) = (&shared.provider.settings, &shared.beliefs);
        let now = self.now();
        if self.has_ended(&found.session, now) {
            return Err(Trouble::NoLonger);
        }
        let follows = settings.follows();
        let heard = follows && beliefs.are_fresh(shared.provider.clock().steady());
        if follows && !heard && settings.when_unheard == WhenUnheard::Refuse {
            return Err(Trouble::unavailable("the feed is not heard"));
        }
        let (opened, away) = match self.renewed(Arc::clone(&found), now).await {
            // A refresh counts as a use of the issuer's session. Where that cannot be reached, the feed would have told of its
            // end; one of long ago may be forgotten.
            Err(why @ Trouble::Unavailable(_)) if heard && found.session.is_vouched_for(now) => {
                (found, Some(why))
            }
            renewed => (self.used(renewed?, now).await?, None),
        };
        let identity =
            |roles: &[Box<str>]| opened.session.identity(&self.settings.client.client_id, roles);
        let user = opened.session.user();
        let changed = beliefs.heard_of(&user).is_some_and(|heard| heard.changed_at > 0);
        if !follows || heard && !changed {
            let identity = identity(&opened.session.person.roles);
            return Ok((opened, identity));
        }
        if heard
            && let Some((roles, mark)) = self.roles.get(&opened.digest)
            && beliefs.knows(mark, &user)
        {
            let identity = identity(&roles);
            return Ok((opened, identity));
        }
        // The token at hand is over, and says so of itself alone.
        if let Some(why) = away {
            return Err(why);
        }
        let token = &opened.session.tokens.access;
        let said = ask::introspect(shared, &self.settings.client, token).await?;
        if !said.active || self.has_ended(&opened.session, now) {
            return Err(Trouble::NoLonger);
        }
        if let Some(mark) = said.mark {
            self.roles.insert(opened.digest, (Arc::clone(&said.roles), mark));
        }
        let identity = identity(&said.roles);
        Ok((opened, identity))
    }

    /// The session with an access token that is good for a while, where it can have one.
    async fn renewed(
        self: &Arc<Self>,
        opened: Arc<Opened>,
        now: u64,
    ) -> Result<Arc<Opened>, Trouble> {
        if !opened.session.wants_refresh(now) {
            return Ok(opened);
        }
        let question = || {
            let (party, opened) = (Arc::clone(self), Arc::clone(&opened));
            async move { party.refresh(&opened, now).await.map(Arc::new) }
        };
        let steady: Duration = self.shared().provider.clock().steady();
        let joined = self.refreshing.join(opened.digest, steady, question).await;
        joined.map_err(|_| Trouble::unavailable("too many sessions are refreshed at once"))?.0
    }

    async fn refresh(&self, seen: &Opened, now: u64) -> Result<Opened, Trouble> {
        // Whoever was a moment too late for the last refresh finds what it brought: a refresh token is presented once.
        let there = self.sessions.find_again(seen, now).await?.ok_or(Trouble::NoLonger)?;
        let session = &there.session;
        let Some(token) = session.tokens.refresh.as_deref().filter(|_| session.wants_refresh(now))
        else {
            return Ok(there);
        };
        let shared = self.shared();
        let next = tokens::refresh(shared, &self.settings, session, token, now).await?;
        if let Some(replaced) = self.sessions.replace(&there, next.clone()).await? {
            return Ok(replaced);
        }
        // Another process was faster, or somebody signed out meanwhile.
        if let Some(there) = self.sessions.find_again(&there, now).await? {
            return Ok(there);
        }
        tokens::revoke(shared, &self.settings, &next).await;
        Err(Trouble::NoLonger)
    }

    /// Notes a use, now and then, so that the session does not end as idle.
    async fn used(&self, opened: Arc<Opened>, now: u64) -> Result<Arc<Opened>, Trouble> {
        let idle = self.settings.idle.as_secs();
        if now.saturating_sub(opened.session.used_at) <= idle / 10 {
            return Ok(opened);
        }
        let session = Session { used_at: now, ..opened.session.clone() };
        // Where another request was faster, it noted the same.
        let replaced = self.sessions.replace(&opened, session).await?;
        Ok(replaced.map_or(opened, Arc::new))
    }

    fn has_ended(&self, session: &Session, now: u64) -> bool {
        let shared = self.shared();
        let beliefs = &shared.beliefs;
        // Without a refresh token there is nothing by which the issuer could vouch for it once more.
        let follows = shared.provider.settings.follows();
        if follows && session.tokens.refresh.is_none() && !session.is_vouched_for(now) {
            return true;
        }
        let mut subjects = session.hangs_from(&self.settings.client.client_id);
        subjects.any(|subject| beliefs.has_ended(&subject))
    }
}

pub(super) fn unavailable(why: &Trouble) -> Refusal {
    tracing::warn!(error = %why, "a session of this app could not be looked at");
    Refusal::Unavailable
}

/// Whose it is, without any secret.
impl fmt::Debug for RelyingParty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RelyingParty").field(&self.0.settings).finish()
    }
}
