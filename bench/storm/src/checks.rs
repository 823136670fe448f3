//! Session checks, each at its time.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::Plan;
use crate::connection::Connection;

/// A connection and a thread each.
pub(crate) const LANES: u32 = 8;

/// Of all lanes together. Few enough that the server is idle most of the time, so that what the storm adds is seen.
const CHECKS_PER_SECOND: u32 = 400;

/// How late each answer of one lane was.
pub(crate) fn run(plan: &Plan, cookie: &str, lane: u32) -> Result<Vec<Duration>> {
    let mut connection = Connection::open(plan.port, [127, 0, 0, 1])?;
    let request = format!(
        "GET /api/v1/session HTTP/1.1\r\nhost: localhost:{}\r\ncookie: {cookie}\r\n\r\n",
        plan.port
    );
    let each = Duration::from_secs(1) * LANES / CHECKS_PER_SECOND;
    let mut latencies = Vec::new();
    for number in 0.. {
        let due = each * number + each * lane / LANES;
        if due >= plan.lasts {
            break;
        }
        plan.await_due(due);
        let status = connection.ask(&request)?;
        ensure!(status == 200, "a session check was answered {status}");
        latencies.push(plan.elapsed().saturating_sub(due));
    }
    Ok(latencies)
}
