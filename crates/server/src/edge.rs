//! Where every request comes in and every answer goes out: the layers in their order, and the router behind them.

use std::net::SocketAddr;

use axum::Router;
use axum::body::HttpBody;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::header::ORIGIN;
use http::{HeaderValue, Method, Request};
use hyper::body::Incoming;
use tower::Service as _;

use crate::app::App;
use crate::face::Face;
use crate::layers::client_address::Peer;
use crate::layers::{cors, host, origin_check, panic, security_headers};
use crate::listener::Answer;
use crate::problem::{Kind, Problem};
use crate::{operators, routes};

/// The server as one function from a request to its answer.
pub struct Edge {
    app: App,
    router: Router,
}

impl Edge {
    /// The edge of an application with all its routes.
    #[must_use]
    pub fn new(app: App) -> Self {
        let router = routes::router(app.clone());
        Self { app, router }
    }

    /// Answers a request that came from `peer`.
    pub async fn handle<B>(&self, request: Request<B>, peer: SocketAddr) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let face = Face::of(request.uri().path());
        if face == Face::Health {
            return operators::healthy();
        }
        let mut response = self.pass(request, peer, face).await;
        // What a proxy passes on is the answer of another host, which is not ours to decide for.
        let https = self.app.address.is_https() && face != Face::Proxy;
        security_headers::complete(response.headers_mut(), https);
        self.app.traffic.count(face, response.status());
        response
    }

    async fn pass<B>(&self, mut request: Request<B>, peer: SocketAddr, face: Face) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let names = host::Names { public: &self.app.address, mtls: self.app.mtls_address.as_ref() };
        // A proxy comes by the name that the request had which it asks about, and its headers are that request's.
        if face != Face::Proxy
            && let Some(elsewhere) = host::check(&request, names, face)
        {
            return elsewhere;
        }
        let shown = self.app.client_certificate(peer, request.headers(), request.extensions());
        if let Some(certificate) = shown {
            request.extensions_mut().insert(certificate);
        }
        if face == Face::Proxy {
            request.extensions_mut().insert(Peer(peer));
            return self.route(request).await;
        }
        if face != Face::Api {
            let visitor = self.app.visitor(peer, request.headers());
            request.extensions_mut().insert(visitor);
            return self.route(request).await;
        }
        request.extensions_mut().insert(Peer(peer));
        if request.method() == Method::GET && cors::is_for_everybody(request.uri().path()) {
            let mut response = self.route(request).await;
            cors::allow_everybody(response.headers_mut());
            return response;
        }
        let origin = request.headers().get(ORIGIN).cloned();
        let listed = origin.as_ref().is_some_and(|origin| self.is_listed(origin));
        if let Some(origin) = &origin
            && cors::is_preflight(&request)
        {
            return cors::preflight(origin, listed);
        }
        let (own, headers) = (self.app.address.origin(), request.headers());
        let passes = origin_check::has_token(headers)
            || origin_check::passes(request.method(), headers, own, |_| listed);
        let mut response = if passes {
            self.route(request).await
        } else {
            Problem::new(Kind::CrossSite).into_response()
        };
        cors::allow(response.headers_mut(), origin.as_ref(), listed);
        response
    }

    async fn route<B>(&self, request: Request<B>) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let mut router = self.router.clone();
        panic::catch(async move {
            // A router is always ready and never fails.
            match router.call(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        })
        .await
    }

    fn is_listed(&self, origin: &HeaderValue) -> bool {
        origin.to_str().is_ok_and(|origin| self.app.engine.client_at_origin(origin).is_some())
    }
}

impl Answer for Edge {
    fn answer(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> impl Future<Output = Response> + Send {
        self.handle(request, peer)
    }
}
