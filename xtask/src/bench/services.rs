//! What it costs a service to know who asks, in each of the usual ways, beside the bare framework answering the same bytes.
//!
//! The service has a core for itself; whom it asks (our server, Redis) works on the load's, and what that takes is counted
//! apart. `express-session` is measured where Node.js is there, beside no bare framework: it is another one.

mod running;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cloakroom_testservers::Redis;
use serde_json::{Value, json};

use self::running::{Service, express_session};
use super::administrator::{AUDIENCE, Administrator};
use super::bare::Bare;
use super::load::{Account, member};
use super::process::cpu_time;
use super::sample::Sample;
use super::shared::pid_of_redis;
use super::{LOAD_CORE, Scale, pinned, wrk};
use crate::http::{Connection, Request};
use crate::server::{Folder, Server, binary};
use crate::shell::{program, run_quietly};

/// Enough that no service waits for the load.
const CONNECTIONS: u32 = 32;

/// Tokens live as long as all that is measured with them.
const SETTINGS: [&str; 1] = ["--access-token-ttl=1h"];

pub(crate) fn measure(scale: &Scale) -> Result<String> {
    let folder = Folder::create("bench-services")?;
    let around = Around::start(&folder)?;
    let mut ways = ways(&around, folder.path())?;
    for way in &ways {
        way.warm_up(scale)?;
        eprintln!("  warm: {}", way.name);
    }
    for run in 1..=scale.runs {
        for way in &mut ways {
            way.run(&around, scale.run_seconds)?;
        }
        eprintln!("  run {run} of {}", scale.runs);
    }
    let report = report(&ways)?;
    drop((ways, around));
    folder.remove()?;
    Ok(report)
}

/// Whom services ask, and somebody who is signed in there.
struct Around {
    server: Server,
    redis: Redis,
    redis_pid: u32,
    user: String,
    token: String,
    cookie: String,
    settings: Value,
}

impl Around {
    fn start(folder: &Folder) -> Result<Self> {
        let server = pinned(LOAD_CORE, &program(binary()));
        let server = Server::start_as(server, folder.path(), &SETTINGS)?;
        let redis = Redis::start()?;
        let redis_pid = pid_of_redis(&redis)?;
        run_quietly(program("taskset").args(["-acp", LOAD_CORE, &redis_pid.to_string()]))?;
        let mut connection = server.connect()?;
        let administrator = Administrator::create(folder, &mut connection)?;
        // `jsonwebtoken` reads no token whose header says Ed25519 (RFC 9864).
        administrator.add_app(&mut connection, Some("ES256"))?;
        let service_secret = administrator.add_service(&mut connection)?;
        let (account, signed_up) = Account::create(&mut connection, 0)?;
        let mut sign_in = account.sign_in_body("token");
        sign_in["client_id"] = json!("app");
        let tokens = connection.send(&Request::post("/api/v1/sign-in").json(&sign_in))?;
        let user = tokens.json()["user"]["id"].as_str().map(str::to_owned);
        let settings = json!({
            "issuer": server.url(),
            "audience": AUDIENCE,
            "client_id": "api",
            "client_secret": service_secret,
            "redis": redis.url(),
        });
        Ok(Self {
            user: user.context("nobody is signed in")?,
            cookie: format!("cookie: {}", signed_up.cookie().context("no cookie")?),
            token: format!("authorization: Bearer {}", member(&tokens, "access_token")?),
            server,
            redis,
            redis_pid,
            settings,
        })
    }

    /// The processor time of whoever is asked, so far.
    fn cpu(&self) -> Result<Duration> {
        Ok(cpu_time(self.server.pid())? + cpu_time(self.redis_pid)?)
    }
}

/// One way to know who asks.
struct Way {
    name: String,
    service: Service,
    /// What a request brings.
    header: String,
    /// The bare framework with the same answer, where the service stands on it.
    bare: Option<Bare>,
    cpu_us: Sample,
    elsewhere_us: Sample,
    bare_us: Sample,
    ratio: Sample,
    p50_us: Sample,
    p99_us: Sample,
}

fn ways(around: &Around, folder: &Path) -> Result<Vec<Way>> {
    let file = folder.join("service.json");
    fs::write(&file, around.settings.to_string())?;
    let ours = |way: &str| Service::start(&super::built("bench-service"), &[way], Some(&file));
    let token = |_: &Service| Ok(around.token.clone());
    let cookie = |_: &Service| Ok(around.cookie.clone());
    let session = |service: &Service| signed_in(service, &around.user);
    let mut ways = vec![
        Way::new("a signed token, by the guard", ours("guard")?, token)?,
        Way::new("Cloakroom's cookie, by the guard", ours("guard")?, cookie)?,
        Way::new("a signed token, verified by `jsonwebtoken`", ours("jsonwebtoken")?, token)?,
        Way::new("a token, introspected", ours("introspection")?, token)?,
        Way::new("a session in Redis, by `tower-sessions`", ours("tower-sessions")?, session)?,
    ];
    for (number, way) in ways.iter_mut().enumerate() {
        let answer = way.ask()?;
        let user = answer.json()["user"].as_str().map(str::to_owned);
        ensure!(user.as_ref() == Some(&around.user), "{} answered {answer:?}", way.name);
        way.bare = Some(Bare::start("/who", &folder.join(format!("who{number}")), &answer)?);
    }
    if let Some((service, version)) = express_session(&around.redis)? {
        ways.push(Way::new(&format!("a session in Redis, by {version}"), service, session)?);
    }
    Ok(ways)
}

/// What the cookie of a new session of the service's own says.
fn signed_in(service: &Service, user: &str) -> Result<String> {
    let mut connection = Connection::open(service.port())?;
    let answer = connection.send(&Request::post("/sign-in").text(user))?;
    ensure!(answer.status == 204, "a sign-in answered {answer:?}");
    let cookie = answer.header("set-cookie").and_then(|cookie| cookie.split(';').next());
    Ok(format!("cookie: {}", cookie.context("no cookie")?))
}

impl Way {
    fn new(
        name: &str,
        service: Service,
        brings: impl FnOnce(&Service) -> Result<String>,
    ) -> Result<Self> {
        let header = brings(&service).with_context(|| name.to_owned())?;
        let none = Sample::default;
        Ok(Self {
            name: name.to_owned(),
            service,
            header,
            bare: None,
            cpu_us: none(),
            elsewhere_us: none(),
            bare_us: none(),
            ratio: none(),
            p50_us: none(),
            p99_us: none(),
        })
    }

    fn ask(&self) -> Result<crate::http::Answer> {
        let (name, value) = self.header.split_once(": ").context("a header has a name")?;
        let request = Request::get("/who").header(name, value);
        Ok(Connection::open(self.service.port())?.send(&request)?)
    }

    fn warm_up(&self, scale: &Scale) -> Result<()> {
        // What stands on the bare framework is compiled already.
        let seconds = if self.bare.is_some() { 0 } else { scale.compiler_seconds };
        wrk::run(&mut self.load(self.service.port(), scale.warm_up_seconds + seconds))?;
        Ok(())
    }

    /// One run of the bare framework and one of the service.
    fn run(&mut self, around: &Around, seconds: u64) -> Result<()> {
        let bare = match &self.bare {
            Some(bare) => Some(self.one(bare.port(), bare.pid(), seconds)?.0),
            None => None,
        };
        let before = around.cpu()?;
        let (cpu_us, report) = self.one(self.service.port(), self.service.pid(), seconds)?;
        let elsewhere = around.cpu()?.saturating_sub(before);
        self.cpu_us.add(cpu_us);
        self.elsewhere_us.add(of_each(elsewhere, report.requests));
        self.p50_us.add(report.p50.as_secs_f64() * 1e6);
        self.p99_us.add(report.p99.as_secs_f64() * 1e6);
        if let Some(bare) = bare {
            self.bare_us.add(bare);
            self.ratio.add(cpu_us / bare);
        }
        Ok(())
    }

    /// The processor time of a request, in microseconds, and what wrk saw.
    fn one(&self, port: u16, pid: u32, seconds: u64) -> Result<(f64, wrk::Report)> {
        let before = cpu_time(pid)?;
        let report = wrk::run(&mut self.load(port, seconds)).with_context(|| self.name.clone())?;
        let used = cpu_time(pid)?.saturating_sub(before);
        Ok((of_each(used, report.requests), report))
    }

    fn load(&self, port: u16, seconds: u64) -> Command {
        let url = format!("http://127.0.0.1:{port}/who");
        let mut wrk = wrk::command(&url, 1, CONNECTIONS, seconds);
        wrk.args(["-H", &self.header]);
        pinned(LOAD_CORE, &wrk)
    }
}

/// In microseconds.
fn of_each(used: Duration, requests: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a count of requests is far below 2^52")]
    let requests = requests as f64;
    used.as_secs_f64() * 1e6 / requests
}

fn report(ways: &[Way]) -> Result<String> {
    let mut table = String::from(
        "\n## What it costs a service to know who asks\n\n\
         | the request brings | CPU at the service | bare CPU | ratio | lowest to highest | CPU elsewhere | p50 | p99 |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for way in ways {
        write!(table, "| {} | {:.1} µs | ", way.name, way.cpu_us.median())?;
        if way.bare.is_some() {
            let ratio = &way.ratio;
            write!(table, "{:.1} µs | {:.2} | ", way.bare_us.median(), ratio.median())?;
            write!(table, "{:.2} to {:.2} | ", ratio.lowest(), ratio.highest())?;
        } else {
            table.push_str("another framework | | | ");
        }
        writeln!(
            table,
            "{:.1} µs | {:.0} µs | {:.0} µs |",
            way.elsewhere_us.median(),
            way.p50_us.median(),
            way.p99_us.median(),
        )?;
    }
    Ok(table)
}
