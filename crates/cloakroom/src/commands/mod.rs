//! What each command does, a file each.

mod backup;
mod client;
mod compare;
mod config;
mod db;
mod doctor;
mod event;
mod healthcheck;
mod key;
mod openapi;
mod restore;
mod serve;
mod session;
mod stream;
mod token;
mod user;

use crate::{
    arguments::{Command, Generate, Line},
    exit::Failure,
    output::Output,
    settings::reference,
};

/// Does what the line asks for.
pub(crate) fn run(line: &Line, output: &Output) -> Result<(), Failure> {
    let given = &line.given;
    match &line.command {
        Command::Serve => serve::run(given, output),
        Command::User(command) => user::run(command, given, output),
        Command::Session(command) => session::run(command, given, output),
        Command::Client(command) => client::run(command, given, output),
        Command::Key(command) => key::run(command, given, output),
        Command::Token(command) => token::run(command, given, output),
        Command::Event(command) => event::run(command, given, output),
        Command::Stream(command) => stream::run(command, given, output),
        Command::Backup(to) => backup::run(to, given, output),
        Command::Restore(from) => restore::run(from, given, output),
        Command::Db(command) => db::run(command, given, output),
        Command::Config(command) => config::run(command, given, output),
        Command::Compare(what) => compare::run(what, given, output),
        Command::CompareService => crate::compare::serve(),
        Command::Doctor => doctor::run(given, output),
        Command::Healthcheck => healthcheck::run(given, output),
        Command::Generate(Generate::ConfigDocs) => Output::text(&reference::page()),
        Command::Generate(Generate::Openapi) => openapi::run(),
    }
}
