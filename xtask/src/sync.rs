//! Promise 7, from below: between reading a request that changes something and writing its answer, the server has
//! waited for the disk.
//!
//! A killed process loses nothing that the kernel already holds, so only the system calls can show this. The same
//! watch over a server that was told not to wait must find that it does not, or it would prove nothing.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

use crate::http::{Connection, Request};
use crate::server::{self, Folder, Server};
use crate::shell::program;

/// How often each act is watched: one sync that happens to lie between two lines proves little.
const TIMES: usize = 10;

pub(crate) fn run() -> Result<()> {
    server::build()?;
    let folder = Folder::create("sync")?;
    let watched = watch(&folder.path().join("durable"), &[])?;
    for (act, waited) in &watched {
        ensure!(waited, "`{act}` was acknowledged before the disk had it");
    }
    println!("{} acts, each synced before its acknowledgement", watched.len());

    let careless = watch(&folder.path().join("careless"), &["--danger-no-sync"])?;
    if let Some((act, _)) = careless.iter().find(|(_, waited)| *waited) {
        bail!(
            "`{act}` looks synced on a server that never syncs: the watch sees what is not there"
        );
    }
    println!("the same watch finds no sync where syncing is off");
    folder.remove()
}

/// Acts on a watched server; tells of each act whether its answer waited for the disk.
fn watch(folder: &Path, arguments: &[&str]) -> Result<Vec<(String, bool)>> {
    fs::create_dir_all(folder)?;
    let server = Server::start(folder, arguments)?;
    let mut connection = server.connect()?;
    let trace = folder.join("trace");
    let mut strace = attach(&server, &trace)?;
    await_watch(&mut connection, &trace)?;
    let acts = act(&mut connection)?;
    drop(server);
    strace.wait()?;
    let trace = fs::read_to_string(&trace)?;
    acts.into_iter()
        .map(|act| {
            let waited = waited(&trace, &act).with_context(|| format!("`{act}`"))?;
            Ok((act, waited))
        })
        .collect()
}

/// Starts to write down the system calls that matter, and returns when they are being written down.
fn attach(server: &Server, trace: &Path) -> Result<Child> {
    let mut strace = program("strace")
        .args(["-f", "-s", "400", "-e", "trace=fsync,fdatasync,read,recvfrom,write,writev,sendto"])
        .arg("-o")
        .arg(trace)
        .args(["-p", &server.pid().to_string()])
        .stderr(Stdio::piped())
        .spawn()
        .context("strace")?;
    let stderr = strace.stderr.take().context("strace has no stderr")?;
    for line in BufReader::new(stderr).lines() {
        let line = line?;
        if line.contains("attached") {
            return Ok(strace);
        }
    }
    bail!("strace did not attach: {:?}", strace.wait()?)
}

/// Threads are attached one by one: returns when requests are seen, one after another, whichever thread reads them.
fn await_watch(connection: &mut Connection, trace: &Path) -> Result<()> {
    let mut seen = 0;
    for number in 0..10_000 {
        let name = format!("ready-{number}.");
        connection.send(&Request::get("/healthz").header("x-act", name.as_str()))?;
        let answered = fs::read_to_string(trace)?;
        let answered = answered.split_once(&name).is_some_and(|(_, after)| after.contains("HTTP"));
        seen = if answered { seen + 1 } else { 0 };
        if seen == 20 {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(2));
    }
    bail!("strace does not see what the server reads")
}

/// Acts that change something lasting; each is named in a header, so that the trace tells them apart.
fn act(connection: &mut Connection) -> Result<Vec<String>> {
    let mut acts = Vec::new();
    let mut send = |name: String, request: Request<'_>| -> Result<_> {
        let answer = connection.send(&request.header("x-act", name.as_str()))?;
        ensure!((200..300).contains(&answer.status), "{name} answered {answer:?}");
        acts.push(name);
        Ok(answer)
    };
    for time in 0..TIMES {
        let email = format!("someone{time}@example.test");
        let password = format!("a long password {time}");
        let body = json!({"email": email, "password": password, "carry": "token"});
        send(format!("sign-up-{time}."), Request::post("/api/v1/sign-up").json(&body))?;

        let body = json!({"identifier": email, "password": password, "carry": "token"});
        let tokens =
            send(format!("sign-in-{time}."), Request::post("/api/v1/sign-in").json(&body))?.json();
        let refresh_token = tokens["refresh_token"].as_str().context("no refresh token")?;
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", "cloakroom"),
            ("refresh_token", refresh_token),
        ];
        send(format!("refresh-{time}."), Request::post("/oauth/token").form(&form))?;

        let body = json!({"identifier": email, "password": password, "carry": "cookie"});
        let answer = send(format!("cookie-{time}."), Request::post("/api/v1/sign-in").json(&body))?;
        let cookie = answer.cookie().context("no cookie")?;
        let out = Request::post("/api/v1/sign-out").header("cookie", cookie);
        send(format!("sign-out-{time}."), out)?;
    }
    Ok(acts)
}

/// Whether a sync began and succeeded after the request was read and before its answer was written.
fn waited(trace: &str, act: &str) -> Result<bool> {
    let mut lines = trace.lines();
    lines.find(|line| line.contains(act)).context("the trace shows no request")?;
    let mut began = false;
    let mut synced = false;
    for line in lines {
        if line.contains("\"HTTP/1.1 ") {
            return Ok(synced);
        }
        began |= line.contains("fsync(") || line.contains("fdatasync(");
        synced |= began && line.contains("sync") && line.ends_with("= 0");
    }
    bail!("the trace shows no answer")
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str =
        r#"8 recvfrom(9, "POST / HTTP/1.1\r\nx-act: a-1.\r\n", 8192, 0, NULL, NULL) = 30"#;
    const ANSWER: &str = r#"8 sendto(9, "HTTP/1.1 200 OK\r\n", 17, MSG_NOSIGNAL, NULL, 0) = 17"#;

    fn waited_in(lines: &[&str]) -> bool {
        waited(&lines.join("\n"), "a-1.").unwrap()
    }

    #[test]
    fn a_sync_between_request_and_answer_is_seen() {
        assert!(waited_in(&[REQUEST, "9 fdatasync(7) = 0", ANSWER]));
        let apart = ["9 fdatasync(7 <unfinished ...>", "9 <... fdatasync resumed>) = 0"];
        assert!(waited_in(&[REQUEST, apart[0], apart[1], ANSWER]));
    }

    #[test]
    fn a_sync_elsewhere_or_in_vain_is_not() {
        let apart = ["9 fdatasync(7 <unfinished ...>", "9 <... fdatasync resumed>) = 0"];
        assert!(!waited_in(&[REQUEST, ANSWER, "9 fdatasync(7) = 0"]));
        assert!(!waited_in(&["9 fdatasync(7) = 0", REQUEST, ANSWER]));
        assert!(!waited_in(&[apart[0], REQUEST, apart[1], ANSWER]));
        assert!(!waited_in(&[REQUEST, apart[0], ANSWER, apart[1]]));
        assert!(!waited_in(&[REQUEST, "9 fdatasync(7) = -1 EIO (Input/output error)", ANSWER]));
    }
}
