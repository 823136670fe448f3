//! Tokens signed and verified by the crate `jose`, beside the raw signature: by that crate's own bench.

use std::process::Stdio;

use anyhow::{Result, ensure};

use crate::shell::cargo;

/// The bench's table.
pub(crate) fn measure() -> Result<String> {
    let mut bench = cargo();
    bench.args(["bench", "--locked", "--package=cloakroom-jose"]).stderr(Stdio::inherit());
    let output = bench.output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "the bench of cloakroom-jose failed: {said}");
    Ok(format!("\n## Tokens beside the raw signature\n\n```text\n{}\n```\n", said.trim()))
}
