//! How long a start takes until a stored session is recognised, with none other and with very many stored.
//!
//! Never the first start, which makes keys and migrates.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::load::guests;
use super::sample::Sample;
use super::{Scale, built, said, start};
use crate::http::Request;
use crate::server::Folder;
use crate::stopwatch::Stopwatch;

pub(crate) fn measure(scale: &Scale) -> Result<String> {
    let folder = Folder::create("bench-start")?;
    let server = start(folder.path(), &[])?;
    let cookie = guests(&server, 1, "cookie")?.pop().context("no guest")?;
    drop(server);
    let few = starts(folder.path(), &cookie, scale.runs)?;
    eprintln!("  storing {} sessions", scale.stored_sessions);
    let mut seed = built("bench-seed");
    seed.arg(folder.path().join("data/cloakroom.db")).arg("sessions");
    said(seed.arg(scale.stored_sessions.to_string()))?;
    let many = starts(folder.path(), &cookie, scale.runs)?;
    folder.remove()?;

    let row = |stored: usize, sample: &Sample| {
        let (median, lowest, highest) = (sample.median(), sample.lowest(), sample.highest());
        format!("| {stored} | {median:.0} ms | {lowest:.0} to {highest:.0} ms |\n")
    };
    Ok(format!(
        "\n## From start to first answer\n\n\
         | other sessions stored | median | lowest to highest |\n| --- | --- | --- |\n{}{}",
        row(0, &few),
        row(scale.stored_sessions, &many),
    ))
}

/// Milliseconds from the start of the process to the recognition of a session. One start is not counted: after a kill
/// or a seeding it finds a log to take over and cold files.
fn starts(folder: &Path, cookie: &str, runs: usize) -> Result<Sample> {
    drop(start(folder, &[])?);
    let mut sample = Sample::default();
    for _ in 0..runs {
        let watch = Stopwatch::start();
        let server = start(folder, &[])?;
        let request = Request::get("/api/v1/session").header("cookie", cookie);
        let answer = server.connect()?.send(&request)?;
        sample.add(watch.elapsed().as_secs_f64() * 1e3);
        ensure!(answer.status == 200, "the stored session is answered {answer:?}");
    }
    Ok(sample)
}
