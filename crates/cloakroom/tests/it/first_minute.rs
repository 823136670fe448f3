//! The script that the README shows, against a running server.

use std::{fs, path::Path, process::Command};

use crate::program::Program;

#[test]
fn the_first_minute_goes_as_the_readme_says() {
    let mut program = Program::new();
    let server = program.serve();
    let minute = Command::new("sh")
        .arg(root().join("docs/first-minute.sh"))
        .arg(server.url())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&minute.stdout);
    let complaint = String::from_utf8_lossy(&minute.stderr);
    assert!(minute.status.success(), "{said}{complaint}");

    // Bodies have other names each time; what was asked and how it was answered has not.
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let shown: Vec<&str> = readme.lines().filter(|line| is_step(line)).collect();
    let done: Vec<&str> = said.lines().filter(|line| is_step(line)).collect();
    assert_eq!(done, shown);
}

/// Such as `GET /api/v1/session: 200`.
fn is_step(line: &str) -> bool {
    let asked = line.rsplit_once(": ").filter(|(_, status)| status.parse::<u16>().is_ok());
    asked.is_some_and(|(asked, _)| asked.contains(" /"))
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}
