//! The layer that finds out who each request comes from, for the extractors and requirements inside it.
//!
//! It refuses nothing by itself: a route that asks for no identity is open to everybody.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::Request;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::guard::{Guard, Head, Outcome, Recalled};

/// Finds out who each request comes from. Made by [`Guard::layer`].
#[derive(Clone, Debug)]
pub struct GuardLayer {
    guard: Guard,
}

impl Guard {
    /// The layer that finds out who each request comes from. It goes around the routes, and the requirements inside of it.
    #[must_use]
    pub fn layer(&self) -> GuardLayer {
        GuardLayer { guard: self.clone() }
    }
}

impl<S> Layer<S> for GuardLayer {
    type Service = GuardService<S>;

    fn layer(&self, inner: S) -> GuardService<S> {
        GuardService { guard: self.guard.clone(), inner }
    }
}

/// What the layer found out, among the request's extensions.
#[derive(Clone)]
pub(crate) struct Found {
    pub(crate) guard: Guard,
    pub(crate) outcome: Outcome,
}

/// A service with a guard before it.
#[derive(Clone, Debug)]
pub struct GuardService<S> {
    guard: Guard,
    inner: S,
}

impl<S, B> Service<Request<B>> for GuardService<S>
where
    S: Service<Request<B>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Guarded<S::Future, S::Response, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let head =
            Head { method: request.method(), uri: request.uri(), headers: request.headers() };
        let question = match self.guard.recall(head) {
            Recalled::Done(outcome) => {
                let guard = self.guard.clone();
                request.extensions_mut().insert(Found { guard, outcome });
                let stage = Stage::Remembered { future: self.inner.call(request) };
                return Guarded { stage };
            }
            Recalled::Ask(question) => question,
        };
        let guard = self.guard.clone();
        // The one that is ready is used; its clone waits for the next request.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let asked = Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let outcome = guard.ask((&parts).into(), question).await;
            parts.extensions.insert(Found { guard, outcome });
            inner.call(Request::from_parts(parts, body)).await
        });
        Guarded { stage: Stage::Asked { future: asked } }
    }
}

type Asked<R, E> = Pin<Box<dyn Future<Output = Result<R, E>> + Send>>;

pin_project! {
    /// The answer of a service with a guard before it.
    pub struct Guarded<F, R, E> {
        #[pin]
        stage: Stage<F, R, E>,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<F, R, E> {
        // The guard knew who is there.
        Remembered { #[pin] future: F },
        // The guard asks first.
        Asked { future: Asked<R, E> },
    }
}

impl<F, R, E> Future for Guarded<F, R, E>
where
    F: Future<Output = Result<R, E>>,
{
    type Output = Result<R, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().stage.project() {
            StageProjection::Remembered { future } => future.poll(context),
            StageProjection::Asked { future } => future.as_mut().poll(context),
        }
    }
}
