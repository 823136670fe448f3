//! The bare framework: axum behind a hyper listener that is set up as ours, with one route, answering the bytes that
//! Cloakroom once answered.
//!
//! What Cloakroom costs beyond this is Cloakroom's own: it leaves out everything but the framework. Started as
//! `bench-bare PORT PATH FILE`, where the file holds an answer: `{"status":200,"headers":[["name","value"],…],"body":"…"}`.

use std::convert::Infallible;
use std::env;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use serde::Deserialize;
use tokio::net::{TcpListener, TcpStream};
use tower::Service as _;

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let mut next = || arguments.next().context("usage: bench-bare PORT PATH FILE");
    let (port, path, file): (u16, _, _) = (next()?.parse()?, next()?, next()?);
    let answer = Answer::read(&fs::read_to_string(file)?)?;
    let router = Router::new().route(&path, get(at_once).post(after_the_body)).with_state(answer);
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let builder = builder();
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(keep(stream, router.clone(), Arc::clone(&builder)));
    }
}

/// A connection is over when the client goes, and that is all that can happen to it.
async fn keep(stream: TcpStream, router: Router, builder: Arc<Builder<TokioExecutor>>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let mut router = router.clone();
        async move { Ok::<_, Infallible>(router.call(request).await.unwrap_or_default()) }
    });
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

/// The options of our own listener, as far as they cost something on HTTP/1.
fn builder() -> Arc<Builder<TokioExecutor>> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(75))
        .max_buf_size(64 << 10);
    Arc::new(builder)
}

async fn at_once(State(answer): State<Answer>) -> Response {
    answer.into()
}

async fn after_the_body(State(answer): State<Answer>, _body: Bytes) -> Response {
    answer.into()
}

#[derive(Clone)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn read(recorded: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct Recorded {
            status: u16,
            headers: Vec<(String, String)>,
            body: String,
        }

        let Recorded { status, headers: lines, body } = serde_json::from_str(recorded)?;
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
        }
        Ok(Self { status: StatusCode::from_u16(status)?, headers, body: body.into() })
    }
}

impl From<Answer> for Response {
    fn from(answer: Answer) -> Self {
        let mut response = Self::new(Body::from(answer.body));
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        response
    }
}
