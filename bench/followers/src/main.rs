//! Followers of the feed of revocations, and how soon they know.
//!
//! `bench-followers FILE`, where the file is a [`Plan`]: one service with the guard and so many others follow the feed. Then
//! one session after the other is signed out, and the time is taken from the acknowledgement until the service refuses, and
//! until each of the others has the row. Says `following` when all follow, waits for a line on standard input, and prints
//! [`Delays`] when all sessions are over.

mod follower;
mod service;

use std::io::BufRead as _;
use std::time::{Duration, Instant};
use std::{env, fs, io};

use anyhow::{Context, Result, ensure};
use reqwest::Client;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::service::Service;

/// When it is no delay any more.
const TOO_LATE: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
struct Plan {
    issuer: String,
    audience: String,
    client_id: String,
    client_secret: String,
    /// How many follow beside the guard.
    followers: usize,
    /// Each is ended once.
    sessions: Vec<Session>,
}

/// How a session is carried, and what shows it.
#[derive(Deserialize)]
struct Session {
    carrier: Carrier,
    /// The header that brings it to the service.
    presented: (String, String),
    /// The header by which it is signed out.
    signs_out: (String, String),
    /// By which it is asked whether tokens are still earned.
    refresh_token: Option<String>,
}

#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Carrier {
    Cookie,
    Token,
    Refresh,
}

/// In seconds, in no order.
#[derive(Default, Serialize)]
struct Delays {
    cookie: Vec<f64>,
    token: Vec<f64>,
    refresh: Vec<f64>,
    /// Of each follower and session: until the row was there.
    arrival: Vec<f64>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let file = env::args().nth(1).context("usage: bench-followers FILE")?;
    let plan: Plan = serde_json::from_str(&fs::read_to_string(file)?)?;
    let client = Client::builder().tcp_nodelay(true).build()?;
    let token = service::token(&client, &plan).await?;
    let (news, mut arrivals) = mpsc::unbounded_channel();
    for number in 0..plan.followers {
        follower::follow(&plan.issuer, &token, number, news.clone()).await?;
    }
    let service = Service::start(&plan, client).await?;
    println!("following");
    io::stdin().lock().lines().next().context("nobody says when to begin")??;

    let mut delays = Delays::default();
    for session in &plan.sessions {
        service.accepts(session).await?;
        while arrivals.try_recv().is_ok() {}
        let asked = now();
        service.sign_out(session).await?;
        let acknowledged = now();
        while service.is_accepted(session).await? {
            ensure!(now() - acknowledged < TOO_LATE, "an ended session is still accepted");
            tokio::task::yield_now().await;
        }
        let of_carrier = match session.carrier {
            Carrier::Cookie => &mut delays.cookie,
            Carrier::Token => &mut delays.token,
            Carrier::Refresh => &mut delays.refresh,
        };
        of_carrier.push((now() - acknowledged).as_secs_f64());
        let mut has_heard = vec![false; plan.followers];
        let mut missing = plan.followers;
        while missing > 0 {
            let arrived = timeout(TOO_LATE, arrivals.recv()).await.context("a follower is late")?;
            let (number, at): (usize, Instant) = arrived.context("no follower is left")?;
            if at < asked || has_heard[number] {
                continue;
            }
            has_heard[number] = true;
            missing -= 1;
            // It may be there before the acknowledgement is.
            delays.arrival.push(at.saturating_duration_since(acknowledged).as_secs_f64());
        }
    }
    println!("{}", serde_json::to_string(&delays)?);
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a bench keeps time")]
fn now() -> Instant {
    Instant::now()
}
