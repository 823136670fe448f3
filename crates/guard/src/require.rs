//! What a route requires of who calls it: a user, a scope, a role, a proof that is fresh or of a kind.
//!
//! As a layer around routes, inside of the [`GuardLayer`](crate::GuardLayer), or asked in a handler with
//! [`Requirement::check`].

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum_core::body::Body;
use axum_core::extract::FromRequestParts;
use axum_core::response::IntoResponse as _;
use http::request::Parts;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::answer::Refused;
use crate::extract::found;
use crate::identity::{Carrier, Identity};
use crate::layer::Found;
use crate::refusal::Refusal;

/// What is required of who calls. Begins with [`signed_in`] or [`anybody`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Requirement(Arc<Asked>);

#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Asked {
    user: bool,
    scopes: Vec<Box<str>>,
    roles: Vec<Box<str>>,
    within: Option<Duration>,
    acrs: Vec<Box<str>>,
}

/// Requires a user: neither a guest nor a client that acts for itself.
#[must_use]
pub fn signed_in() -> Requirement {
    anybody().with(|asked| asked.user = true)
}

/// Requires an identity of any kind: a user's, a guest's, or a client's own.
#[must_use]
pub fn anybody() -> Requirement {
    Requirement::default()
}

impl Requirement {
    /// Requires that a token allows this. A cookie stands for the whole session, and is not limited by scopes.
    #[must_use]
    pub fn scope(self, scope: impl Into<Box<str>>) -> Self {
        self.with(|asked| asked.scopes.push(scope.into()))
    }

    /// Requires that the user has this role.
    #[must_use]
    pub fn role(self, role: impl Into<Box<str>>) -> Self {
        self.with(|asked| asked.roles.push(role.into()))
    }

    /// Requires that the user proved who they are within this time. Whoever did not is asked to (RFC 9470).
    #[must_use]
    pub fn fresh_within(self, within: Duration) -> Self {
        self.with(|asked| asked.within = Some(within))
    }

    /// Requires that the user is known in one of these ways (`acr`), the one that is wished for most first. Whoever is not is
    /// asked to step up (RFC 9470).
    #[must_use]
    pub fn step_up<T: Into<Box<str>>>(self, acrs: impl IntoIterator<Item = T>) -> Self {
        self.with(|asked| asked.acrs.extend(acrs.into_iter().map(Into::into)))
    }

    /// Whether an identity has what is required, at `now` in seconds since 1970.
    pub fn check(&self, identity: &Identity, now: u64) -> Result<(), Refusal> {
        let Asked { user, scopes, roles, within, acrs } = &*self.0;
        if *user && identity.user().is_none() {
            return Err(Refusal::UserRequired);
        }
        if identity.carrier() != Carrier::Cookie
            && scopes.iter().any(|scope| !identity.has_scope(scope))
        {
            return Err(Refusal::InsufficientScope(scopes.join(" ").into()));
        }
        if let Some(role) = roles.iter().find(|role| !identity.has_role(role)) {
            return Err(Refusal::RoleRequired(role.clone()));
        }
        let is_fresh = within.is_none_or(|within| {
            let proved_at = identity.authenticated_at();
            proved_at.is_some_and(|at| now.saturating_sub(at) <= within.as_secs())
        });
        let is_known = acrs.is_empty()
            || identity.acr().is_some_and(|acr| acrs.iter().any(|wanted| **wanted == *acr));
        if is_fresh && is_known {
            return Ok(());
        }
        let acr_values = (!acrs.is_empty()).then(|| acrs.join(" ").into());
        Err(Refusal::Reauthenticate { max_age: *within, acr_values })
    }

    fn with(mut self, change: impl FnOnce(&mut Asked)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    fn check_found(&self, found: Option<&Found>) -> Result<(), Refused> {
        let Found { guard, outcome } = found.ok_or_else(Refused::unguarded)?;
        let now = guard.shared().provider.clock().wall();
        let checked = match outcome {
            Ok(Some(identity)) => self.check(identity, now),
            Ok(None) => Err(Refusal::NotSignedIn),
            Err(refusal) => Err(refusal.clone()),
        };
        checked.map_err(|refusal| Refused::new(refusal, guard))
    }
}

impl<S> Layer<S> for Requirement {
    type Service = Required<S>;

    fn layer(&self, inner: S) -> Required<S> {
        Required { requirement: self.clone(), inner }
    }
}

/// A service with a requirement before it.
#[derive(Clone, Debug)]
pub struct Required<S> {
    requirement: Requirement,
    inner: S,
}

impl<S, B> Service<Request<B>> for Required<S>
where
    S: Service<Request<B>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Checked<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match self.requirement.check_found(request.extensions().get()) {
            Ok(()) => Checked { refused: None, let_on: Some(self.inner.call(request)) },
            Err(refused) => Checked { refused: Some(refused.into_response()), let_on: None },
        }
    }
}

pin_project! {
    /// The answer of a service with a requirement before it.
    pub struct Checked<F> {
        // Where the requirement is not met.
        refused: Option<Response<Body>>,
        #[pin]
        let_on: Option<F>,
    }
}

impl<F> Future for Checked<F>
where
    F: Future<Output = Result<Response<Body>, Infallible>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let projection = self.project();
        if let Some(refused) = projection.refused.take() {
            return Poll::Ready(Ok(refused));
        }
        projection.let_on.as_pin_mut().map_or(Poll::Pending, |let_on| let_on.poll(context))
    }
}

/// A user who is signed in, as an argument of a handler: what [`signed_in`] requires, as a type.
#[derive(Clone, Debug)]
pub struct SignedIn(pub Identity);

impl SignedIn {
    /// The user's id.
    #[must_use]
    pub fn user(&self) -> &str {
        // Only made where there is one.
        self.0.user().unwrap_or_default()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let identity = <Identity as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        if identity.user().is_none() {
            return Err(Refused::new(Refusal::UserRequired, &found(parts)?.guard));
        }
        Ok(Self(identity))
    }
}

#[cfg(test)]
mod tests;
