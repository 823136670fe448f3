//! What the model of `cargo xtask scale` rests on and no other part measures: what each kind of request costs a node and the
//! PostgreSQL below it, in processor time and in bytes of its log, and what a node remembers of the revocation log.
//!
//! One connection asks one thing after the other, so nothing shares a commit with anything else: under load each costs
//! less.

use std::fmt::Write as _;
use std::fs;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cloakroom_testservers::Postgres;
use serde_json::{Value, json};

use super::process::{on_processor, resident};
use super::shared::log_of;
use super::{Scale, built, said, start};
use crate::http::{Connection, Request};
use crate::server::{Folder, Server, binary};
use crate::shell::program;

/// So many of everything.
const COUNT: u32 = 300;
/// So many sessions end, for what a node remembers of it.
const ENDED: u64 = 400_000;
const HOST: &str = "localhost:7117";
const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "seven coats and an umbrella";

/// Longer than the server takes to read what others have written, and to write last-seen times.
const A_WHILE: Duration = Duration::from_secs(8);

pub(crate) fn measure(_: &Scale) -> Result<String> {
    let mut report = "\n## What the model of scale rests on\n\n\
        | each, over PostgreSQL | node | PostgreSQL | its log |\n| --- | --- | --- | --- |\n"
        .to_owned();
    for (name, spent) in over_postgres()? {
        let Spent { node, database, log } = spent.of_each(COUNT);
        let (node, database) = (node.as_micros(), database.as_micros());
        writeln!(report, "| {name} | {node} µs | {database} µs | {log} bytes |")?;
    }
    let heard = heard_row()?;
    writeln!(report, "\nA row of the log that still concerns something: {heard} bytes.")?;
    Ok(report)
}

/// What something took.
struct Spent {
    node: Duration,
    database: Duration,
    log: u64,
}

impl Spent {
    /// Without what goes on anyway.
    fn less(&self, idle: &Self) -> Self {
        Self {
            node: self.node.saturating_sub(idle.node),
            database: self.database.saturating_sub(idle.database),
            log: self.log.saturating_sub(idle.log),
        }
    }

    fn of_each(&self, count: u32) -> Self {
        Self {
            node: self.node / count,
            database: self.database / count,
            log: self.log / u64::from(count),
        }
    }
}

/// A node over a database, and somebody who asks.
struct Place<'a> {
    postgres: &'a Postgres,
    server: &'a Server,
}

fn over_postgres() -> Result<Vec<(&'static str, Spent)>> {
    let postgres = Postgres::start()?;
    let database = postgres.url(&postgres.create_database()?);
    let folder = Folder::create("bench-scale")?;
    // The same name after another start, so that tokens of before are good.
    let settings = folder.path().join("cloakroom.toml");
    fs::write(&settings, format!("public_url = \"http://{HOST}\"\ndatabase = \"{database}\"\n"))?;
    let mut spent = Vec::new();

    let server = Server::start_configured(folder.path(), &settings)?;
    let place = Place { postgres: &postgres, server: &server };
    let mut connection = connect(&server)?;
    let who = json!({"email": EMAIL, "password": PASSWORD, "carry": "token"});
    send(&mut connection, &Request::post("/api/v1/sign-up").json(&who))?;
    let who = json!({"identifier": EMAIL, "password": PASSWORD, "carry": "token"});
    let mut sessions = Vec::new();
    spent.push((
        "sign-in",
        place.spent(|| {
            for _ in 0..COUNT {
                sessions.push(send(&mut connection, &Request::post("/api/v1/sign-in").json(&who))?);
            }
            Ok(())
        })?,
    ));
    spent.push((
        "refresh",
        place.spent(|| {
            sessions.iter_mut().try_for_each(|session| {
                let token = text(session, "refresh_token")?.to_owned();
                let fields = [
                    ("grant_type", "refresh_token"),
                    ("client_id", "cloakroom"),
                    ("refresh_token", token.as_str()),
                ];
                *session = send(&mut connection, &Request::post("/oauth/token").form(&fields))?;
                Ok(())
            })
        })?,
    ));
    spent.push((
        "write of 1 KiB of session data",
        place.spent(|| {
            sessions.iter().enumerate().try_for_each(|(number, session)| {
                let document = json!({"number": number, "items": ["x".repeat(1_000)]});
                let patch = Request::new("PATCH", "/api/v1/session/data/cart").json(&document);
                send(&mut connection, &bearing(patch, session)?).map(drop)
            })
        })?,
    ));
    drop(server);

    // Again, because now nobody is remembered.
    let server = Server::start_configured(folder.path(), &settings)?;
    let place = Place { postgres: &postgres, server: &server };
    let mut connection = connect(&server)?;
    let mut check = |session: &Value| {
        send(&mut connection, &bearing(Request::get("/api/v1/session"), session)?).map(drop)
    };
    thread::sleep(A_WHILE);
    spent.push((
        "check of a session that must be read first",
        place.spent(|| sessions.iter().try_for_each(&mut check))?,
    ));
    thread::sleep(A_WHILE);
    let idle = place.spent(|| {
        thread::sleep(A_WHILE);
        Ok(())
    })?;
    let with_checks = place.spent(|| {
        sessions.iter().try_for_each(&mut check)?;
        thread::sleep(A_WHILE);
        Ok(())
    })?;
    spent.push(("check of a remembered session, and its last-seen time", with_checks.less(&idle)));
    spent.push((
        "sign-out",
        place.spent(|| {
            let mut connection = connect(&server)?;
            sessions.iter().try_for_each(|session| {
                send(&mut connection, &bearing(Request::post("/api/v1/sign-out"), session)?)
                    .map(drop)
            })
        })?,
    ));
    drop(server);
    folder.remove()?;
    Ok(spent)
}

impl Place<'_> {
    fn spent(&self, doing: impl FnOnce() -> Result<()>) -> Result<Spent> {
        let (backends, log) = (self.backends()?, self.log()?);
        let (node, database) = (on_processor(self.server.pid())?, all_on_processor(&backends)?);
        doing()?;
        Ok(Spent {
            node: on_processor(self.server.pid())?.saturating_sub(node),
            database: all_on_processor(&self.backends()?)?.saturating_sub(database),
            log: self.log()?.saturating_sub(log),
        })
    }

    /// PostgreSQL's processes, but for the one that answers this.
    fn backends(&self) -> Result<Vec<u32>> {
        let asked = "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()";
        let answer = self.postgres.sql("postgres", asked)?;
        answer.split_whitespace().map(|pid| Ok(pid.parse()?)).collect()
    }

    /// Bytes that were ever written to its log.
    fn log(&self) -> Result<u64> {
        log_of(self.postgres)
    }
}

fn all_on_processor(pids: &[u32]) -> Result<Duration> {
    pids.iter().map(|pid| on_processor(*pid)).sum()
}

/// Ends many sessions from another process, and looks how much a server keeps in mind of that.
fn heard_row() -> Result<u64> {
    let folder = Folder::create("bench-scale-log")?;
    drop(start(folder.path(), &[])?);
    let data = folder.path().join("data");
    let mut seed = built("bench-seed");
    said(seed.arg(data.join("cloakroom.db")).arg("sessions").arg(ENDED.to_string()))?;
    let server = start(folder.path(), &[])?;
    let before = resident(server.pid())?;
    let mut end = program(binary());
    end.args(["session", "end", "--all", "--yes"]).arg("--data-dir").arg(&data);
    said(&mut end)?;
    thread::sleep(A_WHILE);
    let after = resident(server.pid())?;
    drop(server);
    folder.remove()?;
    Ok(after.saturating_sub(before) / ENDED)
}

fn connect(server: &Server) -> Result<Connection> {
    Ok(Connection::calling(HOST, server.port(), Duration::from_secs(30))?)
}

fn send(connection: &mut Connection, request: &Request<'_>) -> Result<Value> {
    let answer = connection.send(request)?;
    ensure!(answer.status < 300, "{} {}: {answer:?}", request.method, request.path);
    Ok(answer.json())
}

fn bearing<'a>(request: Request<'a>, session: &Value) -> Result<Request<'a>> {
    Ok(request.header("Authorization", format!("Bearer {}", text(session, "access_token")?)))
}

fn text<'a>(object: &'a Value, member: &str) -> Result<&'a str> {
    object[member].as_str().with_context(|| format!("there is no {member} in {object}"))
}
