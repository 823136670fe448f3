//! What the guard costs a service with each request: by the crate `guard`'s own bench, in one process, without a network.

use std::process::Stdio;

use anyhow::{Result, ensure};

use crate::needs::Need;
use crate::shell::cargo;

/// What the bench counts instructions and allocations with.
pub(crate) const NEEDS: &[Need] = &[Need::Program { name: "valgrind", package: "valgrind" }];

/// The bench's lines.
pub(crate) fn measure() -> Result<String> {
    let (timed, counted) = (bench(&[])?, bench(&["--", "counted"])?);
    Ok(format!(
        "\n## A request at a service behind the guard\n\n```text\n{}\n\n{}\n```\n",
        timed.trim(),
        counted.trim()
    ))
}

fn bench(arguments: &[&str]) -> Result<String> {
    let mut bench = cargo();
    bench.args(["bench", "--locked", "--package=cloakroom-guard"]).args(arguments);
    let output = bench.stderr(Stdio::inherit()).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "the bench of cloakroom-guard failed: {said}");
    Ok(said.into_owned())
}
