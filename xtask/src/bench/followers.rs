//! How soon services know that a session was signed out: one with the guard, and so many others that follow the feed beside
//! it.
//!
//! From the acknowledgement of the sign-out until the guard's service refuses a cookie or a token, and until the server
//! refuses the refresh token; and until each follower has the row. Then what the followers cost the server.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::administrator::{AUDIENCE, Administrator};
use super::load::{Account, SIGNING_IN, in_parallel, member};
use super::process::{on_processor, resident};
use super::{LOAD_CORE, Scale, built, pinned, start};
use crate::http::{Connection, Request};
use crate::server::{Folder, Server};

const AIM: &str = "p99 under 100 ms";

/// How many follow, the guard among them.
const FOLLOWERS: [usize; 3] = [1, 100, 1_000];

const CARRIERS: [&str; 3] = ["cookie", "token", "refresh"];

/// Tokens live as long as all that is measured with them, and a refresh token that was used before earns the newest one.
const SETTINGS: [&str; 2] = ["--access-token-ttl=1h", "--refresh-replay-window=5m"];

pub(crate) fn measure(scale: &Scale) -> Result<String> {
    let folder = Folder::create("bench-followers")?;
    let server = start(folder.path(), &SETTINGS)?;
    let clients = Clients::register(&folder, &server)?;
    let mut report = format!(
        "\n## From the acknowledgement of a sign-out until services know\n\n\
         Of each row {} sessions, one after the other. A refresh token is refused by the server itself.\n\n\
         | followers | what is refused, or arrives | p50 | p99 | longest | aim |\n\
         | --- | --- | --- | --- | --- | --- |\n",
        scale.sign_outs,
    );
    let mut costs = String::new();
    for followers in FOLLOWERS {
        let sessions = clients.sign_in(&server, scale.sign_outs)?;
        let measured = end_all(&server, &clients, followers, &sessions, folder.path())?;
        measured.write(followers, &mut report, &mut costs)?;
        eprintln!("  {followers} followers");
    }
    write!(
        report,
        "\n| followers | the server's memory for each | CPU for each follower and sign-out |\n\
         | --- | --- | --- |\n{costs}"
    )?;
    drop(server);
    folder.remove()?;
    Ok(report)
}

/// Who asks the server.
struct Clients {
    service_secret: String,
    account: Account,
}

impl Clients {
    fn register(folder: &Folder, server: &Server) -> Result<Self> {
        let mut connection = server.connect()?;
        let administrator = Administrator::create(folder, &mut connection)?;
        administrator.add_app(&mut connection, None)?;
        let service_secret = administrator.add_service(&mut connection)?;
        let (account, _) = Account::create(&mut connection, 0)?;
        Ok(Self { service_secret, account })
    }

    /// So many sessions of each carrier.
    fn sign_in(&self, server: &Server, count: usize) -> Result<Vec<Value>> {
        in_parallel(server, SIGNING_IN, count * CARRIERS.len(), |connection, number| {
            self.session(server, connection, CARRIERS[number % CARRIERS.len()])
        })
    }

    fn session(
        &self,
        server: &Server,
        connection: &mut Connection,
        carrier: &str,
    ) -> Result<Value> {
        if carrier == "cookie" {
            let signed_in = connection.send(&self.account.sign_in("cookie"))?;
            let cookie = ["cookie", signed_in.cookie().context("no cookie")?];
            return Ok(json!({"carrier": carrier, "presented": cookie, "signs_out": cookie}));
        }
        let mut body = self.account.sign_in_body("token");
        body["client_id"] = json!("app");
        let tokens = connection.send(&Request::post("/api/v1/sign-in").json(&body))?;
        let refresh_token = member(&tokens, "refresh_token")?;
        // The first token is for the service; one for the server itself signs out.
        let ours = connection.send(&Request::post("/oauth/token").form(&[
            ("grant_type", "refresh_token"),
            ("client_id", "app"),
            ("refresh_token", &refresh_token),
            ("resource", &server.url()),
        ]))?;
        let bearer = |token: String| ["authorization".to_owned(), format!("Bearer {token}")];
        Ok(json!({
            "carrier": carrier,
            "presented": bearer(member(&tokens, "access_token")?),
            "signs_out": bearer(member(&ours, "access_token")?),
            "refresh_token": member(&ours, "refresh_token")?,
        }))
    }
}

struct Measured {
    /// In seconds, by what was measured.
    delays: HashMap<String, Vec<f64>>,
    /// Of each follower, in bytes.
    memory: f64,
    /// Of each follower and sign-out, in microseconds.
    cpu_us: f64,
}

#[expect(clippy::cast_precision_loss, reason = "bytes and counts far below 2^52")]
fn end_all(
    server: &Server,
    clients: &Clients,
    followers: usize,
    sessions: &[Value],
    folder: &Path,
) -> Result<Measured> {
    let plan = folder.join("plan");
    let document = json!({
        "issuer": server.url(),
        "audience": AUDIENCE,
        "client_id": "api",
        "client_secret": clients.service_secret,
        "followers": followers - 1,
        "sessions": sessions,
    });
    fs::write(&plan, document.to_string())?;
    let before = resident(server.pid())?;
    let mut tool = pinned(LOAD_CORE, built("bench-followers").arg(&plan));
    let mut tool = tool.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut said = BufReader::new(tool.stdout.take().context("its output is not here")?).lines();
    let mut next =
        || said.next().context("the followers ended early")?.map_err(anyhow::Error::from);
    ensure!(next()? == "following", "the followers do not follow");
    let (memory, cpu) = (resident(server.pid())?, on_processor(server.pid())?);
    writeln!(tool.stdin.take().context("its input is not here")?, "begin")?;
    let delays = serde_json::from_str(&next()?)?;
    let cpu = on_processor(server.pid())?.saturating_sub(cpu);
    ensure!(tool.wait()?.success(), "the followers failed");
    Ok(Measured {
        delays,
        memory: memory.saturating_sub(before) as f64 / followers as f64,
        cpu_us: cpu.as_secs_f64() * 1e6 / (followers * sessions.len()) as f64,
    })
}

impl Measured {
    fn write(&self, followers: usize, delays: &mut String, costs: &mut String) -> Result<()> {
        for (what, name) in [
            ("a cookie is refused by the guard", "cookie"),
            ("a token is refused by the guard", "token"),
            ("a refresh token is refused by the server", "refresh"),
            ("the row arrives at the others", "arrival"),
        ] {
            let mut seconds = self.delays.get(name).cloned().unwrap_or_default();
            seconds.sort_by(f64::total_cmp);
            let Some(longest) = seconds.len().checked_sub(1) else { continue };
            let at = |per_cent: usize| seconds[longest * per_cent / 100] * 1e3;
            let (p50, p99, last) = (at(50), at(99), at(100));
            writeln!(
                delays,
                "| {followers} | {what} | {p50:.1} ms | {p99:.1} ms | {last:.1} ms | {AIM} |"
            )?;
        }
        let memory = self.memory / 1024.0;
        writeln!(costs, "| {followers} | {memory:.1} KiB | {:.1} µs |", self.cpu_us)?;
        Ok(())
    }
}
