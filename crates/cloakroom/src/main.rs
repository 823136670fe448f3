//! Cloakroom: the one binary. It reads the arguments and the settings, puts the parts together, and runs a command.
//!
//! This is the only crate that names concrete backends. Everything that decides is in the crates below.

mod arguments;
mod asking;
mod commands;
mod compare;
mod exit;
mod logging;
mod master_key;
mod offline;
mod output;
mod postgres;
mod probe;
mod redis;
mod settings;
mod when;
mod wiring;

use std::{env, process::ExitCode};

use crate::{arguments::Line, output::Output};

fn main() -> ExitCode {
    let line = match Line::read(env::args_os(), env::vars_os()) {
        Ok(line) => line,
        Err(refused) => return refused.print(),
    };
    let output = Output::new(line.json);
    match commands::run(&line, &output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => output.fail(&failure),
    }
}
