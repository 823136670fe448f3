//! What no form can say beside its fields: it travels as an extension of an empty answer, and the router's frame
//! makes a page of it, so that handlers need not carry one.

use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use cloakroom_engine::StoreError;
use cloakroom_engine::throttle::Limited;

use super::view::error::Kind;
use crate::problem::{self, Problem};

/// How long to wait for storage that is busy, and for storage that does not answer.
const BUSY: Duration = Duration::from_secs(1);
const AWAY: Duration = Duration::from_secs(5);

/// Why there is no page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Failure {
    BadRequest,
    TooLarge,
    TooMany(Duration),
    Internal,
    Unavailable(Duration),
}

impl Failure {
    /// A failure that the operator has to see to.
    pub(super) fn ours(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error, "a page could not be shown");
        Self::Internal
    }

    /// The page that says so.
    pub(super) const fn kind(self) -> Kind<'static> {
        match self {
            Self::BadRequest => Kind::BadRequest,
            Self::TooLarge => Kind::TooLarge,
            Self::TooMany(wait) => Kind::TooMany(wait),
            Self::Internal => Kind::Internal,
            Self::Unavailable(wait) => Kind::Unavailable(wait),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.kind().status();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::Unavailable(BUSY),
            StoreError::Unavailable(_) => {
                tracing::error!(error = &error as &dyn std::error::Error, "storage is away");
                Self::Unavailable(AWAY)
            }
            StoreError::OutOfReach(_) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "a guest waits");
                Self::Unavailable(AWAY)
            }
            other => Self::ours(&other),
        }
    }
}

impl From<Limited> for Failure {
    fn from(limited: Limited) -> Self {
        Self::TooMany(limited.retry_after)
    }
}

/// A form that could not be read.
impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        match problem.kind() {
            problem::Kind::TooLarge => Self::TooLarge,
            problem::Kind::Internal => Self::Internal,
            problem::Kind::Unavailable => Self::Unavailable(BUSY),
            _ => Self::BadRequest,
        }
    }
}
