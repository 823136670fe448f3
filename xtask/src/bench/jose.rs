//! Tokens signed and verified by the crate `jose`, beside the raw signature: by that crate's own bench.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};

use crate::shell::cargo;

/// The bench's table.
pub(crate) fn measure() -> Result<String> {
    Ok(format!("\n## Tokens beside the raw signature\n\n```text\n{}\n```\n", bench(&[])?.trim()))
}

/// What a raw Ed25519 signature takes, in microseconds.
pub(crate) fn raw_signature() -> Result<f64> {
    let said = bench(&["Ed25519"])?;
    read_raw_signature(&said).with_context(|| format!("the bench of cloakroom-jose said:\n{said}"))
}

fn bench(algorithms: &[&str]) -> Result<String> {
    let mut bench = cargo();
    bench.args(["bench", "--locked", "--package=cloakroom-jose"]).stderr(Stdio::inherit());
    let output = bench.arg("--").args(algorithms).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "the bench of cloakroom-jose failed: {said}");
    Ok(said.into_owned())
}

fn read_raw_signature(said: &str) -> Option<f64> {
    let (_, after) = said.split_once("bare signing")?;
    after.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_raw_signature_stands_behind_its_name() {
        let said =
            "Ed25519  signing  1.074 [1.060 to 1.090]     21.30 µs  bare signing    19.80 µs\n";
        assert_eq!(read_raw_signature(said), Some(19.8));
        assert_eq!(read_raw_signature("running 0 tests"), None);
    }
}
