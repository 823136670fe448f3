//! Memory at rest, and what each session adds once it has been recognised.

use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::load::check_each;
use super::process::resident;
use super::{Scale, built, said, start};
use crate::server::Folder;

/// So many are recognised before any is counted: what a server needs for its first requests it needs once.
const BEFORE: usize = 1_000;

pub(crate) fn measure(scale: &Scale) -> Result<String> {
    let folder = Folder::create("bench-memory")?;
    // The first start makes the database.
    drop(start(folder.path(), &[])?);
    let mut seed = built("bench-seed");
    seed.arg(folder.path().join("data/cloakroom.db")).arg("guests");
    seed.arg(scale.remembered_sessions.to_string());
    let cookies = said(&mut seed)?;
    let cookies: Vec<String> = cookies.lines().map(|value| format!("cloakroom={value}")).collect();
    ensure!(cookies.len() > BEFORE, "only {} guests were made", cookies.len());

    let server = start(folder.path(), &[])?;
    let at_start = resident(server.pid())?;
    thread::sleep(Duration::from_secs(scale.rest_seconds));
    let at_rest = resident(server.pid())?;
    let (first, counted) = cookies.split_at(BEFORE);
    check_each(&server, first)?;
    let before = resident(server.pid())?;
    check_each(&server, counted)?;
    let after = resident(server.pid())?;
    drop(server);
    folder.remove()?;

    Ok(format!(
        "\n## Memory\n\n| resident | |\n| --- | --- |\n\
         | after the first answer | {:.1} MiB |\n\
         | after {} s of rest | {:.1} MiB |\n\
         | with {} guest sessions in memory | {:.1} MiB |\n\
         | for each of them | {} bytes |\n",
        mebibytes(at_start),
        scale.rest_seconds,
        mebibytes(at_rest),
        cookies.len(),
        mebibytes(after),
        after.saturating_sub(before) / u64::try_from(counted.len())?,
    ))
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}
