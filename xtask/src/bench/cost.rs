//! What a request costs, beside the bare framework answering the same bytes to the same requests.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::bare::Bare;
use super::load::{Account, guests, member};
use super::process::cpu_time;
use super::sample::Sample;
use super::{LOAD_CORE, Scale, pinned, start, wrk};
use crate::http::{Answer, Connection, Request};
use crate::server::{Folder, Server};
use crate::shell::root;

/// Enough that the server never waits for the load.
const CONNECTIONS: u32 = 32;

/// A connection that refreshes has a thread of wrk and so many chains: with a replay window of a second no chain comes to
/// the sixteen rotations that fill it.
pub(crate) const REFRESHING: u32 = 16;
const CHAINS: usize = 100;
pub(crate) const REPLAY_WINDOW: &str = "--refresh-replay-window=1s";

pub(crate) fn measure(scale: &Scale) -> Result<String> {
    let folder = Folder::create("bench-cost")?;
    let server = start(folder.path(), &[REPLAY_WINDOW])?;
    let mut scenarios = scenarios(&server, folder.path())?;
    for scenario in &mut scenarios {
        scenario.run(&server, scale.warm_up_seconds)?;
        (scenario.ours, scenario.bare) = (Runs::default(), Runs::default());
    }
    for run in 1..=scale.runs {
        for scenario in &mut scenarios {
            scenario.run(&server, scale.run_seconds)?;
        }
        eprintln!("  run {run} of {}", scale.runs);
    }
    let table = table(&scenarios)?;
    drop((scenarios, server));
    folder.remove()?;
    Ok(table)
}

/// Something to ask, of us and of the bare framework.
struct Scenario {
    name: &'static str,
    path: &'static str,
    ask: Ask,
    rival: Bare,
    ours: Runs,
    bare: Runs,
}

pub(crate) enum Ask {
    Get { header: String },
    Post { header: String, body: String },
    Refresh { chains: PathBuf },
}

#[derive(Default)]
struct Runs {
    cpu_us: Sample,
    per_second: Sample,
    p50_us: Sample,
    p99_us: Sample,
    /// Ours alone: the processor time beside that of the run of the bare framework just before.
    ratio: Sample,
}

fn scenarios(server: &Server, folder: &Path) -> Result<Vec<Scenario>> {
    let mut connection = server.connect()?;
    let (account, signed_up) = Account::create(&mut connection, 0)?;
    let cookie = format!("cookie: {}", signed_up.cookie().context("no cookie")?);
    let tokens = connection.send(&account.sign_in("token"))?;
    let token = format!("authorization: Bearer {}", member(&tokens, "access_token")?);
    let issuer = format!("http://localhost:{}", server.port());
    let audience = json!({"audience": issuer}).to_string();
    let chains = folder.join("chains");
    [
        ("session check by cookie", "/api/v1/session", Ask::Get { header: cookie.clone() }),
        ("session check by token", "/api/v1/session", Ask::Get { header: token }),
        ("token issue", "/api/v1/session/token", Ask::Post { header: cookie, body: audience }),
        ("refresh", "/oauth/token", Ask::Refresh { chains }),
    ]
    .into_iter()
    .enumerate()
    .map(|(number, (name, path, ask))| {
        let answer = ask.once(path, server, &mut connection).context(name)?;
        let rival = Bare::start(path, &folder.join(format!("answer{number}")), &answer)?;
        Ok(Scenario { name, path, ask, rival, ours: Runs::default(), bare: Runs::default() })
    })
    .collect()
}

impl Scenario {
    /// One run of each side, the bare framework first.
    fn run(&mut self, server: &Server, seconds: u64) -> Result<()> {
        self.ask.prepare(server)?;
        let bare = self.one(self.rival.port(), self.rival.pid(), seconds)?;
        let ours = self.one(server.port(), server.pid(), seconds)?;
        self.ours.ratio.add(ours.0 / bare.0);
        self.bare.add(bare.0, &bare.1);
        self.ours.add(ours.0, &ours.1);
        Ok(())
    }

    /// The processor time of a request, in microseconds, and what wrk saw.
    fn one(&self, port: u16, pid: u32, seconds: u64) -> Result<(f64, wrk::Report)> {
        let before = cpu_time(pid)?;
        let report = wrk::run(&mut self.ask.load(self.path, port, seconds)).context(self.name)?;
        let used = cpu_time(pid)?.saturating_sub(before);
        #[expect(clippy::cast_precision_loss, reason = "a count of requests is far below 2^52")]
        let requests = report.requests as f64;
        Ok((microseconds(used) / requests, report))
    }
}

impl Runs {
    fn add(&mut self, cpu_us: f64, report: &wrk::Report) {
        self.cpu_us.add(cpu_us);
        self.per_second.add(report.per_second);
        self.p50_us.add(microseconds(report.p50));
        self.p99_us.add(microseconds(report.p99));
    }
}

impl Ask {
    /// Chains for one run: those of the one before are where nobody has noted.
    pub(crate) fn prepare(&self, server: &Server) -> Result<()> {
        if let Self::Refresh { chains } = self {
            let tokens = guests(server, usize::try_from(REFRESHING)? * CHAINS, "token")?;
            fs::write(chains, tokens.join("\n"))?;
        }
        Ok(())
    }

    /// Asks our server once, for the answer that the bare framework is to give.
    fn once(&self, path: &str, server: &Server, connection: &mut Connection) -> Result<Answer> {
        let request = match self {
            Self::Get { header } => with(Request::get(path), header),
            Self::Post { header, body } => {
                with(Request::post(path), header).json(&serde_json::from_str(body)?)
            }
            Self::Refresh { .. } => {
                let token = guests(server, 1, "token")?.pop().context("no guest")?;
                Request::post(path).form(&[
                    ("grant_type", "refresh_token"),
                    ("client_id", "cloakroom"),
                    ("refresh_token", &token),
                ])
            }
        };
        let answer = connection.send(&request)?;
        ensure!(answer.status == 200, "it was answered {answer:?}");
        Ok(answer)
    }

    /// wrk on the load's core, asking for so many seconds.
    pub(crate) fn load(&self, path: &str, port: u16, seconds: u64) -> Command {
        let script = |name| root().join("bench/wrk").join(name);
        let threads = if let Self::Refresh { .. } = self { REFRESHING } else { 1 };
        let connections = if let Self::Refresh { .. } = self { REFRESHING } else { CONNECTIONS };
        let url = format!("http://127.0.0.1:{port}{path}");
        let mut wrk = wrk::command(&url, threads, connections, seconds);
        // The server answers to its public name alone.
        wrk.args(["-H", &format!("Host: localhost:{port}")]);
        match self {
            Self::Get { header } => {
                wrk.args(["-H", header]);
            }
            Self::Post { header, body } => {
                wrk.args(["-H", header, "-s"]).arg(script("post.lua"));
                wrk.args(["--", "application/json", body]);
            }
            Self::Refresh { chains } => {
                wrk.arg("-s").arg(script("refresh.lua"));
                wrk.arg("--").arg(chains).arg(CHAINS.to_string());
            }
        }
        pinned(LOAD_CORE, &wrk)
    }
}

fn with<'a>(request: Request<'a>, header: &'a str) -> Request<'a> {
    let (name, value) = header.split_once(": ").expect("a header has a name and a value");
    request.header(name, value)
}

fn microseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

fn table(scenarios: &[Scenario]) -> Result<String> {
    let mut table = String::from(
        "\n## Cost of a request\n\n\
         | request | CPU | bare CPU | ratio | lowest to highest | requests/s | p50 | p99 | bare p99 |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for Scenario { name, ours, bare, .. } in scenarios {
        writeln!(
            table,
            "| {name} | {:.1} µs | {:.1} µs | {:.2} | {:.2} to {:.2} | {:.0} | {:.0} µs | {:.0} µs | {:.0} µs |",
            ours.cpu_us.median(),
            bare.cpu_us.median(),
            ours.ratio.median(),
            ours.ratio.lowest(),
            ours.ratio.highest(),
            ours.per_second.median(),
            ours.p50_us.median(),
            ours.p99_us.median(),
            bare.p99_us.median(),
        )?;
    }
    Ok(table)
}
