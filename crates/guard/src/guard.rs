//! The guard itself: a request's head in, who it comes from out; from memory where that may be believed, by asking where
//! not.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use tokio::task::JoinHandle;

use crate::again;
use crate::ask::Asking;
use crate::beliefs::Beliefs;
use crate::cookie::{self, Cookies};
use crate::dpop::{self, Proved, Spent};
use crate::feed::connection;
use crate::identity::Identity;
use crate::origin::{self, only};
use crate::provider::{self, Provider};
use crate::refusal::{Refusal, TokenFault};
use crate::settings::{Settings, SettingsError, WhenUnheard};
use crate::token::{self, Confirmation, Standing, Token, Tokens};

const PROOF: HeaderName = HeaderName::from_static("dpop");

/// So many proofs of keys are remembered at most, those of two and a half minutes.
const SPENT: usize = 1_000_000;

/// Who a request comes from: nobody, somebody, or it is refused.
pub type Outcome = Result<Option<Identity>, Refusal>;

/// Tells who requests come from. Clones are the same guard; when the last one is dropped, it stops following.
#[derive(Clone)]
pub struct Guard(Arc<Running>);

struct Running {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

/// What a guard knows, without the tasks that keep it fresh.
pub(crate) struct Shared {
    pub(crate) provider: Provider,
    pub(crate) beliefs: Beliefs,
    pub(crate) cookies: Cookies,
    pub(crate) asking: Asking,
    tokens: Tokens,
    spent: Spent,
    pub(crate) cookie_name: Option<&'static str>,
}

/// How a guard fares, for a page about the service's health.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Health {
    /// Whether keys to verify tokens with are known.
    pub has_keys: bool,
    /// How long ago everything was known that the server took back; `None` before that is known, and where no feed is
    /// followed.
    pub unheard_for: Option<Duration>,
    /// Whether what is remembered is believed.
    pub believes: bool,
    /// How many tokens are remembered.
    pub remembered_tokens: usize,
    /// How many cookies are remembered.
    pub remembered_cookies: usize,
}

/// The parts of a request that say who it comes from.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a Uri,
    pub(crate) headers: &'a HeaderMap,
}

impl<'a> From<&'a Parts> for Head<'a> {
    fn from(parts: &'a Parts) -> Self {
        Self { method: &parts.method, uri: &parts.uri, headers: &parts.headers }
    }
}

/// What memory says of a request.
pub(crate) enum Recalled {
    /// All there is to say.
    Done(Outcome),
    /// Nothing that may be believed.
    Ask(Question),
}

/// What the server is to be asked.
pub(crate) enum Question {
    /// For the key that a token names.
    Keys,
    /// What a token is worth whose signature is good.
    Token(Token),
    /// Whom a cookie stands for.
    Cookie,
}

impl Guard {
    /// Starts to follow the feed and to keep keys fresh. Does not wait for the server: until it answers, what needs it is
    /// refused with 503.
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub fn start(settings: Settings) -> Result<Self, SettingsError> {
        let shared = Arc::new(Shared::new(settings)?);
        let mut tasks = vec![tokio::spawn(keep_keys(Arc::clone(&shared)))];
        if shared.settings().follows() {
            tasks.push(tokio::spawn(connection::follow(Arc::clone(&shared))));
        }
        Ok(Self(Arc::new(Running { shared, tasks })))
    }

    /// Who a request comes from.
    pub async fn identify(&self, parts: &Parts) -> Outcome {
        match self.recall(parts.into()) {
            Recalled::Done(outcome) => outcome,
            Recalled::Ask(question) => self.ask(parts.into(), question).await,
        }
    }

    /// How it fares.
    #[must_use]
    pub fn health(&self) -> Health {
        let shared = self.shared();
        let steady = shared.provider.clock().steady();
        Health {
            has_keys: !shared.provider.keys.ring().keys().is_empty(),
            unheard_for: shared.beliefs.unheard_for(steady),
            believes: shared.believes(steady),
            remembered_tokens: shared.tokens.remembered(),
            remembered_cookies: shared.cookies.remembered(),
        }
    }

    /// What memory says of a request, without waiting.
    pub(crate) fn recall(&self, head: Head<'_>) -> Recalled {
        self.shared().recall(head)
    }

    /// What the server says of it, where memory does not.
    pub(crate) async fn ask(&self, head: Head<'_>, question: Question) -> Outcome {
        let shared = self.shared();
        let outcome = shared.ask(head, question).await;
        if let Err(Refusal::SessionReplaced { .. }) = outcome {
            let again = again::place(head, shared.provider.settings.is_https());
            return Err(Refusal::SessionReplaced { again });
        }
        outcome
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.shared.provider.settings
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Shared {
    pub(crate) fn new(settings: Settings) -> Result<Self, SettingsError> {
        let provider = Provider::new(Arc::new(settings))?;
        let settings = &*provider.settings;
        Ok(Self {
            tokens: Tokens::new(settings, Arc::clone(provider.keys.ring())),
            beliefs: Beliefs::new(settings.max_staleness),
            cookies: Cookies::new(settings.remembered_cookies),
            asking: Asking::default(),
            spent: Spent::new(SPENT),
            cookie_name: settings.cookie.map(|name| name.as_str(settings.is_https())),
            provider,
        })
    }

    fn settings(&self) -> &Settings {
        &self.provider.settings
    }

    /// Whether what is remembered may be believed. Where no feed is followed, a token is believed until it expires.
    fn believes(&self, steady: Duration) -> bool {
        !self.settings().follows() || self.beliefs.are_fresh(steady)
    }

    pub(crate) fn recall(&self, head: Head<'_>) -> Recalled {
        match presented(head) {
            Err(refusal) => Recalled::Done(Err(refusal)),
            Ok(Some(presented)) => self.recall_token(head, &presented),
            Ok(None) => self.recall_cookie(head),
        }
    }

    fn recall_token(&self, head: Head<'_>, presented: &Presented<'_>) -> Recalled {
        let now = self.provider.clock().wall();
        let token = match self.tokens.verify(presented.token, now) {
            Ok(token) => token,
            Err(cloakroom_jose::Error::KeyUnknown)
                if self.tokens.could_be_good(presented.token, now) =>
            {
                return Recalled::Ask(Question::Keys);
            }
            Err(error) => return Recalled::Done(Err(Refusal::InvalidToken(token::fault(error)))),
        };
        self.weigh(head, presented, token, now)
    }

    /// What a token is worth whose signature is good.
    fn weigh(&self, head: Head<'_>, presented: &Presented<'_>, token: Token, now: u64) -> Recalled {
        let proved = match self.proved(head, presented, &token, now) {
            Ok(proved) => proved,
            Err(refusal) => return Recalled::Done(Err(refusal)),
        };
        let steady = self.provider.clock().steady();
        let believes = self.believes(steady);
        match token::standing(&token, &self.beliefs, believes) {
            Err(refusal) => Recalled::Done(Err(refusal)),
            Ok(Standing::Good(identity)) => {
                let spent = proved.map_or(Ok(()), |proved| self.spent.spend(&proved, now, steady));
                Recalled::Done(spent.map(|()| Some(identity)))
            }
            Ok(Standing::Ask) => Recalled::Ask(Question::Token(token)),
        }
    }

    fn recall_cookie(&self, head: Head<'_>) -> Recalled {
        let value = self.cookie_name.and_then(|name| cookie::read(name, head.headers));
        let Some(value) = value else { return Recalled::Done(Ok(None)) };
        if !origin::passes(head.method, head.headers, self.settings()) {
            return Recalled::Done(Err(Refusal::CrossSite));
        }
        let (name, clock) = (Cookies::name(value), self.provider.clock());
        let (now, steady) = (clock.wall(), clock.steady());
        if let Some(identity) = self.cookies.recall(&name, &self.beliefs, now, steady) {
            return Recalled::Done(Ok(Some(identity)));
        }
        match self.cookies.recall_refusal(&name, steady) {
            Some(refusal) => Recalled::Done(Err(refusal)),
            None => Recalled::Ask(Question::Cookie),
        }
    }

    async fn ask(self: &Arc<Self>, head: Head<'_>, question: Question) -> Outcome {
        match question {
            Question::Cookie => self.ask_about_cookie(head).await,
            Question::Token(token) => self.ask_about_token(head, token).await,
            Question::Keys => {
                if !self.provider.keys_are_there().await {
                    return Err(Refusal::Unavailable);
                }
                if let Recalled::Done(outcome) = self.recall(head) {
                    return outcome;
                }
                self.provider.look_for_keys().await;
                match self.recall(head) {
                    Recalled::Done(outcome) => outcome,
                    Recalled::Ask(Question::Token(token)) => {
                        self.ask_about_token(head, token).await
                    }
                    Recalled::Ask(_) => Err(Refusal::InvalidToken(TokenFault::UnknownKey)),
                }
            }
        }
    }

    async fn ask_about_cookie(self: &Arc<Self>, head: Head<'_>) -> Outcome {
        let value = self.cookie_name.and_then(|name| cookie::read(name, head.headers));
        let Some((name, value)) = self.cookie_name.zip(value) else { return Ok(None) };
        self.may_ask()?;
        crate::ask::about_cookie(self, name, value).await.map(Some)
    }

    async fn ask_about_token(self: &Arc<Self>, head: Head<'_>, token: Token) -> Outcome {
        self.may_ask()?;
        let Some(presented) = presented(head)? else { return Ok(None) };
        let identity = crate::ask::about_token(self, presented.token, &token).await?;
        let (now, steady) = (self.provider.clock().wall(), self.provider.clock().steady());
        if let Some(proved) = self.proved(head, &presented, &token, now)? {
            self.spent.spend(&proved, now, steady)?;
        }
        Ok(Some(identity))
    }

    /// Whether the server is asked about a request while the feed is not heard.
    fn may_ask(&self) -> Result<(), Refusal> {
        let unheard = self.settings().follows() && !self.believes(self.provider.clock().steady());
        match self.settings().when_unheard {
            WhenUnheard::Refuse if unheard => Err(Refusal::Unavailable),
            WhenUnheard::Refuse | WhenUnheard::Ask => Ok(()),
        }
    }

    /// Whether the token is presented as it is bound: what was proved for it, where that is a key.
    fn proved(
        &self,
        head: Head<'_>,
        presented: &Presented<'_>,
        token: &Token,
        now: u64,
    ) -> Result<Option<Proved>, Refusal> {
        match (token.claims().confirmation(), presented.proof) {
            (None, None) => Ok(None),
            (Some(Confirmation::Key(jkt)), Some(proof)) => {
                let url = self.url(head);
                let method = head.method.as_str();
                let request = dpop::Request { method, url: &url, token: presented.token };
                let proved = dpop::verify(proof, &request, self.settings().algorithms, now)?;
                if !proved.holds(jkt) {
                    return Err(Refusal::InvalidToken(TokenFault::Binding));
                }
                Ok(Some(proved))
            }
            // RFC 9449 §7.1: bound and not proved, or proved and not bound, as somebody made its holder believe; or bound to a
            // certificate, which is not seen here.
            (Some(Confirmation::Key(_)), None)
            | (Some(Confirmation::Certificate(_)), _)
            | (None, Some(_)) => Err(Refusal::InvalidToken(TokenFault::Binding)),
        }
    }

    /// Where a request went, as its sender sees it.
    fn url(&self, head: Head<'_>) -> String {
        let path = head.uri.path();
        if let Some(origin) = &self.settings().origin {
            return format!("{origin}{path}");
        }
        let scheme = if self.settings().is_https() { "https" } else { "http" };
        let host = head.headers.get(HOST).and_then(|host| host.to_str().ok());
        let authority = head.uri.authority().map(http::uri::Authority::as_str);
        format!("{scheme}://{}{path}", authority.or(host).unwrap_or_default())
    }
}

/// A token as it was presented, with the proof of its key.
struct Presented<'a> {
    token: &'a str,
    proof: Option<&'a str>,
}

/// Whether a request is judged by its token alone, be it a good one or not.
pub(crate) fn brings_token(head: Head<'_>) -> bool {
    !matches!(presented(head), Ok(None))
}

/// The token of a request, and its proof. A header that is there decides: no cookie is looked at beside it.
fn presented(head: Head<'_>) -> Result<Option<Presented<'_>>, Refusal> {
    let header = only(head.headers, &AUTHORIZATION).map_err(|_| Refusal::InvalidRequest)?;
    let Some(header) = header else { return Ok(None) };
    let (scheme, token) = match header.as_bytes().iter().position(|&byte| byte == b' ') {
        Some(at) => header.as_bytes().split_at(at),
        None => (header.as_bytes(), &b""[..]),
    };
    let dpop = scheme.eq_ignore_ascii_case(b"dpop");
    if !dpop && !scheme.eq_ignore_ascii_case(b"bearer") {
        // Somebody else's scheme, such as Basic, says nothing about who is there for us.
        return Ok(None);
    }
    let token = std::str::from_utf8(token).map_err(|_| Refusal::InvalidRequest)?.trim_matches(' ');
    if token.is_empty() {
        return Err(Refusal::InvalidRequest);
    }
    let proof = if dpop {
        let proof = only(head.headers, &PROOF).map_err(|_| Refusal::InvalidRequest)?;
        let proof = proof.map(HeaderValue::to_str).transpose();
        let proof = proof.map_err(|_| Refusal::InvalidRequest)?;
        Some(proof.ok_or(Refusal::InvalidProof("The DPoP header is missing."))?)
    } else {
        None
    };
    Ok(Some(Presented { token, proof }))
}

/// Fetches keys at the start, and again before anybody has to wait for them.
async fn keep_keys(shared: Arc<Shared>) {
    /// Until keys are there, they are asked for again soon.
    const SOON: Duration = Duration::from_secs(5);

    loop {
        shared.provider.renew_keys().await;
        let there = !shared.provider.keys.ring().keys().is_empty();
        tokio::time::sleep(if there { provider::KEYS_LIFE } else { SOON }).await;
    }
}

/// How it fares.
impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Guard").field(&self.health()).finish()
    }
}
