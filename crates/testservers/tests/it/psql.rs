//! PostgreSQL's own client, as the role of the tests.

use std::process::Output;

use cloakroom_testservers::program;

/// Runs these statements at the database that `url` names.
pub(crate) fn psql(url: &str, statements: &str) -> Output {
    let mut psql = program::run(&program::find("psql").unwrap());
    psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statements, url]);
    psql.output().unwrap()
}

/// What it printed, when it succeeded.
#[track_caller]
pub(crate) fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// What it complained about, when it did not.
#[track_caller]
pub(crate) fn complaint(output: &Output) -> String {
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stderr).into_owned()
}
