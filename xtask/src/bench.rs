//! Every figure that the README quotes: `cargo xtask bench`.
//!
//! Rests on release builds and on what Debian has: wrk for load, taskset to keep server and load to a core each, `/proc`
//! for processor time and memory. A comparison is the median of interleaved runs with its spread, so that a slow minute
//! of the machine hits both sides. Progress goes to standard error, the report in Markdown to standard output.

mod jose;
mod machine;

use anyhow::{Result, ensure};
use clap::Args;

#[derive(Args)]
pub(crate) struct Options {
    /// Measures only this part; may be given several times
    #[arg(long, value_name = "PART")]
    only: Vec<String>,
}

type Part = (&'static str, fn() -> Result<String>);

const PARTS: &[Part] = &[("jose", jose::measure)];

/// Measures, and prints what was measured.
pub(crate) fn run(options: &Options) -> Result<()> {
    for name in &options.only {
        let names: Vec<&str> = PARTS.iter().map(|(part, _)| *part).collect();
        ensure!(
            names.contains(&name.as_str()),
            "there is no part `{name}`; the parts are {}",
            names.join(", ")
        );
    }
    let mut report = machine::facts()?;
    for (name, measure) in PARTS {
        if options.only.is_empty() || options.only.iter().any(|only| only == name) {
            eprintln!("measuring {name}");
            report.push_str(&measure()?);
        }
    }
    println!("{report}");
    Ok(())
}
