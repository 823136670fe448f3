//! Running a table of steps: in order, timed, and counted at the end.
//!
//! A step stands in the table when it can run, and then it runs: there is no way for one to be skipped unseen.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;

use crate::needs::{self, Need};
use crate::stopwatch::{Shown, Stopwatch};

pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// What is known once it has passed.
    pub(crate) proves: &'static str,
    pub(crate) needs: &'static [Need],
    pub(crate) run: fn() -> Result<()>,
}

#[derive(Args)]
pub(crate) struct Options {
    /// Runs this step only; may be given several times
    #[arg(long = "step", value_name = "NAME")]
    only: Vec<String>,
    /// Goes on after a step that failed
    #[arg(long)]
    keep_going: bool,
    /// Lists the steps and what each of them proves
    #[arg(long)]
    list: bool,
}

/// How a step ended.
enum End {
    Passed(Duration),
    Failed(Duration),
    NotRun,
}

/// Runs the chosen steps and closes with the line `N passed, N failed`.
///
/// # Errors
///
/// When a step is named that does not exist, or something is missing that cannot be installed.
pub(crate) fn run(all: &[Step], options: &Options) -> Result<ExitCode> {
    let steps = chosen(all, &options.only)?;
    if options.list {
        for step in steps {
            println!("{:<14} {}", step.name, step.proves);
        }
        return Ok(ExitCode::SUCCESS);
    }
    needs::meet(steps.iter().flat_map(|step| step.needs.iter().map(|need| (*need, step.name))))?;
    let ends = run_each(&steps, options.keep_going);
    Ok(report(&steps, &ends))
}

fn chosen<'a>(all: &'a [Step], only: &[String]) -> Result<Vec<&'a Step>> {
    for name in only {
        if !all.iter().any(|step| step.name == name) {
            let names: Vec<&str> = all.iter().map(|step| step.name).collect();
            bail!("there is no step `{name}`; the steps are {}", names.join(", "));
        }
    }
    Ok(all.iter().filter(|step| only.is_empty() || only.iter().any(|it| it == step.name)).collect())
}

fn run_each(steps: &[&Step], keep_going: bool) -> Vec<End> {
    let mut stopped = false;
    let mut ends = Vec::new();
    for step in steps {
        if stopped {
            ends.push(End::NotRun);
            continue;
        }
        println!("\n=== {}: {}", step.name, step.proves);
        let watch = Stopwatch::start();
        match (step.run)() {
            Ok(()) => ends.push(End::Passed(watch.elapsed())),
            Err(error) => {
                println!("{}: {error:#}", step.name);
                ends.push(End::Failed(watch.elapsed()));
                stopped = !keep_going;
            }
        }
    }
    ends
}

fn report(steps: &[&Step], ends: &[End]) -> ExitCode {
    let (mut passed, mut failed) = (0, 0);
    println!();
    for (step, end) in steps.iter().zip(ends) {
        let (word, time) = match end {
            End::Passed(time) => {
                passed += 1;
                ("passed", Shown(*time).to_string())
            }
            End::Failed(time) => {
                failed += 1;
                ("FAILED", Shown(*time).to_string())
            }
            End::NotRun => ("not run", String::new()),
        };
        println!("{word:<8} {time:>12}  {:<14} {}", step.name, step.proves);
    }
    println!("\n{passed} passed, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Step] = &[
        Step { name: "first", proves: "", needs: &[], run: || Ok(()) },
        Step { name: "broken", proves: "", needs: &[], run: || bail!("on purpose") },
        Step { name: "last", proves: "", needs: &[], run: || Ok(()) },
    ];

    fn ends(keep_going: bool) -> Vec<&'static str> {
        let steps: Vec<&Step> = TABLE.iter().collect();
        let word = |end: &End| match end {
            End::Passed(_) => "passed",
            End::Failed(_) => "failed",
            End::NotRun => "not run",
        };
        run_each(&steps, keep_going).iter().map(word).collect()
    }

    #[test]
    fn a_failure_stops_what_follows() {
        assert_eq!(ends(false), ["passed", "failed", "not run"]);
    }

    #[test]
    fn keep_going_runs_what_follows_a_failure() {
        assert_eq!(ends(true), ["passed", "failed", "passed"]);
    }

    #[test]
    fn a_step_that_does_not_exist_is_refused() {
        assert!(chosen(TABLE, &["last".to_owned()]).is_ok());
        let refused = chosen(TABLE, &["lst".to_owned()]).err().unwrap();
        assert!(refused.to_string().contains("first, broken, last"), "{refused}");
    }
}
