//! How a guard is set up: who is believed, whom this service is, and what happens when nothing is heard.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cloakroom_jose::Algorithms;
use url::{Host, Url};
use zeroize::Zeroizing;

use crate::clock::{Clock, SystemClock};
use crate::cookie::CookieName;

/// The longest leeway, in seconds. What ended is remembered for two minutes longer than a token lives, for clocks that lie apart and
/// for what is on the way.
const LONGEST_LEEWAY: u32 = 60;

/// How a guard is set up. Made by [`Settings::new`]; each method changes one thing.
#[derive(Clone)]
pub struct Settings {
    pub(crate) issuer: String,
    pub(crate) audiences: Vec<String>,
    pub(crate) service: Option<Service>,
    pub(crate) cookie: Option<CookieName>,
    pub(crate) origin: Option<String>,
    pub(crate) trusted_origins: Vec<String>,
    pub(crate) resource_metadata: Option<String>,
    pub(crate) feed: bool,
    pub(crate) max_staleness: Duration,
    pub(crate) when_unheard: WhenUnheard,
    pub(crate) leeway_seconds: u32,
    pub(crate) algorithms: Algorithms,
    pub(crate) plain_jwt: bool,
    pub(crate) remembered_token_bytes: u64,
    pub(crate) remembered_cookies: usize,
    pub(crate) ask_timeout: Duration,
    pub(crate) authorities: Vec<Vec<u8>>,
    pub(crate) danger_plain_http: bool,
    pub(crate) clock: Arc<dyn Clock>,
}

/// The client that this service is to the identity server.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) client_id: String,
    pub(crate) secret: Zeroizing<String>,
}

/// What happens to a request while the feed has not been heard for longer than
/// [`max_staleness`](Settings::max_staleness), so that nothing that is remembered may be believed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum WhenUnheard {
    /// The server is asked about each: slower, and right. Where it does not answer either, 503.
    #[default]
    Ask,
    /// 503, with `Retry-After`.
    Refuse,
}

/// Why a guard cannot be set up like this. Whoever wrote the settings must change them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The issuer is no URL, has a query or a fragment, or ends with a slash that its tokens would have to have.
    #[error("the issuer must be a URL without query and fragment, as it stands in tokens")]
    Issuer,
    /// Plain http leads to another machine.
    #[error("the issuer is reached by plain http and is not this machine")]
    PlainHttp,
    /// The name of this service as an audience is empty.
    #[error("the audience is what tokens for this service name; it cannot be empty")]
    Audience,
    /// An origin is none, as browsers write it.
    #[error("{0:?} is no origin, like https://shop.example.com")]
    Origin(String),
    /// No signature with a public key is accepted.
    #[error("no algorithm with a public key is left")]
    Algorithms,
    /// The leeway is so long that a token would outlive what is remembered of its end.
    #[error("the clocks of issuer and service may lie 60 s apart at most")]
    Leeway,
    /// A certificate cannot be read.
    #[error("an authority's certificate is not PEM")]
    Authority,
}

impl Settings {
    /// For a service that believes `issuer`, and that tokens name `audience`.
    ///
    /// `issuer` is the URL as it stands in tokens, such as `https://id.example.com`; `audience` is any text that the issuer
    /// knows the service by, usually its URL.
    #[must_use]
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audiences: vec![audience.into()],
            service: None,
            cookie: None,
            origin: None,
            trusted_origins: Vec::new(),
            resource_metadata: None,
            feed: true,
            max_staleness: Duration::from_secs(5),
            when_unheard: WhenUnheard::default(),
            leeway_seconds: 5,
            algorithms: Algorithms::ASYMMETRIC,
            plain_jwt: false,
            remembered_token_bytes: 64 * 1024 * 1024,
            remembered_cookies: 100_000,
            ask_timeout: Duration::from_secs(3),
            authorities: Vec::new(),
            danger_plain_http: false,
            clock: Arc::new(SystemClock),
        }
    }

    /// Accepts tokens for this audience as well.
    #[must_use]
    pub fn or_audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// The client that this service is: by it the feed is followed (scope `revocations`) and tokens are asked about.
    /// Without it tokens are believed until they expire, and nothing is heard of their ends.
    #[must_use]
    pub fn service(mut self, client_id: impl Into<String>, secret: impl Into<String>) -> Self {
        let secret = Zeroizing::new(secret.into());
        self.service = Some(Service { client_id: client_id.into(), secret });
        self
    }

    /// Accepts session cookies of this name. Without it cookies are not looked at.
    #[must_use]
    pub fn cookie(self, cookie: CookieName) -> Self {
        Self { cookie: Some(cookie), ..self }
    }

    /// The origin under which browsers and clients reach this service, such as `https://shop.example.com`. Proofs of keys are
    /// held against it, forms must come from it, and the identity server knows this app's client by it. Without it the
    /// `Host` of each request is taken, with https.
    #[must_use]
    pub fn origin(self, origin: impl Into<String>) -> Self {
        Self { origin: Some(origin.into()), ..self }
    }

    /// Lets pages of this origin send changes with the cookie of their user.
    #[must_use]
    pub fn trust_origin(mut self, origin: impl Into<String>) -> Self {
        self.trusted_origins.push(origin.into());
        self
    }

    /// Where this service describes itself (RFC 9728), named in every challenge.
    #[must_use]
    pub fn resource_metadata(self, url: impl Into<String>) -> Self {
        Self { resource_metadata: Some(url.into()), ..self }
    }

    /// Follows no feed, for an issuer that has none: tokens are believed until they expire, cookies are asked about with
    /// every request.
    #[must_use]
    pub fn without_feed(self) -> Self {
        Self { feed: false, ..self }
    }

    /// The oldest that anything remembered is believed: what was taken back longer ago is refused whatever the network does.
    /// Default 5 s.
    #[must_use]
    pub fn max_staleness(self, max_staleness: Duration) -> Self {
        Self { max_staleness, ..self }
    }

    /// What happens while the feed is not heard. Default: the server is asked.
    #[must_use]
    pub fn when_unheard(self, when_unheard: WhenUnheard) -> Self {
        Self { when_unheard, ..self }
    }

    /// How far the clocks of issuer and service may lie apart. Default 5 s, at most 60 s.
    #[must_use]
    pub fn leeway_seconds(self, leeway_seconds: u32) -> Self {
        Self { leeway_seconds, ..self }
    }

    /// Accepts only signatures of these algorithms. Default: all with a public key. Those with a shared secret never count.
    #[must_use]
    pub fn algorithms(self, algorithms: Algorithms) -> Self {
        Self { algorithms: algorithms.and(Algorithms::ASYMMETRIC), ..self }
    }

    /// Accepts tokens of the type `JWT`, or of none, beside `at+jwt`: for providers that do not follow RFC 9068. Their ID
    /// tokens are then told from access tokens by the audience alone.
    #[must_use]
    pub fn or_plain_jwt(self) -> Self {
        Self { plain_jwt: true, ..self }
    }

    /// How many bytes of verified tokens are remembered, about. Default 64 MiB.
    #[must_use]
    pub fn remembered_token_bytes(self, remembered_token_bytes: u64) -> Self {
        Self { remembered_token_bytes, ..self }
    }

    /// How many cookies are remembered. Default 100,000.
    #[must_use]
    pub fn remembered_cookies(self, remembered_cookies: usize) -> Self {
        Self { remembered_cookies, ..self }
    }

    /// How long the server may take for an answer that a request waits for. Default 3 s.
    #[must_use]
    pub fn ask_timeout(self, ask_timeout: Duration) -> Self {
        Self { ask_timeout, ..self }
    }

    /// Believes certificates by this authority too, in PEM, beside those of the operating system.
    #[must_use]
    pub fn authority(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.authorities.push(pem.into());
        self
    }

    /// Reaches the issuer by plain http on another machine: whoever stands between can sign anybody in. This machine's own
    /// addresses need no such word.
    #[must_use]
    pub fn danger_plain_http(self) -> Self {
        Self { danger_plain_http: true, ..self }
    }

    /// Goes by another clock.
    #[must_use]
    pub fn clock(self, clock: impl Clock) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Whether a guard can be set up like this.
    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        let issuer = Url::parse(&self.issuer).map_err(|_| SettingsError::Issuer)?;
        if issuer.query().is_some() || issuer.fragment().is_some() || !issuer.has_host() {
            return Err(SettingsError::Issuer);
        }
        if !self.may_reach(&issuer) {
            return Err(SettingsError::PlainHttp);
        }
        if self.audiences.iter().any(String::is_empty) {
            return Err(SettingsError::Audience);
        }
        if self.algorithms.is_empty() {
            return Err(SettingsError::Algorithms);
        }
        if self.leeway_seconds > LONGEST_LEEWAY {
            return Err(SettingsError::Leeway);
        }
        let origins = self.trusted_origins.iter().chain(&self.origin);
        let wrong = origins.into_iter().find(|origin| !is_origin(origin));
        wrong.map_or(Ok(()), |origin| Err(SettingsError::Origin(origin.clone())))
    }

    /// Whether anything may be sent there: by https, or without leaving this machine.
    pub(crate) fn may_reach(&self, url: &Url) -> bool {
        match url.scheme() {
            "https" => true,
            "http" => self.danger_plain_http || is_this_machine(url),
            _ => false,
        }
    }

    /// Whether the issuer speaks TLS; if not, all of this is on one machine, for development.
    pub(crate) fn is_https(&self) -> bool {
        self.issuer.starts_with("https:")
    }

    /// Whether the feed is to be followed.
    pub(crate) fn follows(&self) -> bool {
        self.feed && self.service.is_some()
    }
}

/// As browsers write it: scheme, host, and the port where it is not the scheme's own.
pub(crate) fn is_origin(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.has_host() && url.origin().ascii_serialization() == text)
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Everything but the secret.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("issuer", &self.issuer)
            .field("audiences", &self.audiences)
            .field("client_id", &self.service.as_ref().map(|service| &service.client_id))
            .field("cookie", &self.cookie)
            .field("max_staleness", &self.max_staleness)
            .field("when_unheard", &self.when_unheard)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(issuer: &str) -> Settings {
        Settings::new(issuer, "https://api.example.com")
    }

    #[test]
    fn nothing_is_sent_to_another_machine_by_plain_http() {
        for good in [
            "https://id.example.com",
            "http://localhost:7117",
            "http://127.0.0.1:1",
            "http://[::1]:1",
        ] {
            assert!(of(good).check().is_ok(), "{good}");
        }
        let bare = of("http://id.example.com");
        assert!(matches!(bare.check(), Err(SettingsError::PlainHttp)));
        assert!(bare.danger_plain_http().check().is_ok());
        assert!(matches!(of("ftp://localhost").check(), Err(SettingsError::PlainHttp)));
    }

    #[test]
    fn an_issuer_is_a_url_without_query_and_fragment() {
        for bad in ["", "id.example.com", "https://id.example.com?a", "https://id.example.com#a"] {
            assert!(matches!(of(bad).check(), Err(SettingsError::Issuer)), "{bad}");
        }
    }

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        let trusting = |origin: &str| of("https://id.example.com").trust_origin(origin).check();
        assert!(trusting("https://shop.example.com").is_ok());
        assert!(trusting("http://localhost:8080").is_ok());
        for bad in [
            "https://shop.example.com/",
            "https://shop.example.com:443",
            "shop.example.com",
            "null",
            "https://Shop.example.com",
        ] {
            assert!(matches!(trusting(bad), Err(SettingsError::Origin(_))), "{bad}");
        }
    }

    #[test]
    fn shared_secrets_are_no_algorithms_here() {
        let settings = of("https://id.example.com").algorithms(Algorithms::ALL);
        assert_eq!(settings.algorithms, Algorithms::ASYMMETRIC);
        let none = settings.algorithms(cloakroom_jose::Algorithm::Hs256.into());
        assert!(matches!(none.check(), Err(SettingsError::Algorithms)));
    }

    #[test]
    fn no_token_is_good_for_longer_than_its_end_is_remembered() {
        let settings = of("https://id.example.com").leeway_seconds(60);
        assert!(settings.check().is_ok());
        assert!(matches!(settings.leeway_seconds(61).check(), Err(SettingsError::Leeway)));
    }

    #[test]
    fn what_is_printed_holds_no_secret() {
        let printed = format!("{:?}", of("https://id.example.com").service("api", "hush-hush"));
        assert!(printed.contains("api") && !printed.contains("hush"), "{printed}");
    }
}
