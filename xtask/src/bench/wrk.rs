//! One run of wrk and what it reported.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::shell::program;

/// What wrk saw.
#[derive(Debug, PartialEq)]
pub(crate) struct Report {
    pub(crate) requests: u64,
    pub(crate) per_second: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

/// wrk over one thread, or over as many as the script keeps apart, with a latency report.
pub(crate) fn command(url: &str, threads: u32, connections: u32, seconds: u64) -> Command {
    let mut wrk = program("wrk");
    wrk.args(["--latency", &format!("-t{threads}"), &format!("-c{connections}")]);
    wrk.args([&format!("-d{seconds}s"), url]);
    wrk
}

/// Runs it.
///
/// # Errors
///
/// When a single answer was refused or missing: a server that fails is fast.
pub(crate) fn run(command: &mut Command) -> Result<Report> {
    let output = command.output().context("wrk could not be run")?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success(),
        "wrk failed: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    read(&text).with_context(|| format!("wrk reported:\n{text}"))
}

fn read(text: &str) -> Result<Report> {
    ensure!(!text.contains("Non-2xx"), "some answers were refusals");
    ensure!(!text.contains("Socket errors"), "some requests had no answer");
    let after = |beginning: &str| {
        let value = text.lines().find_map(|line| line.trim().strip_prefix(beginning));
        value.map(str::trim).with_context(|| format!("no line begins with {beginning:?}"))
    };
    let requests = text.lines().find_map(|line| line.trim().split_once(" requests in "));
    Ok(Report {
        requests: requests.context("no count of requests")?.0.parse()?,
        per_second: after("Requests/sec:")?.parse()?,
        p50: duration(after("50%")?)?,
        p99: duration(after("99%")?)?,
    })
}

/// wrk writes `950.00us`, `1.20ms`, `1.02s` and `1.00m`.
fn duration(text: &str) -> Result<Duration> {
    let end = text.find(|c: char| c.is_ascii_alphabetic()).context("a duration without a unit")?;
    let (number, unit) = text.split_at(end);
    let scale = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        _ => anyhow::bail!("what is the unit {unit:?}?"),
    };
    Ok(Duration::from_secs_f64(number.parse::<f64>()? * scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "Running 1s test @ http://127.0.0.1:1/
  1 threads and 2 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    49.44us   33.85us   1.59ms   84.50%
    Req/Sec    39.95k     1.68k   42.10k    70.00%
  Latency Distribution
     50%   45.00us
     75%   52.00us
     90%   66.00us
     99%    1.13ms
  39750 requests in 1.00s, 5.12MB read
Requests/sec:  39732.42
Transfer/sec:      5.12MB
";

    #[test]
    fn a_report_is_read() {
        let expected = Report {
            requests: 39_750,
            per_second: 39_732.42,
            p50: Duration::from_micros(45),
            p99: Duration::from_micros(1_130),
        };
        assert_eq!(read(REPORT).unwrap(), expected);
    }

    #[test]
    fn a_run_with_refusals_does_not_count() {
        assert!(read(&format!("{REPORT}  Non-2xx or 3xx responses: 1\n")).is_err());
        assert!(read(&format!("{REPORT}  Socket errors: connect 0, read 1\n")).is_err());
    }
}
