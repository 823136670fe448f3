//! The bare framework: axum behind a hyper listener that is set up as ours, with one route, answering the bytes that
//! Cloakroom once answered.
//!
//! What Cloakroom costs beyond this is Cloakroom's own: it leaves out everything but the framework. Started as
//! `bench-bare PORT PATH FILE`, where the file holds an answer: `{"status":200,"headers":[["name","value"],…],"body":"…"}`.

use std::env;
use std::fs;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let mut next = || arguments.next().context("usage: bench-bare PORT PATH FILE");
    let (port, path, file): (u16, _, _) = (next()?.parse()?, next()?, next()?);
    let answer = Answer::read(&fs::read_to_string(file)?)?;
    let router = Router::new().route(&path, get(at_once).post(after_the_body)).with_state(answer);
    Ok(cloakroom_bench_bare::serve(port, router).await?)
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
