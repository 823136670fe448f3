//! How long after the acknowledgement of a sign-out on one node another node still answers the session, at rest and
//! under load.
//!
//! The other node remembers the session when it ends, and is then asked again and again on one connection; the time is
//! that of its first refusal, so that half a millisecond of it may be the pause between two questions. What nodes do
//! under faults is the soak's: `cargo xtask soak`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};

use super::node::{CHECK, Node};
use super::shared::{Seen, Shared};
use super::storm::write_plan;
use super::{LOAD_CORE, Scale, built, pinned, said};
use crate::http::Request;
use crate::server::{Folder, World};
use crate::stopwatch::Stopwatch;

const AIM: &str = "p99 under 100 ms";

/// What each node does meanwhile, beside the 400 session checks a second of the storm's tool.
const SIGN_INS_A_SECOND: f64 = 5.0;

/// The pause between two questions, and when it is no delay any more.
const PAUSE: Duration = Duration::from_micros(500);
const TOO_LATE: Duration = Duration::from_secs(10);

pub(crate) fn measure(scale: &Scale) -> Result<String> {
    let folder = Folder::create("bench-revocation")?;
    let shared = Shared::start()?;
    let database = shared.create_database()?;
    let world = World { database: Some(database.url()), redis: None };
    let start = |name| Node::start(name, folder.path(), &world, &[]);
    let nodes = [start("one")?, start("other")?];
    database.store(0, scale.sessions_in_turn, Seen::Now)?;
    let cookies = database.cookies(0, scale.sessions_in_turn, scale.sessions_in_turn)?;
    let plan = folder.path().join("plan");
    write_plan(&nodes[0].server, &plan)?;

    let (first, second) = cookies.split_at(cookies.len() / 2);
    let at_rest = end_each(&nodes, first, scale.revocation_seconds)?;
    let (under_load, signed_in) = under_load(&nodes, &plan, second, scale.revocation_seconds)?;
    drop(nodes);
    folder.remove()?;

    let mut report = format!(
        "\n## From the acknowledgement of a sign-out to the refusal by another node\n\n\
         Two nodes over one PostgreSQL. Under load each is asked for 400 session checks and {SIGN_INS_A_SECOND} \
         sign-ins a second meanwhile; {signed_in} were signed in.\n\n\
         | | sign-outs | p50 | p99 | longest | aim |\n| --- | --- | --- | --- | --- | --- |\n"
    );
    for (name, delays) in [("at rest", &at_rest), ("under load", &under_load)] {
        let at = |per_cent| milliseconds(percentile(delays, per_cent));
        writeln!(
            report,
            "| {name} | {} | {:.1} ms | {:.1} ms | {:.1} ms | {AIM} |",
            delays.len(),
            at(50),
            at(99),
            at(100)
        )?;
    }
    Ok(report)
}

/// Also answers how many were signed in meanwhile.
fn under_load(
    nodes: &[Node; 2],
    plan: &Path,
    cookies: &[String],
    seconds: u64,
) -> Result<(Vec<Duration>, u64)> {
    let storm = |node: &Node| -> Command {
        let mut storm = built("bench-storm");
        // Longer than what is measured, at both ends.
        let (port, seconds) = (node.server.port().to_string(), (seconds + 3).to_string());
        storm.args([port, seconds, SIGN_INS_A_SECOND.to_string()]).arg(plan);
        pinned(LOAD_CORE, &storm)
    };
    thread::scope(|scope| {
        let blowing = nodes.each_ref().map(|node| scope.spawn(move || said(&mut storm(node))));
        thread::sleep(Duration::from_secs(1));
        let delays = end_each(nodes, cookies, seconds)?;
        let mut signed_in = 0;
        for storm in blowing {
            let text = storm.join().map_err(|_| anyhow!("a load panicked"))??;
            let count = text.lines().find_map(|line| line.strip_prefix("signed_in "));
            signed_in +=
                count.context("the load does not say who was signed in")?.parse::<u64>()?;
        }
        ensure!(signed_in > 0, "nobody was signed in: there was no load");
        Ok((delays, signed_in))
    })
}

/// Ends one session after the other for so long, each on one node and followed on the other; answers the delays, the
/// shortest first.
fn end_each(nodes: &[Node; 2], cookies: &[String], seconds: u64) -> Result<Vec<Duration>> {
    let mut connections = [nodes[0].server.connect()?, nodes[1].server.connect()?];
    let (mut delays, watch) = (Vec::new(), Stopwatch::start());
    for (number, cookie) in cookies.iter().enumerate() {
        if watch.elapsed() > Duration::from_secs(seconds) {
            break;
        }
        let check = Request::get(CHECK).header("cookie", cookie.as_str());
        for connection in &mut connections {
            let answer = connection.send(&check)?;
            ensure!(answer.status == 200, "a session is answered {answer:?}");
        }
        let sign_out = Request::post("/api/v1/sign-out").header("cookie", cookie.as_str());
        let (here, there) = (number % 2, 1 - number % 2);
        let answer = connections[here].send(&sign_out)?;
        let acknowledged = Stopwatch::start();
        ensure!(answer.status == 204, "a sign-out is answered {answer:?}");
        while connections[there].send(&check)?.status != 401 {
            ensure!(acknowledged.elapsed() < TOO_LATE, "an ended session is still answered");
            thread::sleep(PAUSE);
        }
        delays.push(acknowledged.elapsed());
    }
    delays.sort_unstable();
    delays.last().context("no session was ended")?;
    Ok(delays)
}

/// Of sorted delays, the one that so many of a hundred do not exceed.
fn percentile(sorted: &[Duration], per_cent: usize) -> Duration {
    sorted[(sorted.len() - 1) * per_cent / 100]
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_taken_by_rank() {
        let sorted: Vec<Duration> = (0..=200).map(Duration::from_millis).collect();
        assert_eq!([50, 99, 100].map(|it| percentile(&sorted, it).as_millis()), [100, 198, 200]);
        assert_eq!(percentile(&sorted[..1], 99), sorted[0]);
    }
}
