//! Session cookies: the server is asked who they stand for once a minute, and what it says is believed meanwhile while
//! nothing of it ended or changed.

mod session;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::HeaderMap;
use http::header::COOKIE;
use quick_cache::sync::Cache;

use crate::beliefs::{Beliefs, Mark};
use crate::digest::{Sha256, sha256};
use crate::identity::Identity;
use crate::refusal::Refusal;
use crate::subject::{Digest, Kind};
pub(crate) use session::SessionAnswer;

/// How long an answer is believed at most. Being asked again is how the server learns that the session is in use.
pub(crate) const MAX_AGE: Duration = Duration::from_mins(1);

/// How long it is remembered that a cookie stands for nobody.
const REFUSED_FOR: Duration = Duration::from_secs(2);

/// So many cookies are remembered that stand for nobody.
const REFUSED: usize = 1024;

/// A cookie is a few dozen characters; what is longer is none of the server's.
const LONGEST: usize = 256;

/// Which of the server's cookies this service reads. Where the issuer is on plain http on this machine, for development,
/// the names have no prefix.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CookieName {
    /// `__Secure-cloakroom-id`, which the server sets for the hosts of its `--cookie-domain`. It says who is there and is good
    /// for nothing else.
    SiblingHosts,
    /// `__Host-cloakroom`, the session's own, for a service that stands on the issuer's host behind a proxy.
    SameHost,
}

impl CookieName {
    /// The name as it stands in headers.
    #[must_use]
    pub const fn as_str(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::SiblingHosts, true) => "__Secure-cloakroom-id",
            (Self::SiblingHosts, false) => "cloakroom-id",
            (Self::SameHost, true) => "__Host-cloakroom",
            (Self::SameHost, false) => "cloakroom",
        }
    }
}

/// The value of the cookie of this name. One that is there twice is taken for none: two readers could choose differently.
pub(crate) fn read<'a>(name: &str, headers: &'a HeaderMap) -> Option<&'a str> {
    read_up_to(LONGEST, name, headers)
}

/// The same, of a cookie of up to so many characters.
pub(crate) fn read_up_to<'a>(
    longest: usize,
    name: &str,
    headers: &'a HeaderMap,
) -> Option<&'a str> {
    let mut found = None;
    for header in headers.get_all(COOKIE) {
        // Cookies of others may hold any bytes; the server's are ASCII.
        for pair in header.as_bytes().split(|&byte| byte == b';') {
            let value = pair.trim_ascii().strip_prefix(name.as_bytes());
            let Some(value) = value.and_then(|rest| rest.strip_prefix(b"=")) else { continue };
            if found.replace(value).is_some() {
                return None;
            }
        }
    }
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
    let value = found.filter(|value| !value.is_empty() && value.len() <= longest)?;
    value.iter().all(fits).then(|| std::str::from_utf8(value).ok())?
}

/// What the server said of a cookie.
pub(crate) struct Session {
    identity: Identity,
    sid: Digest,
    user: Option<Digest>,
    /// The second from which on it is over, unless it is used meanwhile.
    over_at: u64,
    /// The steady time at which it was asked for.
    asked_at: Duration,
    mark: Option<Mark>,
    /// The version of the beliefs at which nothing was found to concern it.
    clean_at: AtomicU64,
}

impl Session {
    pub(crate) fn new(answer: SessionAnswer, mark: Option<Mark>, asked_at: Duration) -> Self {
        let SessionAnswer { identity, over_at } = answer;
        let told = identity.told();
        Self {
            sid: Digest::of(Kind::Session, told.session.as_deref().unwrap_or_default()),
            user: told.user.as_deref().map(|id| Digest::of(Kind::User, id)),
            over_at,
            asked_at,
            mark,
            clean_at: AtomicU64::new(0),
            identity,
        }
    }

    pub(crate) fn identity(&self) -> Identity {
        self.identity.clone()
    }

    /// Whether its end was heard, or that of its user. Those of clients are not its own: their grants go with them, and no
    /// cookie.
    pub(crate) fn has_ended(&self, beliefs: &Beliefs) -> bool {
        self.hangs_from().any(|subject| beliefs.has_ended(subject))
    }

    /// Whether a change was heard that was not known then, or all that is known may be another since.
    pub(crate) fn has_changed_since(&self, known: Mark, beliefs: &Beliefs) -> bool {
        self.hangs_from().any(|subject| !beliefs.knows(known, subject))
    }

    /// Whether nothing has ended or changed since it was asked for, as far as was heard.
    pub(crate) fn stands(&self, beliefs: &Beliefs) -> bool {
        let Some(mark) = self.mark else { return false };
        // The version first: what is found clean below is clean at this version at least.
        let version = beliefs.version();
        if self.clean_at.load(Ordering::Relaxed) == version {
            return true;
        }
        let knows = self.hangs_from().all(|subject| beliefs.knows(mark, subject));
        if !mark.is_of(beliefs.epoch()) || !knows || self.has_ended(beliefs) {
            return false;
        }
        self.clean_at.store(version, Ordering::Relaxed);
        true
    }

    fn hangs_from(&self) -> impl Iterator<Item = &Digest> {
        [Some(&self.sid), self.user.as_ref()].into_iter().flatten()
    }
}

/// Cookies that were asked about.
pub(crate) struct Cookies {
    known: Cache<Sha256, Arc<Session>>,
    refused: Cache<Sha256, (Refusal, Duration)>,
}

impl Cookies {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { known: Cache::new(capacity), refused: Cache::new(REFUSED) }
    }

    /// By what a cookie is known here. Its value is not kept.
    pub(crate) fn name(value: &str) -> Sha256 {
        sha256(value.as_bytes())
    }

    /// Who a cookie stands for, if that is remembered and may be believed; `now` is the second since 1970, `steady` the steady
    /// time.
    pub(crate) fn recall(
        &self,
        name: &Sha256,
        beliefs: &Beliefs,
        now: u64,
        steady: Duration,
    ) -> Option<Identity> {
        let session = self.known.get(name)?;
        let young = steady.saturating_sub(session.asked_at) <= MAX_AGE && now < session.over_at;
        if young && session.stands(beliefs) {
            // The newest word of the feed may be old although nothing of it concerns this.
            return beliefs.are_fresh(steady).then(|| session.identity());
        }
        self.known.remove_if(name, |kept| Arc::ptr_eq(kept, &session));
        None
    }

    /// Whether a cookie was said to stand for nobody, a moment ago.
    pub(crate) fn recall_refusal(&self, name: &Sha256, steady: Duration) -> Option<Refusal> {
        let (refusal, at) = self.refused.get(name)?;
        (steady.saturating_sub(at) <= REFUSED_FOR).then_some(refusal)
    }

    /// Remembers what the server said.
    pub(crate) fn keep(&self, name: Sha256, session: &Arc<Session>) {
        if session.mark.is_some() {
            self.known.insert(name, Arc::clone(session));
        }
    }

    /// Remembers that a cookie stands for nobody.
    pub(crate) fn keep_refusal(&self, name: Sha256, refusal: &Refusal, steady: Duration) {
        if refusal.means_nobody() {
            self.refused.insert(name, (refusal.clone(), steady));
        }
    }

    /// How many are remembered.
    pub(crate) fn remembered(&self) -> usize {
        self.known.len()
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(lines: &[&'static str]) -> HeaderMap {
        let lines = lines.iter().map(|line| (COOKIE, HeaderValue::from_static(line)));
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, value);
        }
        headers
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let name = CookieName::SameHost.as_str(true);
        for lines in [
            &["__Host-cloakroom=g.abc-_"][..],
            &["a=b; __Host-cloakroom=g.abc-_;c=d"],
            &["a=b", "__Host-cloakroom=g.abc-_"],
            &["__Host-cloakroom-device=x; __Host-cloakroom=g.abc-_"],
        ] {
            assert_eq!(read(name, &headers(lines)), Some("g.abc-_"), "{lines:?}");
        }
    }

    #[test]
    fn a_cookie_that_is_there_twice_or_holds_what_none_of_ours_holds_is_none() {
        assert_eq!(read("a", &headers(&["a=b"])), Some("b"));
        for lines in [
            &["a=b; a=b"][..],
            &["a=b", "a=c"],
            &["a="],
            &["a=\"b\""],
            &["A=b"],
            &["xa=b"],
            &["a"],
            &["a=b c"],
        ] {
            assert_eq!(read("a", &headers(lines)), None, "{lines:?}");
        }
    }

    #[test]
    fn names_have_a_prefix_wherever_there_is_tls() {
        assert_eq!(CookieName::SiblingHosts.as_str(true), "__Secure-cloakroom-id");
        assert_eq!(CookieName::SiblingHosts.as_str(false), "cloakroom-id");
        assert_eq!(CookieName::SameHost.as_str(false), "cloakroom");
    }
}
