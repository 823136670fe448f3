//! What each command does, a file each.

mod config;
mod doctor;

use crate::{
    arguments::{Command, Generate, Line},
    exit::Failure,
    output::Output,
    settings::reference,
};

/// Does what the line asks for.
pub(crate) fn run(line: &Line, output: &Output) -> Result<(), Failure> {
    match &line.command {
        Command::Config(command) => config::run(command, &line.given, output),
        Command::Doctor => doctor::run(&line.given, output),
        Command::Generate(Generate::ConfigDocs) => Output::text(&reference::page()),
    }
}
