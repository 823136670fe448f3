//! The repository's own commands: `cargo xtask test` and what stands beside it.
//!
//! Rests on as few crates as can be, because it is the first thing that a fresh machine compiles. It runs the
//! tools and parts that prove something; what they prove is written with them.

mod bench;
mod cluster;
mod conformance;
mod crash;
mod debian;
mod deploy;
mod examples;
mod fuzz;
mod generate;
mod http;
mod needs;
mod proxies;
mod random;
mod scale;
mod server;
mod shell;
mod soak;
mod step;
mod steps;
mod stopwatch;
mod strangers;
mod sync;
mod tools;

use std::process::ExitCode;

use clap::Parser;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "The repository's own commands")]
enum Command {
    /// Runs everything that a change must pass, once, from a fresh machine
    Test(step::Options),
    /// Makes the published counts: races, crashes and fuzzing, until luck is no explanation
    Soak(soak::Options),
    /// Measures every figure that the README quotes and the model of scale rests on
    Bench(bench::Options),
    /// Says what a deployment of a size needs, from measured costs and stated assumptions
    Scale(scale::Options),
    /// Serves the examples on this machine, to be clicked through
    Examples,
    /// Writes what is generated and committed
    Generate(generate::Options),
}

fn main() -> ExitCode {
    let outcome = match Command::parse() {
        Command::Test(options) => step::run(steps::ALL, &options),
        Command::Soak(options) => soak::run(&options).map(|()| ExitCode::SUCCESS),
        Command::Bench(options) => bench::run(&options).map(|()| ExitCode::SUCCESS),
        Command::Scale(options) => {
            scale::run(&options);
            Ok(ExitCode::SUCCESS)
        }
        Command::Examples => examples::serve().map(|()| ExitCode::SUCCESS),
        Command::Generate(options) => generate::run(&options).map(|()| ExitCode::SUCCESS),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn every_command_that_a_page_names_exists() {
        let mut named = 0;
        for page in pages() {
            let text = fs::read_to_string(&page).unwrap();
            for words in text.split("cargo xtask ").skip(1) {
                let word = |letter: char| letter.is_ascii_lowercase() || letter == '-';
                let mut words = words.split_whitespace().map(|it| it.trim_matches(|c| !word(c)));
                let command = words.next().unwrap_or_default();
                let known = Command::command().find_subcommand(command).is_some();
                assert!(known, "{}: cargo xtask {command}", page.display());
                if words.next() == Some("--step") {
                    let step = words.next().unwrap_or_default();
                    let known = steps::ALL.iter().any(|it| it.name == step);
                    assert!(known, "{}: --step {step}", page.display());
                }
                named += 1;
            }
        }
        assert!(named > 3, "only {named} commands are named: the search misses them");
    }

    /// The pages at the root and in `docs/`, and those beside the tests.
    fn pages() -> Vec<std::path::PathBuf> {
        ["", "docs", "docs/operating", "tests/browser", "tests/interop", "tests/schemathesis"]
            .into_iter()
            .flat_map(|folder| fs::read_dir(shell::root().join(folder)).unwrap())
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
            .collect()
    }
}
