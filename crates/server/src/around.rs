//! Where a request comes from and what its browser brings, for handlers that need both.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use cloakroom_engine::visitor::{Browser, Visitor};
use http::request::Parts;

use crate::app::App;
use crate::layers::client_address::Peer;

/// What is around a request.
pub struct Around {
    /// Where it comes from.
    pub visitor: Visitor,
    /// What its browser brings.
    pub browser: Browser,
}

impl Around {
    /// What is around the request with this head.
    ///
    /// # Panics
    ///
    /// When the request did not come through the [`Edge`](crate::edge::Edge), which knows who called.
    #[must_use]
    pub fn of(parts: &Parts, app: &App) -> Self {
        let Peer(peer) = parts.extensions.get().expect("the edge names the peer of each request");
        Self { visitor: app.visitor(*peer, &parts.headers), browser: app.browser(&parts.headers) }
    }
}

impl FromRequestParts<App> for Around {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self::of(parts, app))
    }
}
