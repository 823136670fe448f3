//! Starts the binary with nothing around it but what the test says.

use std::{
    ffi::OsStr,
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// A folder to run in, and variables to run with.
pub(crate) struct Program {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

impl Program {
    /// In an empty folder, with no variables.
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    /// With one more variable.
    pub(crate) fn with(mut self, variable: &str, value: &str) -> Self {
        self.variables.push((variable.to_owned(), value.to_owned()));
        self
    }

    /// From now on with this variable, and with no other value for it.
    pub(crate) fn set(&mut self, variable: &str, value: &str) {
        self.unset(variable);
        self.variables.push((variable.to_owned(), value.to_owned()));
    }

    /// From now on without this variable.
    pub(crate) fn unset(&mut self, variable: &str) {
        self.variables.retain(|(name, _)| name != variable);
    }

    /// Where it runs.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs it to its end, with nothing to read.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Ran {
        Ran(self.command(arguments).stdin(Stdio::null()).output().unwrap())
    }

    /// Runs it to its end, with this on its standard input.
    pub(crate) fn run_with<S: AsRef<OsStr>>(&self, arguments: &[S], input: &str) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // One that reads nothing has gone before it is all written.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Ran(child.wait_with_output().unwrap())
    }

    /// The command line, to be started in another way.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cloakroom"));
        command
            .args(arguments)
            .current_dir(self.folder())
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// What a run left.
pub(crate) struct Ran(Output);

impl Ran {
    /// The exit code.
    pub(crate) fn code(&self) -> i32 {
        self.0.status.code().expect("it ended by itself")
    }

    /// Standard output, of a run that succeeded.
    pub(crate) fn text(&self) -> String {
        assert_eq!(self.code(), 0, "{}", self.complaint());
        self.printed()
    }

    /// Standard output, however it ended.
    pub(crate) fn printed(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    /// Standard output as the one JSON value it is, of a run that succeeded.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }

    /// The JSON that a run printed which failed none the less.
    pub(crate) fn one_line(&self) -> Value {
        serde_json::from_str(&self.printed()).unwrap()
    }

    /// Standard error, of a run that failed with this exit code.
    pub(crate) fn refused(&self, code: i32) -> String {
        assert_eq!(self.code(), code, "{}{}", self.printed(), self.complaint());
        self.complaint()
    }

    /// Standard error.
    pub(crate) fn complaint(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }
}
