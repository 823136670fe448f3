//! Coverage-guided fuzzing with the stable toolchain: libFuzzer, and the compiler's own instrumentation for it.
//!
//! Leaves out the sanitizers, which need another toolchain and would watch code that has no `unsafe`. Panics, failed
//! assertions, hangs and memory without end are found.

use std::fs;
use std::thread;

use anyhow::{Result, anyhow, bail, ensure};

use crate::shell::{cargo, program, root, run};

/// Where a fuzzed build lies, apart from the others, because its flags differ.
const TARGET: &str = "target/fuzz";

const TARGETS: &[&str] = &[
    "token",
    "signed-token",
    "jwks",
    "strict-json",
    "cookies",
    "form",
    "authorization-request",
    "client-metadata",
    "bodies",
    "token-request",
    "dpop-proof",
    "feed",
];

/// What cargo-fuzz asks of the compiler, without the sanitizer. Counters and comparisons are what guides libFuzzer.
const FLAGS: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// How long the planted fault may stay unfound; it takes about a second.
const PLANTED_SECONDS: u64 = 60;

/// Builds all targets and runs each for this long, the planted fault first, as many at once as there are processors.
pub(crate) fn run_each(seconds: u64) -> Result<()> {
    let host = host()?;
    build(&host)?;
    ensure!(
        !fuzz(&host, "planted", PLANTED_SECONDS)?,
        "the fuzzer did not find the fault that was planted for it: it is not guided"
    );
    println!("the planted fault was found, as it must be");
    // Each runs on one processor, and all run equally long.
    let at_once = thread::available_parallelism()?.get();
    for targets in TARGETS.chunks(at_once) {
        thread::scope(|scope| {
            let fuzzing: Vec<_> = targets
                .iter()
                .map(|target| (target, scope.spawn(|| fuzz(&host, target, seconds))))
                .collect();
            for (target, it) in fuzzing {
                let held = it.join().map_err(|_| anyhow!("{target} was not run to its end"))??;
                ensure!(held, "`{target}` failed; the input lies in fuzz/artifacts/{target}/");
            }
            anyhow::Ok(())
        })?;
    }
    Ok(())
}

/// With `--target`, so that build scripts and macros stay as they are.
fn build(host: &str) -> Result<()> {
    let mut build = cargo();
    build.env("RUSTFLAGS", FLAGS.join(" "));
    build.args(["build", "--locked", "--profile=fuzz", "--package=cloakroom-fuzz"]);
    run(build.args(["--bins", "--target", host, "--target-dir", TARGET]))
}

/// Runs one target, beginning with its seeds and with what earlier runs found; tells whether it held.
fn fuzz(host: &str, target: &str, seconds: u64) -> Result<bool> {
    let folder = target.replace('-', "_");
    let corpus = root().join("fuzz/corpus").join(&folder);
    let artifacts = root().join("fuzz/artifacts").join(target);
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&artifacts)?;
    let mut fuzz = program(root().join(format!("{TARGET}/{host}/fuzz/fuzz-{target}")));
    fuzz.arg(format!("-max_total_time={seconds}"));
    fuzz.args(["-timeout=10", "-rss_limit_mb=2048", "-max_len=4096", "-print_final_stats=1"]);
    fuzz.arg(format!("-artifact_prefix={}/", artifacts.display())).arg(corpus);
    let seeds = root().join("fuzz/seeds").join(&folder);
    if seeds.is_dir() {
        fuzz.arg(seeds);
    }
    println!("fuzzing {target} for {seconds} s");
    let output = fuzz.output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        let stats = said.lines().filter(|line| line.contains("DONE") || line.contains("units_ex"));
        stats.for_each(|line| println!("  {target}: {}", line.trim()));
    } else if target != "planted" {
        println!("{said}");
    }
    // An instrumented program that libFuzzer cannot see says so, and finds nothing.
    ensure!(!said.contains("Is the code instrumented"), "{target} is not instrumented");
    Ok(output.status.success())
}

fn host() -> Result<String> {
    let output = program("rustc").arg("-vV").output()?;
    let text = String::from_utf8(output.stdout)?;
    match text.lines().find_map(|line| line.strip_prefix("host: ")) {
        Some(host) => Ok(host.to_owned()),
        None => bail!("rustc names no host: {text}"),
    }
}
