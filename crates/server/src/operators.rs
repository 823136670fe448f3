//! For operators: whether the server is alive, whether it is ready, and what it does.
//!
//! `/healthz` is on every listener and says only that the process answers. `/readyz` and `/metrics` are on the
//! operators' own listener, which nobody else should reach.

use std::net::SocketAddr;

use axum::body::Body;
use axum::response::Response;
use cloakroom_engine::shared_memory::SharedVitals;
use cloakroom_engine::streams::{Backlog, SignalVitals};
use cloakroom_engine::vitals::Vitals;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, StatusCode};
use hyper::body::Incoming;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::{Registry, Unit};

use crate::app::App;
use crate::face::Face;
use crate::listener::Answer;

/// How many requests were answered, by face and by the first digit of the status.
#[derive(Debug)]
pub struct Traffic {
    family: Family<Labels, Counter>,
    /// The counters of the family, so that counting takes neither a lock nor a look-up.
    counters: [[Counter; 5]; 3],
}

type Labels = [(&'static str, &'static str); 2];

const FACES: [&str; 3] = ["api", "page", "proxy"];
const STATUSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

impl Default for Traffic {
    fn default() -> Self {
        let family = Family::<Labels, Counter>::default();
        let counters = FACES.map(|face| {
            STATUSES.map(|status| family.get_or_create_owned(&[("face", face), ("status", status)]))
        });
        Self { family, counters }
    }
}

impl Traffic {
    /// Counts an answer.
    pub fn count(&self, face: Face, status: StatusCode) {
        let face = match face {
            Face::Api => 0,
            Face::Page => 1,
            Face::Proxy => 2,
            Face::Health => return,
        };
        let class = usize::from(status.as_u16() / 100).saturating_sub(1).min(4);
        self.counters[face][class].inc();
    }

    fn register(&self, registry: &mut Registry) {
        registry.register("requests", "Requests that were answered", self.family.clone());
    }
}

/// The answer of `/healthz`.
#[must_use]
pub fn healthy() -> Response {
    plain(StatusCode::OK, "text/plain; charset=utf-8", "ok\n".to_owned())
}

/// The operators' own listener.
pub struct Operators(App);

impl Operators {
    /// For this application.
    #[must_use]
    pub fn new(app: App) -> Self {
        Self(app)
    }

    /// Answers `/healthz`, `/readyz` and `/metrics`, by any name of this machine.
    pub async fn handle<B>(&self, request: Request<B>) -> Response {
        const TEXT: &str = "text/plain; charset=utf-8";
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return plain(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET\n".to_owned());
        }
        match request.uri().path() {
            "/healthz" => healthy(),
            // Ready is who hears the log: then storage answers, and what was taken back is known.
            "/readyz" => match self.0.engine.readiness().await {
                Ok(()) => plain(StatusCode::OK, TEXT, "ready\n".to_owned()),
                Err(why) => {
                    let text = format!("not ready: {why}\n");
                    plain(StatusCode::SERVICE_UNAVAILABLE, TEXT, text)
                }
            },
            "/metrics" => self.metrics(),
            _ => plain(StatusCode::NOT_FOUND, TEXT, "/healthz /readyz /metrics\n".to_owned()),
        }
    }

    fn metrics(&self) -> Response {
        const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        let mut registry = Registry::with_prefix("cloakroom");
        self.0.traffic.register(&mut registry);
        let vitals = self.0.engine.vitals();
        register(&mut registry, &vitals);
        register_signals(&mut registry, &vitals.signals);
        let mut text = String::new();
        // Writing to a text does not fail.
        let _ = encode(&mut text, &registry);
        plain(StatusCode::OK, OPEN_METRICS, text)
    }
}

/// What a node is, and what it counted.
fn register(registry: &mut Registry, vitals: &Vitals) {
    let Vitals { sessions, passwords_waiting, followers, log, memory, shared, .. } = *vitals;
    let in_common_is_there = vitals.in_common_is_there;
    let mut gauge = |name: &str, help: &str, value: u64| {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        registry.register(name, help, ConstGauge::new(value));
    };
    gauge("remembered_sessions", "Sessions that this node remembers", sessions as u64);
    gauge("passwords_waiting", "Passwords in line to be hashed", passwords_waiting as u64);
    gauge("followers", "Services that follow the log here", followers as u64);
    gauge(
        "log_trusted",
        "1 where the log was heard lately enough to believe memory",
        log.trusted.into(),
    );
    gauge("log_place", "The number of the last row of the log that was heard", log.place);
    if let Some(is_there) = in_common_is_there {
        gauge(
            "redis_there",
            "1 where Redis is there; while it is not, guests wait and nodes share no memory",
            is_there.into(),
        );
    }
    let unheard_for = log.unheard_for.map_or(f64::INFINITY, |since| since.as_secs_f64());
    registry.register_with_unit(
        "log_unheard",
        "Time since the log was last heard; infinite where nothing is believed until it is heard again",
        Unit::Seconds,
        ConstGauge::new(unheard_for),
    );
    let mut counter = |name: &str, help: &str, value: u64| {
        registry.register(name, help, ConstCounter::new(value));
    };
    counter("log_rows", "Rows of the log that were read", log.rows);
    counter(
        "log_lost",
        "Times that the log was another one and everything was forgotten",
        log.lost,
    );
    counter(
        "log_asked",
        "Times that a request read the log because the reader was late",
        log.asked,
    );
    counter(
        "memory_believed",
        "Checks that were answered by what this node remembers",
        memory.believed,
    );
    counter("memory_asked", "Sessions that storage was asked for", memory.asked);
    counter(
        "memory_filled",
        "Sessions that storage had and that are remembered since",
        memory.filled,
    );
    if let Some(SharedVitals { hits, misses, unanswered, disbelieved }) = shared {
        counter("shared_memory_hits", "Sessions that the shared memory had", hits);
        counter("shared_memory_misses", "Sessions that it had not", misses);
        counter(
            "shared_memory_unanswered",
            "Sessions that it did not answer for in time",
            unanswered,
        );
        counter(
            "shared_memory_disbelieved",
            "Sessions that it had and that were not believed",
            disbelieved,
        );
    }
}

/// How the streams of signals fare. The labels are ours, so that there are as many series as on the first day.
fn register_signals(registry: &mut Registry, vitals: &SignalVitals) {
    let SignalVitals { pushed, acknowledged, failed, given_up, abandoned, backlog } = *vitals;
    let delivered = Family::<[(&str, &str); 1], Counter>::default();
    for (by, count) in [("push", pushed), ("poll", acknowledged)] {
        delivered.get_or_create(&[("by", by)]).inc_by(count);
    }
    registry.register("signals_delivered", "Signals that receivers took", delivered);
    let mut counter = |name: &str, help: &str, value: u64| {
        registry.register(name, help, ConstCounter::new(value));
    };
    counter("signals_failed", "Posts of signals that were in vain, and are tried again", failed);
    counter("signals_given_up", "Signals that receivers refused, and that are gone", given_up);
    counter(
        "streams_abandoned",
        "Streams that were disabled because their receivers stayed away",
        abandoned,
    );
    let Some(Backlog { enabled, paused, disabled, failing, waiting, oldest }) = backlog else {
        return;
    };
    let streams = Family::<[(&str, &str); 1], Gauge>::default();
    for (status, count) in [("enabled", enabled), ("paused", paused), ("disabled", disabled)] {
        streams.get_or_create(&[("status", status)]).set(i64::try_from(count).unwrap_or(i64::MAX));
    }
    registry.register("streams", "Streams of signals", streams);
    let mut gauge = |name: &str, help: &str, value: usize| {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        registry.register(name, help, ConstGauge::new(value));
    };
    gauge("streams_failing", "Streams whose receivers did not take what was posted last", failing);
    gauge("signals_waiting", "Signals that wait for their receivers", waiting);
    registry.register_with_unit(
        "signals_oldest",
        "How long the oldest signal has waited that no receiver has",
        Unit::Seconds,
        ConstGauge::new(oldest.as_secs_f64()),
    );
}

impl Answer for Operators {
    fn answer(
        &self,
        request: Request<Incoming>,
        _peer: SocketAddr,
    ) -> impl Future<Output = Response> + Send {
        self.handle(request)
    }
}

fn plain(status: StatusCode, media_type: &'static str, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_face_and_status() {
        let traffic = Traffic::default();
        traffic.count(Face::Api, StatusCode::OK);
        traffic.count(Face::Api, StatusCode::CREATED);
        traffic.count(Face::Page, StatusCode::NOT_FOUND);
        traffic.count(Face::Health, StatusCode::OK);
        let mut registry = Registry::default();
        traffic.register(&mut registry);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        assert!(text.contains("requests_total{face=\"api\",status=\"2xx\"} 2\n"), "{text}");
        assert!(text.contains("requests_total{face=\"page\",status=\"4xx\"} 1\n"), "{text}");
    }
}
