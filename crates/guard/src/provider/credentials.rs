//! RFC 6749 §2.3.1, §4.4: what this service is to the provider, and a token of its own, kept fresh.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_jose::base64url;
use http::{HeaderValue, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::{Provider, ProviderError, form};
use crate::settings::Service;

/// What the token is asked for.
const SCOPE: &str = "revocations";

/// A token is renewed when so much of its life is over, in percent.
const WORN: u32 = 80;

/// A token of this service's own.
#[derive(Default)]
pub(crate) struct Credentials {
    held: Mutex<Option<Held>>,
}

struct Held {
    token: Arc<Zeroizing<String>>,
    renew_at: Duration,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    token_type: String,
    #[serde(default)]
    expires_in: Option<u64>,
}

impl Credentials {
    /// A token that still lives for a while.
    pub(crate) async fn token(
        &self,
        provider: &Provider,
    ) -> Result<Arc<Zeroizing<String>>, ProviderError> {
        let mut held = self.held.lock().await;
        let now = provider.clock().steady();
        if let Some(held) = &*held
            && now < held.renew_at
        {
            return Ok(Arc::clone(&held.token));
        }
        let Granted { access_token, token_type, expires_in } = ask(provider).await?;
        if !token_type.eq_ignore_ascii_case("bearer") {
            return Err(ProviderError::Unreadable("token answer"));
        }
        let life = Duration::from_secs(expires_in.unwrap_or(60));
        let token = Arc::new(Zeroizing::new(access_token));
        *held = Some(Held { token: Arc::clone(&token), renew_at: now + life * WORN / 100 });
        Ok(token)
    }
}

async fn ask(provider: &Provider) -> Result<Granted, ProviderError> {
    let service = provider.settings.service.as_ref().ok_or(ProviderError::NoCredentials)?;
    let metadata = provider.metadata().await?;
    let endpoint = metadata.token_endpoint.as_deref();
    let endpoint = endpoint.ok_or(ProviderError::Missing("token endpoint"))?;
    let fields = [
        ("grant_type", "client_credentials"),
        ("scope", SCOPE),
        ("resource", &provider.settings.issuer),
    ];
    let (head, body) = form(service, endpoint, &fields);
    let asked = head.body(body).map_err(|_| ProviderError::Address("token endpoint"))?;
    let answer = provider.http.send(asked).await?;
    if answer.status != StatusCode::OK {
        let status = answer.status.as_u16();
        return Err(ProviderError::Status { what: "credentials of this service", status });
    }
    answer.json().ok_or(ProviderError::Unreadable("token answer"))
}

/// RFC 6749 §2.3.1: both parts are form-encoded before they are joined.
pub(super) fn basic(service: &Service) -> HeaderValue {
    let part = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let joined = format!("{}:{}", part(&service.client_id), part(&service.secret));
    let joined = Zeroizing::new(joined);
    let value = Zeroizing::new(format!("Basic {}", base64(joined.as_bytes())));
    // Base64 is ASCII.
    let mut value = HeaderValue::try_from(value.as_str()).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

/// RFC 7617 §2 wants the usual alphabet with padding.
fn base64(bytes: &[u8]) -> String {
    let mut text = base64url::encode(bytes).replace('-', "+").replace('_', "/");
    text.extend(std::iter::repeat_n('=', (4 - text.len() % 4) % 4));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_secret_go_in_a_header_as_the_specification_writes_them() {
        let service = |client_id: &str, secret: &str| Service {
            client_id: client_id.to_owned(),
            secret: Zeroizing::new(secret.to_owned()),
        };
        assert_eq!(basic(&service("api", "hush")), "Basic YXBpOmh1c2g=");
        // `a%3Ab:%2B%C3%A4`
        assert_eq!(basic(&service("a:b", "+\u{e4}")), "Basic YSUzQWI6JTJCJUMzJUE0");
        assert!(basic(&service("api", "hush")).is_sensitive());
    }
}
