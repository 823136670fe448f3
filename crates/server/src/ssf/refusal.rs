//! How a request of a receiver is refused: with the status of SSF 1.0 §8.1, and with an error in the form of RFC 6749 §5.2.

use axum::response::{IntoResponse, Response};
use cloakroom_engine::identity::NotSignedIn;
use cloakroom_engine::possession::Unproved;
use cloakroom_engine::service::NoService;
use cloakroom_engine::streams::StreamError;
use cloakroom_oauth::bearer::Needs;
use cloakroom_oauth::error::{Code, Error};
use cloakroom_oauth::scope::Scope;
use cloakroom_oauth::ssf::Invalid;
use http::header::RETRY_AFTER;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::json;

use super::unkept;
use crate::answer;
use crate::app::App;
use crate::presented::{challenges, is_about_proof};
use crate::problem::{Kind, Problem};

/// A refusal.
pub(super) struct Refused {
    status: StatusCode,
    error: &'static str,
    description: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Refused {
    fn new(status: StatusCode, error: &'static str, description: impl Into<String>) -> Self {
        Self { status, error, description: description.into(), headers: Vec::new() }
    }

    /// The request cannot be read.
    pub(super) fn invalid(why: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", why)
    }

    /// The token is not good (RFC 6750 §3).
    pub(super) fn token(app: &App, error: Option<&Error>) -> Self {
        // At a token endpoint a bad proof is a bad request; here it stands for whoever sends it.
        let told = error.filter(|error| !is_about_proof(error));
        let status = told.map_or(401, |error| error.code.status());
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::UNAUTHORIZED);
        let (code, description) = match error {
            Some(error) => (error.code.as_str(), error.description.to_string()),
            None => ("invalid_request", "the request has no access token".to_owned()),
        };
        let headers = challenges(app, error, Needs::Nothing);
        Self { headers, ..Self::new(status, code, description) }
    }

    /// The token does not allow this (RFC 6750 §3.1).
    pub(super) fn scope(app: &App, scope: &str) -> Self {
        let error = Error::from(Code::InsufficientScope);
        let scope = Scope::of(vec![scope.to_owned()]);
        let headers = challenges(app, Some(&error), Needs::Scope(&scope));
        let why = error.description.to_string();
        Self { headers, ..Self::new(StatusCode::FORBIDDEN, error.code.as_str(), why) }
    }

    pub(super) fn service(app: &App, why: NoService) -> Self {
        match why {
            NoService::Token(NotSignedIn::Store(error)) => Problem::from(error).into(),
            why @ (NoService::Somebody | NoService::Stranger) => {
                Self::new(StatusCode::FORBIDDEN, "access_denied", why.to_string())
            }
            _ => Self::token(app, Some(&Code::InvalidToken.into())),
        }
    }

    pub(super) fn proof(app: &App, why: Unproved) -> Self {
        match why {
            Unproved::Refused(error) => Self::token(app, Some(&error)),
            Unproved::Store(error) => Problem::from(error).into(),
            other => crate::refusals::internal(&other).into(),
        }
    }
}

impl From<Invalid> for Refused {
    fn from(invalid: Invalid) -> Self {
        Self::invalid(invalid.to_string())
    }
}

impl From<StreamError> for Refused {
    fn from(error: StreamError) -> Self {
        let why = error.to_string();
        match error {
            StreamError::Invalid(invalid) => invalid.into(),
            StreamError::NoStream => Self::new(StatusCode::NOT_FOUND, "not_found", why),
            StreamError::Taken => Self::new(StatusCode::CONFLICT, "conflict", why),
            StreamError::NoClient => Self::new(StatusCode::FORBIDDEN, "access_denied", why),
            StreamError::Full(_) => Self::new(StatusCode::TOO_MANY_REQUESTS, "slow_down", why),
            StreamError::Conflict => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", why)
            }
            StreamError::Mint(error) => Problem::from(error).into(),
            StreamError::Store(error) => Problem::from(error).into(),
            error => crate::refusals::internal(&error).into(),
        }
    }
}

/// What is refused everywhere in the same way (a body that is too large, a busy storage).
impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        let retry_after = problem.headers().get(RETRY_AFTER).cloned();
        let row = problem.kind().row();
        let status = StatusCode::from_u16(row.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let error = match problem.kind() {
            Kind::Unavailable => "temporarily_unavailable",
            Kind::Internal => "server_error",
            _ => "invalid_request",
        };
        let headers = retry_after.map(|value| (RETRY_AFTER, value)).into_iter().collect();
        Self { headers, ..Self::new(status, error, problem.detail()) }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self { status, error, description, headers } = self;
        let body = json!({ "error": error, "error_description": description });
        let mut response = answer::json(status, &body);
        for (name, value) in headers {
            response.headers_mut().append(name, value);
        }
        unkept(response)
    }
}
