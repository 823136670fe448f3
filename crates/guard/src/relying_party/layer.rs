//! The layer that answers the pages of the sign-in, and finds out for all other requests who they come from.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum_core::body::Body;
use axum_core::response::Response;
use http::Request;
use tower_layer::Layer;
use tower_service::Service;

use super::party::RelyingParty;
use crate::layer::Found;
use crate::refusal::Refusal;

/// Signs people in, and finds out who each request comes from. Made by [`RelyingParty::layer`].
#[derive(Clone, Debug)]
pub struct RelyingPartyLayer {
    party: RelyingParty,
}

impl RelyingParty {
    /// The layer that answers the pages of [`Paths`](super::Paths), and finds out for all other requests who they come from:
    /// instead of the guard's own. It goes around the routes, and the requirements inside of it.
    #[must_use]
    pub fn layer(&self) -> RelyingPartyLayer {
        RelyingPartyLayer { party: self.clone() }
    }
}

impl<S> Layer<S> for RelyingPartyLayer {
    type Service = RelyingPartyService<S>;

    fn layer(&self, inner: S) -> RelyingPartyService<S> {
        RelyingPartyService { party: self.party.clone(), inner }
    }
}

/// A service with a relying party before it.
#[derive(Clone, Debug)]
pub struct RelyingPartyService<S> {
    party: RelyingParty,
    inner: S,
}

impl<S> Service<Request<Body>> for RelyingPartyService<S>
where
    S: Service<Request<Body>, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let app = self.party.clone();
        // The one that is ready is used; its clone waits for the next request.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            if let Some(page) = app.page(parts.uri.path()) {
                return Ok(app.answer(page, &parts, body).await);
            }
            let outcome = app.identify(&parts).await;
            parts.extensions.insert(Found { guard: app.guard().clone(), outcome });
            let asked = parts.clone();
            let answer = inner.call(Request::from_parts(parts, body)).await?;
            // An extractor or a requirement inside left its refusal there.
            let refusal = answer.extensions().get::<Refusal>();
            let way_in = refusal.and_then(|refusal| app.way_in(&asked, refusal));
            Ok(way_in.unwrap_or(answer))
        })
    }
}
