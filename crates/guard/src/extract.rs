//! Who a request comes from, as an argument of an axum handler.
//!
//! `Identity` refuses a request of nobody with 401; `Option<Identity>` lets it on. Both refuse a token that is not good, a
//! cookie that another site had the browser send, and everything while nobody can be asked.

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use crate::answer::Refused;
use crate::guard::Guard;
use crate::identity::Identity;
use crate::layer::Found;
use crate::refusal::Refusal;

impl<S: Send + Sync> FromRequestParts<S> for Identity {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let Found { guard, outcome } = found(parts)?;
        let refused = |refusal| Refused::new(refusal, guard);
        outcome.clone().map_err(refused)?.ok_or_else(|| refused(Refusal::NotSignedIn))
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Identity {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Refused> {
        let Found { guard, outcome } = found(parts)?;
        match outcome {
            Err(refusal) if refusal.means_nobody() => Ok(None),
            outcome => outcome.clone().map_err(|refusal| Refused::new(refusal, guard)),
        }
    }
}

/// The guard that stands before a handler.
impl<S: Send + Sync> FromRequestParts<S> for Guard {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        found(parts).map(|found| found.guard.clone())
    }
}

pub(crate) fn found(parts: &Parts) -> Result<&Found, Refused> {
    parts.extensions.get::<Found>().ok_or_else(Refused::unguarded)
}
