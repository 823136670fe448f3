//! What the engine refuses, in the words of the pages: beside a field, above the form, or instead of it.

use std::time::Duration;

use axum::response::Response;
use cloakroom_engine::password::Unavailable;
use cloakroom_engine::profile::ProfileError;
use cloakroom_engine::reauthenticate::{ProofError, ReauthenticateError};
use cloakroom_engine::sign_in::SignInError;
use http::StatusCode;

use super::failure::Failure;
use super::reply;
use super::view::form::Trouble;

/// Why a password was not found right.
pub(super) enum Unproven {
    /// It is another.
    Mismatch,
    /// Something that is said above the form.
    Trouble(Trouble),
    /// Something that no form can say.
    Failure(Failure),
}

impl From<SignInError> for Unproven {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Mismatch => Self::Mismatch,
            SignInError::Wait(wait) => Self::Trouble(Trouble::TooMany(wait)),
            SignInError::Limited(limited) => Self::Trouble(Trouble::TooMany(limited.retry_after)),
            SignInError::Refused => Self::Trouble(Trouble::Closed),
            SignInError::Full => Self::Trouble(Trouble::Full),
            SignInError::Passwords(pool) => {
                of_pool(&pool).map_or_else(Self::Failure, Self::Trouble)
            }
            SignInError::Store(error) => Self::Failure(error.into()),
            other => Self::Failure(Failure::ours(&other)),
        }
    }
}

impl From<ProofError> for Unproven {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Password(error) => error.into(),
            ProofError::Stale => Self::Trouble(Trouble::Stale),
            other => Self::Failure(Failure::ours(&other)),
        }
    }
}

impl From<ReauthenticateError> for Unproven {
    fn from(error: ReauthenticateError) -> Self {
        match error {
            ReauthenticateError::Proof(error) => error.into(),
            ReauthenticateError::Ended => Self::Trouble(Trouble::Stale),
            ReauthenticateError::Store(error) => Self::Failure(error.into()),
            other => Self::Failure(Failure::ours(&other)),
        }
    }
}

impl From<ProfileError> for Unproven {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::Proof(error) => error.into(),
            ProfileError::Stale => Self::Trouble(Trouble::Stale),
            ProfileError::LastAdministrator => Self::Trouble(Trouble::LastAdministrator),
            ProfileError::Passwords(pool) => {
                of_pool(&pool).map_or_else(Self::Failure, Self::Trouble)
            }
            ProfileError::Store(error) => Self::Failure(error.into()),
            other => Self::Failure(Failure::ours(&other)),
        }
    }
}

/// What the pool's refusal means for whoever waits.
pub(super) fn of_pool(pool: &Unavailable) -> Result<Trouble, Failure> {
    match pool {
        Unavailable::Busy { retry_after } => Ok(Trouble::Busy(*retry_after)),
        Unavailable::Stopped => Ok(Trouble::Busy(Duration::from_secs(5))),
        Unavailable::Failed => Err(Failure::ours(pool)),
    }
}

/// The status of a form that is shown again because of `trouble`.
pub(super) const fn status(trouble: Trouble) -> StatusCode {
    match trouble {
        Trouble::Expired => StatusCode::FORBIDDEN,
        Trouble::TooMany(_) | Trouble::Closed => StatusCode::TOO_MANY_REQUESTS,
        Trouble::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
        Trouble::Full | Trouble::Stale | Trouble::LastAdministrator => StatusCode::CONFLICT,
    }
}

/// Says how long to wait, where that is known.
pub(super) fn with_wait(mut response: Response, trouble: Trouble) -> Response {
    if let Trouble::TooMany(wait) | Trouble::Busy(wait) = trouble {
        reply::retry_after(&mut response, wait);
    }
    response
}
