//! Every figure that the README quotes and that `cargo xtask scale` rests on: `cargo xtask bench`.
//!
//! Rests on release builds and on what Debian has: wrk for load, taskset to keep server and load to a core each, `/proc`
//! for processor time and memory. A comparison is the median of interleaved runs with its spread, so that a slow minute
//! of the machine hits both sides. Progress goes to standard error, the report in Markdown to standard output.

mod acts;
mod administrator;
mod bare;
mod client;
mod cold;
mod cost;
mod fill;
mod followers;
mod growth;
mod guard;
mod jose;
mod load;
mod machine;
mod memory;
mod node;
mod nodes;
mod oauth;
mod process;
mod revocation;
mod sample;
mod scale;
mod services;
mod shared;
mod startup;
mod storm;
mod wrk;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::needs::{self, Need};
use crate::server::{self, Server, binary};
use crate::shell::{cargo, program, target};

const NEEDS: &[Need] = &[
    Need::Program { name: "cc", package: "build-essential" },
    Need::Program { name: "wrk", package: "wrk" },
    Need::Program { name: "taskset", package: "util-linux" },
];

/// What nodes share.
const SHARED: &[Need] = &[
    Need::Service { name: "postgres", package: "postgresql" },
    Need::Service { name: "redis-server", package: "redis-server" },
];

/// What services keep sessions of their own in.
const SESSIONS: &[Need] = &[Need::Service { name: "redis-server", package: "redis-server" }];

/// Which core works for whom.
const SERVER_CORE: &str = "0";
const LOAD_CORE: &str = "1";

#[derive(Args)]
pub(crate) struct Options {
    /// Measures only this part; may be given several times
    #[arg(long, value_name = "PART")]
    only: Vec<String>,
    /// Shorter and fewer runs: for trying, not for quoting
    #[arg(long)]
    quick: bool,
}

/// How much of everything.
struct Scale {
    runs: usize,
    warm_up_seconds: u64,
    /// What Node.js runs beyond that before it counts: its compiler works on what runs often.
    compiler_seconds: u64,
    run_seconds: u64,
    rest_seconds: u64,
    remembered_sessions: usize,
    stored_sessions: usize,
    storm_seconds: u64,
    /// How many sessions are asked for in turn: more than a node keeps that is to remember few, and few enough to be
    /// remembered.
    sessions_in_turn: u64,
    /// How many are stored, from the fewest on.
    growth: &'static [u64],
    revocation_seconds: u64,
    sign_ins: usize,
    /// How many sessions of each carrier end while services follow.
    sign_outs: usize,
    /// How often each other act is done.
    acts: u64,
}

const FULL: Scale = Scale {
    runs: 7,
    warm_up_seconds: 10,
    compiler_seconds: 30,
    run_seconds: 5,
    rest_seconds: 30,
    remembered_sessions: 100_000,
    stored_sessions: 1_000_000,
    storm_seconds: 10,
    sessions_in_turn: 10_000,
    growth: &[10_000, 1_000_000, 5_000_000],
    revocation_seconds: 60,
    sign_ins: 500,
    sign_outs: 200,
    acts: 10_000,
};

const QUICK: Scale = Scale {
    runs: 3,
    warm_up_seconds: 1,
    compiler_seconds: 4,
    run_seconds: 2,
    rest_seconds: 5,
    remembered_sessions: 20_000,
    stored_sessions: 100_000,
    storm_seconds: 5,
    sessions_in_turn: 4_000,
    growth: &[4_000, 20_000],
    revocation_seconds: 5,
    sign_ins: 100,
    sign_outs: 20,
    acts: 2_000,
};

/// Something to measure, and the tools of ours that it is measured with.
struct Part {
    name: &'static str,
    tools: &'static [&'static str],
    /// Beside what all parts need.
    needs: &'static [Need],
    measure: fn(&Scale) -> Result<String>,
}

const PARTS: &[Part] = &[
    Part { name: "cost", tools: &["bare"], needs: &[], measure: cost::measure },
    Part { name: "oauth", tools: &["bare", "rounds"], needs: &[], measure: oauth::measure },
    Part {
        name: "services",
        tools: &["bare", "service"],
        needs: SESSIONS,
        measure: services::measure,
    },
    Part { name: "followers", tools: &["followers"], needs: &[], measure: followers::measure },
    Part { name: "storm", tools: &["storm"], needs: &[], measure: storm::measure },
    Part { name: "memory", tools: &["seed"], needs: &[], measure: memory::measure },
    Part { name: "start", tools: &["seed"], needs: &[], measure: startup::measure },
    Part { name: "nodes", tools: &["bare"], needs: SHARED, measure: nodes::measure },
    Part { name: "cold", tools: &["client"], needs: SHARED, measure: cold::measure },
    Part { name: "growth", tools: &[], needs: SHARED, measure: growth::measure },
    Part { name: "revocation", tools: &["storm"], needs: SHARED, measure: revocation::measure },
    Part { name: "acts", tools: &[], needs: SHARED, measure: acts::measure },
    Part { name: "scale", tools: &["seed"], needs: SHARED, measure: scale::measure },
    Part { name: "guard", tools: &[], needs: guard::NEEDS, measure: |_| guard::measure() },
    Part { name: "jose", tools: &[], needs: &[], measure: |_| jose::measure() },
];

/// Measures, and prints what was measured.
///
/// # Errors
///
/// When there is no such part, something is missing on this machine, or a server answers what it should not.
pub(crate) fn run(options: &Options) -> Result<()> {
    for name in &options.only {
        let names: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
        ensure!(
            names.contains(&name.as_str()),
            "there is no part `{name}`; the parts are {}",
            names.join(", ")
        );
    }
    let cores = thread::available_parallelism()?.get();
    ensure!(cores >= 2, "server and load need a core each, and there is {cores}");
    let is_chosen =
        |part: &&Part| options.only.is_empty() || options.only.iter().any(|only| only == part.name);
    let parts: Vec<&Part> = PARTS.iter().filter(is_chosen).collect();
    let needs = parts.iter().flat_map(|part| part.needs.iter().map(|need| (*need, part.name)));
    needs::meet(NEEDS.iter().map(|need| (*need, "bench")).chain(needs))?;
    build(&parts)?;

    let scale = if options.quick { &QUICK } else { &FULL };
    let mut report = machine::facts()?;
    for Part { name, measure, .. } in parts {
        eprintln!("measuring {name}");
        report.push_str(&measure(scale).with_context(|| format!("the part `{name}`"))?);
    }
    println!("{report}");
    if options.quick {
        println!("Quick runs show that the bench works. They are not to be quoted.");
    }
    Ok(())
}

/// The server, and what is measured with.
fn build(parts: &[&Part]) -> Result<()> {
    // The server alone, as it is shipped: built together it would have the features that its seeder needs.
    server::build()?;
    let tools: BTreeSet<&str> = parts.iter().flat_map(|part| part.tools).copied().collect();
    if tools.is_empty() {
        return Ok(());
    }
    let mut build = cargo();
    build.args(["build", "--locked", "--release"]);
    for tool in tools {
        build.arg(format!("--package=cloakroom-bench-{tool}"));
    }
    ensure!(build.status()?.success(), "the release build failed");
    Ok(())
}

/// A program of ours, as it was built for this.
fn built(name: &str) -> Command {
    program(target().join("release").join(name))
}

/// The same command, kept to a core.
fn pinned(core: &str, command: &Command) -> Command {
    let mut pinned = program("taskset");
    pinned.args(["-c", core]).arg(command.get_program()).args(command.get_args());
    pinned
}

/// Our server on its core, with the data in this folder.
fn start(folder: &Path, arguments: &[&str]) -> Result<Server> {
    Server::start_as(pinned(SERVER_CORE, &program(binary())), folder, arguments)
}

/// Runs a program of ours to its end, and answers what it said.
fn said(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output()?;
    let name = Path::new(command.get_program()).display();
    ensure!(output.status.success(), "{name} ended with {}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}
