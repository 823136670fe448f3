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
pub(crate) struct Cached(Mutex<Option<Known>>);

struct Known {
    metadata: Arc<Metadata>,
    ask_again_at: Duration,
}

impl Cached {
    /// What is known, or else asked. Whoever comes meanwhile waits for the one question.
    pub(super) async fn current(
        &self,
        http: &Http,
        settings: &Settings,
    ) -> Result<Arc<Metadata>, ProviderError> {
        let mut known = self.0.lock().await;
        let now = settings.clock.steady();
        if let Some(known) = &*known
            && now < known.ask_again_at
        {
            return Ok(Arc::clone(&known.metadata));
        }
        match (discover(http, settings).await, &mut *known) {
            (Ok(metadata), known) => {
                let metadata = Arc::new(metadata);
                let ask_again_at = now + LIFE;
                *known = Some(Known { metadata: Arc::clone(&metadata), ask_again_at });
                Ok(metadata)
            }
            (Err(why), Some(known)) => {
                tracing::warn!(
                    error = &why as &dyn std::error::Error,
                    "the provider's metadata could not be renewed"
                );
                known.ask_again_at = now + PAUSE;
                Ok(Arc::clone(&known.metadata))
            }
            (Err(why), None) => Err(why),
        }
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
    use super::*;

    const ISSUER: &str = "https://id.example.com/tenant";

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
