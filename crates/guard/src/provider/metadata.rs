//! RFC 8414 and OpenID Connect Discovery 1.0: what a provider says of itself.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use super::{ProviderError, request};
use crate::http::Http;
use crate::settings::Settings;

/// How long what it said is taken for granted. Addresses change with the installation.
const LIFE: Duration = Duration::from_hours(1);

/// How long a provider that does not answer is left alone, where something older is known.
const PAUSE: Duration = Duration::from_secs(10);

/// How long it is left alone where nothing is known: whoever waited for the question leaves with its answer.
const MOMENT: Duration = Duration::from_secs(1);

/// The members that are used here.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) issuer: String,
    pub(crate) jwks_uri: String,
    #[serde(default)]
    pub(crate) token_endpoint: Option<String>,
    #[serde(default)]
    pub(crate) introspection_endpoint: Option<String>,
    #[serde(default)]
    pub(crate) revocation_endpoint: Option<String>,
    #[serde(default)]
    pub(crate) authorization_endpoint: Option<String>,
    #[serde(default)]
    pub(crate) userinfo_endpoint: Option<String>,
    #[serde(default)]
    pub(crate) end_session_endpoint: Option<String>,
    /// RFC 9207 §3.
    #[serde(default)]
    pub(crate) authorization_response_iss_parameter_supported: bool,
}

/// What was said last, and when it is worth asking again.
#[derive(Default)]
pub(crate) struct Cached(Mutex<Option<Last>>);

struct Last {
    said: Result<Arc<Metadata>, ProviderError>,
    ask_again_at: Duration,
}

impl Cached {
    /// What is known, or else asked. Whoever comes meanwhile waits for the one question.
    pub(super) async fn current(
        &self,
        http: &Http,
        settings: &Settings,
    ) -> Result<Arc<Metadata>, ProviderError> {
        let mut last = self.0.lock().await;
        let clock = &settings.clock;
        if let Some(Last { said, ask_again_at }) = &*last
            && clock.steady() < *ask_again_at
        {
            return said.clone();
        }
        let found = discover(http, settings).await.map(Arc::new);
        let (said, pause) = match (found, last.take()) {
            (Ok(metadata), _) => (Ok(metadata), LIFE),
            (Err(why), Some(Last { said: Ok(metadata), .. })) => {
                tracing::warn!(
                    error = &why as &dyn std::error::Error,
                    "the provider's metadata could not be renewed"
                );
                (Ok(metadata), PAUSE)
            }
            (Err(why), _) => (Err(why), MOMENT),
        };
        // Counted from the answer, which may have taken longer than the pause.
        *last = Some(Last { said: said.clone(), ask_again_at: clock.steady() + pause });
        said
    }
}

async fn discover(http: &Http, settings: &Settings) -> Result<Metadata, ProviderError> {
    let mut last = ProviderError::Missing("metadata");
    for url in places(&settings.issuer) {
        let asked = request(Method::GET, &url).header(http::header::ACCEPT, "application/json");
        let Ok(asked) = asked.body(http_body_util::Full::default()) else {
            return Err(ProviderError::Address("issuer"));
        };
        let answer = http.send(asked).await?;
        if answer.status != StatusCode::OK {
            last = ProviderError::Status { what: "metadata", status: answer.status.as_u16() };
            continue;
        }
        let metadata: Metadata = answer.json().ok_or(ProviderError::Unreadable("metadata"))?;
        return checked(metadata, settings);
    }
    Err(last)
}

/// OpenID Connect Discovery 1.0 §4 puts its path behind the issuer's, RFC 8414 §3 between host and path.
fn places(issuer: &str) -> Vec<String> {
    let trimmed = issuer.trim_end_matches('/');
    let mut places = vec![format!("{trimmed}/.well-known/openid-configuration")];
    if let Ok(mut url) = Url::parse(trimmed) {
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("/.well-known/oauth-authorization-server{path}"));
        places.push(url.into());
    }
    places
}

fn checked(metadata: Metadata, settings: &Settings) -> Result<Metadata, ProviderError> {
    // RFC 8414 §3.3: or one provider could speak for another.
    if metadata.issuer != settings.issuer {
        return Err(ProviderError::AnotherIssuer);
    }
    let endpoints = [
        ("jwks_uri", Some(&metadata.jwks_uri)),
        ("token_endpoint", metadata.token_endpoint.as_ref()),
        ("introspection_endpoint", metadata.introspection_endpoint.as_ref()),
        ("revocation_endpoint", metadata.revocation_endpoint.as_ref()),
        ("authorization_endpoint", metadata.authorization_endpoint.as_ref()),
        ("userinfo_endpoint", metadata.userinfo_endpoint.as_ref()),
        ("end_session_endpoint", metadata.end_session_endpoint.as_ref()),
    ];
    for (name, url) in endpoints {
        let Some(url) = url else { continue };
        let reachable = Url::parse(url).is_ok_and(|url| settings.may_reach(&url));
        if !reachable {
            return Err(ProviderError::Address(name));
        }
    }
    Ok(metadata)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

    use tokio::net::TcpListener;
    use tokio::task::JoinSet;

    use super::*;
    use crate::clock::Clock;

    const ISSUER: &str = "https://id.example.com/tenant";

    #[tokio::test]
    async fn all_who_wait_for_a_provider_that_does_not_answer_leave_with_the_first() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&asked);
        tokio::spawn(async move {
            // Held, and never answered.
            let mut held = Vec::new();
            while let Ok((connection, _)) = listener.accept().await {
                held.push(connection);
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        let hands = Arc::<Hands>::default();
        let settings = Settings::new(issuer, "a")
            .ask_timeout(Duration::from_millis(50))
            .clock(Arc::clone(&hands));
        let (http, settings) = (Http::new(&settings).unwrap(), Arc::new(settings));
        let cached = Arc::<Cached>::default();
        let all_ask = async || {
            let mut waiting = JoinSet::new();
            for _ in 0..20 {
                let (http, settings) = (http.clone(), Arc::clone(&settings));
                let cached = Arc::clone(&cached);
                waiting.spawn(async move { cached.current(&http, &settings).await });
            }
            for said in waiting.join_all().await {
                let timeout = ProviderError::Unreachable(crate::http::Unreachable::Timeout);
                assert_eq!(said.unwrap_err().to_string(), timeout.to_string());
            }
        };
        for times in 1..=3 {
            all_ask().await;
            assert!(asked.load(Ordering::SeqCst) <= times, "one question at a time");
            hands.0.fetch_add(1, Ordering::SeqCst);
        }
        assert!(asked.load(Ordering::SeqCst) > 1, "it is asked again");
    }

    /// A clock whose seconds are set by hand.
    #[derive(Default)]
    struct Hands(AtomicU64);

    impl Clock for Arc<Hands> {
        fn wall(&self) -> u64 {
            self.0.load(Ordering::SeqCst)
        }

        fn steady(&self) -> Duration {
            Duration::from_secs(self.wall())
        }
    }

    #[test]
    fn both_specifications_are_asked_where_they_say() {
        assert_eq!(
            places(ISSUER),
            [
                "https://id.example.com/tenant/.well-known/openid-configuration",
                "https://id.example.com/.well-known/oauth-authorization-server/tenant",
            ]
        );
    }

    #[test]
    fn a_provider_speaks_for_itself_alone_and_by_https() {
        let settings = Settings::new(ISSUER, "a");
        let metadata = |issuer: &str, jwks_uri: &str| Metadata {
            issuer: issuer.to_owned(),
            jwks_uri: jwks_uri.to_owned(),
            token_endpoint: None,
            introspection_endpoint: None,
            revocation_endpoint: None,
            authorization_endpoint: None,
            userinfo_endpoint: None,
            end_session_endpoint: None,
            authorization_response_iss_parameter_supported: false,
        };
        let keys = "https://keys.example.com/jwks";
        assert!(checked(metadata(ISSUER, keys), &settings).is_ok());
        let another = checked(metadata("https://id.example.com", keys), &settings);
        assert!(matches!(another, Err(ProviderError::AnotherIssuer)));
        let plain = checked(metadata(ISSUER, "http://keys.example.com/jwks"), &settings);
        assert!(matches!(plain, Err(ProviderError::Address("jwks_uri"))));
    }
}
