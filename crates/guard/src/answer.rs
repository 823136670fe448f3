//! What a refused request is told: problem details (RFC 9457), and challenges (RFC 6750 §3, RFC 9449 §7.1, RFC 9470 §3,
//! RFC 9728 §5.1).

use std::fmt::Write as _;

use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::again;
use crate::guard::Guard;
use crate::refusal::{Refusal, Row};
use crate::settings::Settings;

/// A refusal on its way to who sent the request.
#[derive(Debug)]
pub struct Refused {
    refusal: Refusal,
    guard: Option<Guard>,
}

impl Refused {
    pub(crate) fn new(refusal: Refusal, guard: &Guard) -> Self {
        Self { refusal, guard: Some(guard.clone()) }
    }

    /// Nobody stands before the service.
    pub(crate) fn unguarded() -> Self {
        tracing::error!(
            "an identity is asked for where no GuardLayer is: add it around the routes"
        );
        Self { refusal: Refusal::Unguarded, guard: None }
    }

    /// Why.
    #[must_use]
    pub fn refusal(&self) -> &Refusal {
        &self.refusal
    }
}

/// A problem as it is written.
#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self { refusal, guard } = self;
        let https = guard.as_ref().is_none_or(|guard| guard.settings().is_https());
        if let Refusal::SessionReplaced { again: Some(place) } = &refusal
            && let Ok(place) = HeaderValue::from_str(place)
        {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::SEE_OTHER;
            let headers = response.headers_mut();
            headers.insert(LOCATION, place);
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            again::remember(headers, https);
            return response;
        }
        let Row { status, code, title, detail } = refusal.row();
        let problem = Problem { r#type: "about:blank", title, status, detail, code };
        // Texts and a number always become JSON.
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if refusal == Refusal::Unavailable {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        for challenge in guard.iter().flat_map(|guard| challenges(&refusal, guard.settings())) {
            // What is put into a challenge is printable ASCII.
            if let Ok(value) = HeaderValue::try_from(challenge) {
                headers.append(WWW_AUTHENTICATE, value);
            }
        }
        // Whoever stands further out may have a better answer, such as the way to the sign-in.
        response.extensions_mut().insert(refusal);
        response
    }
}

/// A challenge for each scheme in which a token may come.
fn challenges(refusal: &Refusal, settings: &Settings) -> Vec<String> {
    let about_proof = matches!(refusal, Refusal::InvalidProof(_));
    let error = match refusal {
        Refusal::InvalidRequest => Some("invalid_request"),
        Refusal::InvalidToken(_) | Refusal::TokenRevoked => Some("invalid_token"),
        Refusal::InvalidProof(_) => Some("invalid_dpop_proof"),
        Refusal::InsufficientScope(_) => Some("insufficient_scope"),
        Refusal::Reauthenticate { .. } => Some("insufficient_user_authentication"),
        // RFC 6750 §3.1: no code where no token was presented.
        _ if refusal.status() == 401 => None,
        _ => return Vec::new(),
    };
    let mut parameters = Vec::new();
    if let Some(error) = error {
        parameters.push(("error", error.to_owned()));
        parameters.push(("error_description", refusal.row().detail.to_owned()));
    }
    match refusal {
        Refusal::InsufficientScope(scope) => parameters.push(("scope", scope.to_string())),
        Refusal::Reauthenticate { max_age, acr_values } => {
            parameters.extend(acr_values.iter().map(|acr| ("acr_values", acr.to_string())));
            parameters.extend(max_age.iter().map(|age| ("max_age", age.as_secs().to_string())));
        }
        _ => {}
    }
    let metadata = settings.resource_metadata.iter();
    parameters.extend(metadata.map(|url| ("resource_metadata", url.clone())));
    let bearer = if about_proof { Vec::new() } else { parameters.clone() };
    let names: Vec<&str> =
        settings.algorithms.iter().map(cloakroom_jose::Algorithm::name).collect();
    parameters.push(("algs", names.join(" ")));
    vec![challenge("Bearer", &bearer), challenge("DPoP", &parameters)]
}

fn challenge(scheme: &str, parameters: &[(&str, String)]) -> String {
    let mut text = scheme.to_owned();
    for (number, (name, value)) in parameters.iter().enumerate() {
        // What may not stand between quotes (RFC 6750 §3) is left out.
        let fits = |c: &char| matches!(c, ' '..='!' | '#'..='[' | ']'..='~');
        let value: String = value.chars().filter(fits).collect();
        let comma = if number == 0 { "" } else { "," };
        // Writing onto a text does not fail.
        let _ = write!(text, "{comma} {name}=\"{value}\"");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn said(refusal: &Refusal) -> Vec<String> {
        let settings = Settings::new("https://id.example", "a")
            .algorithms(cloakroom_jose::Algorithm::Ed25519.into());
        challenges(refusal, &settings)
    }

    #[test]
    fn who_brought_no_token_is_told_no_code() {
        for refusal in [Refusal::NotSignedIn, Refusal::SessionUnknown] {
            assert_eq!(said(&refusal), ["Bearer", "DPoP algs=\"Ed25519\""]);
        }
        assert_eq!(said(&Refusal::CrossSite), Vec::<String>::new());
    }

    #[test]
    fn who_must_prove_again_is_told_how() {
        let refusal = Refusal::Reauthenticate {
            max_age: Some(Duration::from_mins(5)),
            acr_values: Some("aal2 aal3".into()),
        };
        let bearer = &said(&refusal)[0];
        assert!(
            bearer.starts_with("Bearer error=\"insufficient_user_authentication\""),
            "{bearer}"
        );
        assert!(bearer.ends_with("acr_values=\"aal2 aal3\", max_age=\"300\""), "{bearer}");
    }

    #[test]
    fn what_is_wrong_with_a_proof_is_told_in_its_own_scheme() {
        let [bearer, dpop] = said(&Refusal::InvalidProof("It is old.")).try_into().unwrap();
        assert_eq!(bearer, "Bearer");
        assert_eq!(
            dpop,
            "DPoP error=\"invalid_dpop_proof\", error_description=\"It is old.\", algs=\"Ed25519\""
        );
    }

    #[test]
    fn nothing_breaks_out_of_its_quotes() {
        assert_eq!(
            challenge("Bearer", &[("scope", "a\"\r\n\\b".to_owned())]),
            "Bearer scope=\"ab\""
        );
    }
}
