//! What the guard costs a service with each request: by the crate `guard`'s own bench, in one process, without a network.

use std::process::Stdio;

use anyhow::{Result, ensure};

use crate::shell::cargo;

/// The bench's lines.
pub(crate) fn measure() -> Result<String> {
    let mut bench = cargo();
    bench.args(["bench", "--locked", "--package=cloakroom-guard"]).stderr(Stdio::inherit());
    let output = bench.output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "the bench of cloakroom-guard failed: {said}");
    Ok(format!("\n## A request at a service behind the guard\n\n```text\n{}\n```\n", said.trim()))
}
