//! What the guard costs a service with each request, in this process: a token and a cookie that are remembered, and a token
//! that comes for the first time, beside the raw signature and beside `jsonwebtoken`; and how much memory it remembers in.
//!
//! Times are processor time of this thread: medians of seven runs in turn, smallest and largest in brackets. Run with
//! `cargo bench -p cloakroom-guard`. `token` or `cookie` and a number after `--` does only that, so
//! often, for a counter of instructions around the process; `nothing 1` does none of it, to be taken off.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads a clock")]
#![expect(clippy::cast_precision_loss, reason = "nanoseconds are far below 2^52")]

#[path = "../tests/it/issuer.rs"]
#[expect(dead_code, reason = "the tests ask for more of it")]
mod issuer;

use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use aws_lc_rs::signature::{ED25519, ParsedPublicKey};
use cloakroom_guard::{Clock, CookieName, Guard, Settings, SystemClock};
use cloakroom_jose::{Algorithm, Signer, SigningKey, base64url};
use http::Request;
use http::request::Parts;
use serde_json::json;

use issuer::{AUDIENCE, Issuer, NOW, Said};

const RUNS: usize = 7;
const ROUNDS: u64 = 200_000;
const COLD: u64 = 4_000;
const IDENTITIES: usize = 100_000;

fn main() {
    // Under `cargo test --benches` there is nothing to measure.
    let arguments: Vec<String> = std::env::args().collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(measure(&arguments));
}

async fn measure(arguments: &[String]) {
    let issuer = Issuer::start().await;
    let guard = following(&issuer).await;
    let only = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)?.parse::<u64>().ok()
    };
    let token = request("authorization", &format!("Bearer {}", issuer.said.token("s1", "ada")));
    issuer.said.session("cloakroom=the-cookie-of-ada-0123456789abcdefghijklmnop", "s1", "ada");
    let cookie = request("cookie", "cloakroom=the-cookie-of-ada-0123456789abcdefghijklmnop");
    for warm in [&token, &cookie] {
        guard.identify(warm).await.expect("good").expect("somebody");
    }
    if let Some(rounds) = only("token") {
        return (0..rounds).for_each(|_| known(&guard, &token));
    }
    if let Some(rounds) = only("cookie") {
        return (0..rounds).for_each(|_| known(&guard, &cookie));
    }
    if only("nothing").is_some() {
        return;
    }

    let warm_token = runs(ROUNDS, |_| known(&guard, &token));
    let warm_cookie = runs(ROUNDS, |_| known(&guard, &cookie));
    line("warm token", &warm_token);
    line("warm cookie", &warm_cookie);
    cold(&issuer, &guard);
    memory(&issuer, &guard).await;
}

/// Cold tokens, the raw signature over each, and `jsonwebtoken`, in turn.
fn cold(issuer: &Issuer, guard: &Guard) {
    let tokens: Vec<String> = (0..COLD * RUNS as u64)
        .map(|number| issuer.said.token(&format!("cold-{number}"), "ada"))
        .collect();
    let requests: Vec<Parts> =
        tokens.iter().map(|token| request("authorization", &format!("Bearer {token}"))).collect();
    let key = issuer.said.public_key();
    let parsed =
        ParsedPublicKey::new(&ED25519, base64url::decode(&key).expect("a key")).expect("a key");
    let pieces: Vec<(&str, Vec<u8>)> = tokens
        .iter()
        .map(|token| {
            let (signed, signature) = token.rsplit_once('.').expect("a token has dots");
            (signed, base64url::decode(signature).expect("a signature"))
        })
        .collect();
    let mut expect = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    expect.set_audience(&[AUDIENCE]);
    expect.set_issuer(&[&issuer.url]);
    expect.leeway = 1_000_000_000;
    // `jsonwebtoken` calls the algorithm by its older name, so it gets tokens of its own.
    let signing = SigningKey::generate(Algorithm::EdDsa).expect("a key");
    let theirs = signing
        .public_jwk()
        .and_then(|jwk| serde_json::from_str::<serde_json::Value>(&jwk.to_json()).ok());
    let theirs = theirs.and_then(|jwk| jwk["x"].as_str().map(str::to_owned)).expect("a key");
    let decoding = jsonwebtoken::DecodingKey::from_ed_components(&theirs).expect("a key");
    let theirs_by = Signer::new(Arc::new(signing), "at+jwt");
    let claims = json!({
        "iss": issuer.url, "sub": "ada", "aud": AUDIENCE, "client_id": "shop", "exp": NOW + 600, "iat": NOW, "jti": "cold",
        "sid": "cold", "scope": "orders:read", "roles": ["clerk"], "auth_time": NOW, "acr": "aal1",
    });
    let plain = theirs_by.sign(&claims).expect("claims are signed");

    let (mut raw, mut ours, mut other) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..RUNS as u64 {
        let at = |number: u64| usize::try_from(run * COLD + number).unwrap_or(0);
        raw.push(per_round(COLD, |number| {
            let (signed, signature) = &pieces[at(number)];
            assert!(parsed.verify_sig(black_box(signed.as_bytes()), signature).is_ok());
        }));
        ours.push(per_round(COLD, |number| known(guard, &requests[at(number)])));
        other.push(per_round(COLD, |_| {
            let read =
                jsonwebtoken::decode::<serde_json::Value>(black_box(&plain), &decoding, &expect);
            black_box(read.expect("jsonwebtoken verifies it"));
        }));
    }
    let ratio = median(&ours) / median(&raw);
    line("raw signature (Ed25519)", &raw);
    line("cold token", &ours);
    line("jsonwebtoken, per request", &other);
    println!("cold token / raw signature: {ratio:.3}");
}

/// How much this process grows by remembering so many cookies, and so many tokens.
async fn memory(issuer: &Issuer, guard: &Guard) {
    let before = resident();
    for number in 0..IDENTITIES {
        let value = format!("cloakroom=cookie-{number:040}");
        issuer.said.session(&value, &uuid(number), &uuid(number + 1));
        guard.identify(&request("cookie", &value)).await.expect("good");
        issuer.said.forget(&value);
    }
    let cookies = resident().saturating_sub(before);
    println!(
        "{IDENTITIES} cookies ({} kept): {:.1} MiB",
        guard.health().remembered_cookies,
        mib(cookies)
    );
    let before = resident();
    for number in 0..IDENTITIES {
        let token = issuer.said.token(&uuid(number), &uuid(number + 1));
        known(guard, &request("authorization", &format!("Bearer {token}")));
    }
    let tokens = resident().saturating_sub(before);
    println!(
        "{IDENTITIES} tokens ({} kept): {:.1} MiB",
        guard.health().remembered_tokens,
        mib(tokens)
    );
}

async fn following(issuer: &Issuer) -> Guard {
    let settings = Settings::new(&issuer.url, AUDIENCE)
        .service("api", "hush")
        .cookie(CookieName::SameHost)
        .max_staleness(Duration::from_hours(1))
        .remembered_token_bytes(1 << 30)
        .clock(Still);
    let guard = Guard::start(settings).expect("the settings are good");
    issuer.said.opened(1).await;
    issuer.said.tell_heard();
    while !(guard.health().believes && guard.health().has_keys) {
        tokio::task::yield_now().await;
    }
    guard
}

/// The machine's clocks, at the time of the tokens: reading them is a part of what is measured.
struct Still;

impl Clock for Still {
    fn wall(&self) -> u64 {
        black_box(SystemClock.wall());
        NOW
    }

    fn steady(&self) -> Duration {
        SystemClock.steady()
    }
}

fn request(name: &str, value: &str) -> Parts {
    Request::get("/orders")
        .header("host", "api.example.com")
        .header(name, value)
        .body(())
        .expect("a request")
        .into_parts()
        .0
}

/// Identifies from memory, and fails where that is not enough.
fn known(guard: &Guard, parts: &Parts) {
    let mut asked = pin!(guard.identify(black_box(parts)));
    match asked.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(Some(identity))) => drop(black_box(identity)),
        other => panic!("not from memory: {other:?}"),
    }
}

fn runs(rounds: u64, mut one: impl FnMut(u64)) -> Vec<f64> {
    (0..RUNS).map(|_| per_round(rounds, &mut one)).collect()
}

/// Nanoseconds of this thread's processor time for each round.
fn per_round(rounds: u64, mut one: impl FnMut(u64)) -> f64 {
    let before = processor_time();
    (0..rounds).for_each(&mut one);
    processor_time().saturating_sub(before).as_nanos() as f64 / rounds as f64
}

fn processor_time() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

fn median(nanoseconds: &[f64]) -> f64 {
    let mut sorted = nanoseconds.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn line(name: &str, nanoseconds: &[f64]) {
    let least = nanoseconds.iter().copied().fold(f64::INFINITY, f64::min);
    let most = nanoseconds.iter().copied().fold(0.0, f64::max);
    let middle = median(nanoseconds);
    println!("{name}: {:.3} µs [{:.3} to {:.3}]", middle / 1e3, least / 1e3, most / 1e3);
}

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1024.0 / 1024.0
}

fn uuid(number: usize) -> String {
    format!("019aa1f2-6c1e-7d10-a1f5-{number:012}")
}

impl Said {
    /// The public half of the first key, as a key set has it.
    fn public_key(&self) -> String {
        let jwk = self.keys.lock().unwrap()[0].public_jwk().unwrap().to_json();
        let jwk: serde_json::Value = serde_json::from_str(&jwk).unwrap();
        jwk["x"].as_str().unwrap().to_owned()
    }

    /// Forgets a cookie.
    fn forget(&self, cookie: &str) {
        self.sessions.lock().unwrap().remove(cookie);
    }

    /// Tells that everything was heard up to when the stream was asked for.
    fn tell_heard(&self) {
        self.tell("event: heard\ndata: 0\n\n");
    }
}
