//! The repository's own commands: `cargo xtask test` and what stands beside it.
//!
//! Rests on as few crates as can be, because it is the first thing that a fresh machine compiles. It runs the
//! tools and parts that prove something; what they prove is written with them.

mod bench;
mod crash;
mod fuzz;
mod generate;
mod http;
mod needs;
mod random;
mod server;
mod shell;
mod soak;
mod step;
mod steps;
mod stopwatch;
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
    /// Measures every figure that the README quotes
    Bench(bench::Options),
    /// Writes what is generated and committed
    Generate(generate::Options),
}

fn main() -> ExitCode {
    let outcome = match Command::parse() {
        Command::Test(options) => step::run(steps::ALL, &options),
        Command::Soak(options) => soak::run(&options).map(|()| ExitCode::SUCCESS),
        Command::Bench(options) => bench::run(&options).map(|()| ExitCode::SUCCESS),
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
