//! Filling a server with what a measurement needs, over its own API and many connections at once, so that commits
//! share their waits for the disk.

use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};

use crate::http::{Answer, Connection, Request};
use crate::server::Server;

/// How many connections work at once.
pub(crate) const CONNECTIONS: usize = 64;

/// How many sign in at once: few enough that no password has to wait for long, since those are refused.
pub(crate) const SIGNING_IN: usize = 4;

/// Somebody with a password.
pub(crate) struct Account {
    identifier: String,
    password: String,
}

impl Account {
    /// Signs a new user up; the answer holds the first session.
    pub(crate) fn create(connection: &mut Connection, number: usize) -> Result<(Self, Answer)> {
        let identifier = format!("user{number}@example.test");
        let password = format!("correct horse battery {number}");
        let body = json!({"email": identifier, "password": password, "carry": "cookie"});
        let answer = connection.send(&Request::post("/api/v1/sign-up").json(&body))?;
        ensure!(answer.status == 201, "sign-up answered {answer:?}");
        Ok((Self { identifier, password }, answer))
    }

    pub(crate) fn sign_in<'a>(&self, carry: &str) -> Request<'a> {
        Request::post("/api/v1/sign-in").json(&self.sign_in_body(carry))
    }

    pub(crate) fn sign_in_body(&self, carry: &str) -> Value {
        json!({"identifier": self.identifier, "password": self.password, "carry": carry})
    }
}

/// Makes so many guests; returns what each presents: a cookie, or a refresh token.
pub(crate) fn guests(server: &Server, count: usize, carry: &str) -> Result<Vec<String>> {
    let body = json!({"carry": carry});
    in_parallel(server, CONNECTIONS, count, |connection, _| {
        let answer = connection.send(&Request::post("/api/v1/guest").json(&body))?;
        ensure!(answer.status == 201, "guest answered {answer:?}");
        let presented = match carry {
            "cookie" => answer.cookie().map(str::to_owned),
            _ => answer.json()["refresh_token"].as_str().map(str::to_owned),
        };
        presented.context("a guest with nothing to present")
    })
}

/// Has each of these cookies recognised once.
pub(crate) fn check_each(server: &Server, cookies: &[String]) -> Result<()> {
    let checked = in_parallel(server, CONNECTIONS, cookies.len(), |connection, number| {
        let request = Request::get("/api/v1/session").header("cookie", cookies[number].as_str());
        let answer = connection.send(&request)?;
        ensure!(answer.status == 200, "a session check answered {answer:?}");
        Ok(())
    })?;
    ensure!(checked.len() == cookies.len(), "not all were checked");
    Ok(())
}

/// A text of the answer's JSON.
pub(crate) fn member(answer: &Answer, name: &str) -> Result<String> {
    let text = answer.json().get(name).and_then(Value::as_str).map(str::to_owned);
    text.with_context(|| format!("no {name} in {answer:?}"))
}

/// Does something so many times over so many connections, each time with its number; answers what came of each, in no order.
pub(crate) fn in_parallel<T: Send>(
    server: &Server,
    connections: usize,
    count: usize,
    act: impl Fn(&mut Connection, usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let connections = connections.min(count);
    let work = &|first: usize| -> Result<Vec<T>> {
        let mut connection = server.connect()?;
        (first..count).step_by(connections).map(|number| act(&mut connection, number)).collect()
    };
    thread::scope(|scope| {
        let working: Vec<_> =
            (0..connections).map(|first| scope.spawn(move || work(first))).collect();
        let mut done = Vec::with_capacity(count);
        for worker in working {
            done.extend(worker.join().map_err(|_| anyhow!("a connection panicked"))??);
        }
        Ok(done)
    })
}
