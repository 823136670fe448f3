//! RFC 6749 §5.2: how an OAuth endpoint refuses.

use axum::response::{IntoResponse, Response};
use cloakroom_oauth::error::{Code, Error};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};

use crate::answer;
use crate::dpop::NONCE;
use crate::problem::{Kind, Problem};

/// A refusal with the code of the specification.
pub struct Refusal {
    error: Error,
    status: StatusCode,
    retry_after: Option<HeaderValue>,
    nonce: Option<HeaderValue>,
}

impl Refusal {
    /// With the nonce for the next proof (RFC 9449 §8).
    #[must_use]
    pub fn with_nonce(self, nonce: Option<HeaderValue>) -> Self {
        Self { nonce, ..self }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let status = error.code.status();
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        Self { error, status, retry_after: None, nonce: None }
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Error::from(code).into()
    }
}

/// What is refused everywhere in the same way (a body of another type, a busy storage), in the words of OAuth.
impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let retry_after = problem.headers().get(RETRY_AFTER).cloned();
        let refusal = Self::from(match problem.kind() {
            Kind::TooManyRequests => Error::from(Code::SlowDown),
            Kind::Unavailable => Code::TemporarilyUnavailable.into(),
            Kind::Internal => Code::ServerError.into(),
            _ => Error::new(Code::InvalidRequest, problem.detail().to_owned()),
        });
        let status = match problem.kind() {
            // To a device that asks too often it is said with 400 (RFC 8628 §3.5); this is about everybody from there.
            Kind::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            _ => refusal.status,
        };
        Self { status, retry_after, ..refusal }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self { error, status, retry_after, nonce } = self;
        let mut response = answer::json(status, &error.body());
        let headers = response.headers_mut();
        // RFC 6749 §5.2, RFC 6750 §3; every 401 must say how to do better (RFC 9110 §15.5.2).
        let challenge = match error.code {
            Code::InvalidClient => Some("Basic realm=\"oauth\""),
            Code::InvalidToken => Some("Bearer realm=\"oauth\", error=\"invalid_token\""),
            _ => None,
        };
        if let Some(challenge) = challenge {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Some(retry_after) = retry_after {
            headers.insert(RETRY_AFTER, retry_after);
        }
        if let Some(nonce) = nonce {
            headers.insert(NONCE, nonce);
        }
        response
    }
}
