//! Where a relying party keeps its sessions. What is kept is sealed under a secret that only the browser's cookie has: who
//! takes the store can present nothing and read nothing.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::settings::Now;

/// The store does not answer, or not as it should: try later.
#[derive(Debug, thiserror::Error)]
#[error("the store of sessions does not answer")]
pub struct StoreError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// A session that is kept.
#[derive(Clone)]
pub struct Kept {
    /// Bytes that only the holder of the cookie can open.
    pub sealed: Vec<u8>,
    /// Digests of what ends it: the parent session, and its user.
    pub labels: Vec<String>,
    /// When its sign-in was asked for, in seconds since 1970.
    pub begun_at: u64,
    /// The second from which on it may be forgotten.
    pub until: u64,
}

/// Only what is no use to whoever reads it.
impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept")
            .field("begun_at", &self.begun_at)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

/// A place for sealed sessions, by names that are digests. Times are seconds since 1970.
#[async_trait]
pub trait SessionStore: Send + Sync + 'static {
    /// Keeps a session under a name that is not there yet, and tells whether it did: not where one of its labels was ended
    /// for sessions that began then. A store that forgets this lets a session begin whose parent ended a moment before.
    async fn insert(&self, name: &str, session: Kept) -> Result<bool, StoreError>;

    /// The sealed session of this name, if it is there.
    async fn find(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Puts `sealed` in the place of `seen`, in one step, and tells whether `seen` was still there. A store that cannot
    /// promise this lets a session come back that was removed meanwhile: a user who signed out would be signed in again.
    async fn replace(
        &self,
        name: &str,
        seen: &[u8],
        sealed: Vec<u8>,
        until: u64,
    ) -> Result<bool, StoreError>;

    /// Forgets it. After this returns, nobody finds it.
    async fn remove(&self, name: &str) -> Result<(), StoreError>;

    /// Forgets every session with this label that began at `at` or before, and lets none of them be kept until `until`.
    async fn end(&self, label: &str, at: u64, until: u64) -> Result<(), StoreError>;
}

/// In this process: gone when it ends. When it is full, those that were used least have to sign in again.
pub struct MemorySessions {
    limit: usize,
    now: Now,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    sessions: HashMap<Arc<str>, (Kept, u64)>,
    /// The names by when they were used, the oldest first.
    order: BTreeMap<u64, Arc<str>>,
    uses: u64,
    /// What was ended: up to when it began, and until when that is remembered.
    ended: HashMap<String, (u64, u64)>,
    swept_at: u64,
}

impl MemorySessions {
    /// Room for so many sessions, by this clock in seconds since 1970.
    pub fn new(limit: usize, now: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self { limit, now: Arc::new(now), held: Mutex::default() }
    }

    /// How many sessions are there.
    #[must_use]
    pub fn len(&self) -> usize {
        self.held().sessions.len()
    }

    /// Whether none is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn put(&mut self, name: Arc<str>, session: Kept) {
        self.uses += 1;
        self.order.insert(self.uses, Arc::clone(&name));
        self.sessions.insert(name, (session, self.uses));
    }

    fn take(&mut self, name: &str) -> Option<(Arc<str>, Kept)> {
        let (name, (session, place)) = self.sessions.remove_entry(name)?;
        self.order.remove(&place);
        Some((name, session))
    }

    fn take_where(&mut self, goes: impl Fn(&Kept) -> bool) {
        let Self { sessions, order, .. } = self;
        sessions.retain(|_, (session, place)| {
            let goes = goes(session);
            if goes {
                order.remove(place);
            }
            !goes
        });
    }

    /// Forgets what is over, once a minute.
    fn sweep(&mut self, now: u64) {
        if now < self.swept_at + 60 {
            return;
        }
        self.swept_at = now;
        self.take_where(|session| session.until <= now);
        self.ended.retain(|_, (_, until)| *until > now);
    }
}

#[async_trait]
impl SessionStore for MemorySessions {
    async fn insert(&self, name: &str, session: Kept) -> Result<bool, StoreError> {
        let now = (self.now)();
        let mut held = self.held();
        held.sweep(now);
        let ended = session
            .labels
            .iter()
            .any(|label| held.ended.get(label).is_some_and(|(at, _)| session.begun_at <= *at));
        if ended || held.sessions.contains_key(name) {
            return Ok(false);
        }
        held.put(name.into(), session);
        while held.sessions.len() > self.limit {
            let Some((_, oldest)) = held.order.pop_first() else { break };
            held.sessions.remove(&oldest);
        }
        Ok(true)
    }

    async fn find(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let now = (self.now)();
        let mut held = self.held();
        let Some((name, session)) = held.take(name) else { return Ok(None) };
        if session.until <= now {
            return Ok(None);
        }
        let sealed = session.sealed.clone();
        // What was used last is the last to go.
        held.put(name, session);
        Ok(Some(sealed))
    }

    async fn replace(
        &self,
        name: &str,
        seen: &[u8],
        sealed: Vec<u8>,
        until: u64,
    ) -> Result<bool, StoreError> {
        match self.held().sessions.get_mut(name) {
            Some((session, _)) if session.sealed == seen => {
                session.sealed = sealed;
                session.until = until;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    async fn remove(&self, name: &str) -> Result<(), StoreError> {
        self.held().take(name);
        Ok(())
    }

    async fn end(&self, label: &str, at: u64, until: u64) -> Result<(), StoreError> {
        let now = (self.now)();
        let mut held = self.held();
        held.sweep(now);
        held.take_where(|session| {
            session.begun_at <= at && session.labels.iter().any(|one| one == label)
        });
        let ended = held.ended.entry(label.to_owned()).or_insert((at, until));
        *ended = (ended.0.max(at), ended.1.max(until));
        Ok(())
    }
}

impl fmt::Debug for MemorySessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySessions").field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    fn kept(sealed: &[u8], label: &str) -> Kept {
        Kept { sealed: sealed.to_vec(), labels: vec![label.to_owned()], begun_at: 100, until: 200 }
    }

    fn store(limit: usize) -> (MemorySessions, Arc<AtomicU64>) {
        let clock = Arc::new(AtomicU64::new(100));
        let now = Arc::clone(&clock);
        (MemorySessions::new(limit, move || now.load(Ordering::Relaxed)), clock)
    }

    #[tokio::test]
    async fn a_session_is_found_until_it_is_over_or_removed() {
        let (store, clock) = store(10);
        for name in ["a", "b"] {
            assert!(store.insert(name, kept(b"1", "ada")).await.unwrap());
        }
        assert!(!store.insert("a", kept(b"2", "ada")).await.unwrap(), "a name is given once");
        assert_eq!(store.find("a").await.unwrap().as_deref(), Some(&b"1"[..]));
        store.remove("a").await.unwrap();
        assert_eq!(store.find("a").await.unwrap(), None);
        clock.store(199, Ordering::Relaxed);
        assert!(store.find("b").await.unwrap().is_some());
        clock.store(200, Ordering::Relaxed);
        assert_eq!(store.find("b").await.unwrap(), None);
    }

    #[tokio::test]
    async fn what_was_removed_or_changed_meanwhile_is_not_replaced() {
        let (store, _) = store(10);
        store.insert("a", kept(b"1", "ada")).await.unwrap();
        assert!(store.replace("a", b"1", b"2".to_vec(), 200).await.unwrap());
        assert!(!store.replace("a", b"1", b"3".to_vec(), 200).await.unwrap());
        store.remove("a").await.unwrap();
        assert!(!store.replace("a", b"2", b"3".to_vec(), 200).await.unwrap());
        assert_eq!(store.find("a").await.unwrap(), None);
    }

    #[tokio::test]
    async fn there_is_an_end_to_the_sessions_and_those_used_least_go_first() {
        let (store, _) = store(2);
        for name in ["a", "b"] {
            store.insert(name, kept(b"1", "ada")).await.unwrap();
        }
        assert!(store.find("a").await.unwrap().is_some());
        store.insert("c", kept(b"1", "ada")).await.unwrap();
        assert_eq!(store.len(), 2);
        assert_eq!(store.find("b").await.unwrap(), None);
        assert!(store.find("a").await.unwrap().is_some());
    }

    #[tokio::test]
    async fn what_ended_is_gone_and_does_not_begin_again() {
        let (store, _) = store(10);
        store.insert("a", kept(b"1", "ada")).await.unwrap();
        store.insert("b", kept(b"1", "bob")).await.unwrap();
        store.end("ada", 100, 300).await.unwrap();
        assert_eq!(store.find("a").await.unwrap(), None);
        assert!(store.find("b").await.unwrap().is_some());
        assert!(!store.insert("late", kept(b"1", "ada")).await.unwrap());
        let later = Kept { begun_at: 101, ..kept(b"1", "ada") };
        assert!(store.insert("later", later).await.unwrap());
    }

    #[test]
    fn nothing_that_is_kept_is_printed() {
        let printed = format!("{:?}", kept(b"hush", "hush"));
        assert!(!printed.contains("hush") && !printed.contains("104"), "{printed}");
    }
}
