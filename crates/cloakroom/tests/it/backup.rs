//! `cloakroom backup` and `restore`: everybody is there again, and nobody is signed in.

use std::{fs, os::unix::fs::PermissionsExt as _};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{person::Person, program::Program};

#[tokio::test]
async fn a_restored_backup_has_the_users_of_then_and_none_of_their_sessions() {
    let mut program = Program::new().with("CLOAKROOM_DANGER_NO_THROTTLE", "true");
    let server = program.serve();
    let mut person = Person::at(&server);
    person.sign_up("ada@example.com").await;
    let made = program.run(&["backup", "then.db", "--json"]).json();
    let file = program.folder().join("then.db");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(made["bytes"], json!(fs::metadata(&file).unwrap().len()));
    Person::at(&server).sign_up("late@example.com").await;

    let complaint = program.run(&["restore", "then.db", "--yes"]).refused(1);
    assert!(complaint.contains("another server uses the data folder"), "{complaint}");
    server.stop();
    program.run(&["restore", "then.db"]).refused(2);
    let restored = program.run(&["restore", "then.db", "--yes", "--json"]).json();
    assert_eq!(restored["ended"], 1);
    let kept = program.folder().join(restored["kept"].as_str().unwrap());
    assert!(kept.exists(), "{}", kept.display());

    let server = program.serve();
    person.goes_to(&server);
    assert_eq!(person.is_known().await, StatusCode::UNAUTHORIZED);
    let users = program.run(&["user", "list", "--json"]).json();
    assert_eq!(users["users"].as_array().unwrap().len(), 1);
    assert_eq!(person.tries("ada@example.com", crate::person::PASSWORD).await, StatusCode::OK);
    assert_eq!(
        person.tries("late@example.com", crate::person::PASSWORD).await,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn sessions_are_kept_only_at_ones_own_risk() {
    let mut program = Program::new();
    let server = program.serve();
    let mut person = Person::at(&server);
    person.sign_up("ada@example.com").await;
    program.run(&["backup", "then.db"]).text();
    server.stop();
    let line = ["restore", "then.db", "--yes", "--danger-keep-sessions", "--json"];
    assert_eq!(program.run(&line).json()["ended"], 0);
    let server = program.serve();
    person.goes_to(&server);
    assert_eq!(person.is_known().await, StatusCode::OK);
}

#[test]
fn a_file_that_is_there_is_left_alone() {
    let mut program = Program::new();
    program.serve().stop();
    fs::write(program.folder().join("precious"), "precious").unwrap();
    let complaint = program.run(&["backup", "precious"]).refused(1);
    assert!(complaint.contains("there already"), "{complaint}");
    let complaint = program.run(&["backup", "nowhere/then.db"]).refused(1);
    assert!(complaint.contains("no folder nowhere"), "{complaint}");
    assert_eq!(fs::read_to_string(program.folder().join("precious")).unwrap(), "precious");
}

#[test]
fn what_is_no_backup_changes_nothing() {
    let mut program = Program::new();
    program.serve().stop();
    program.run_with(&["user", "add", "ada@example.com"], crate::person::PASSWORD).text();
    fs::write(program.folder().join("letter"), "Dear Ada,").unwrap();
    for (file, why) in [("letter", "no backup"), ("nowhere", "no file")] {
        let complaint = program.run(&["restore", file, "--yes"]).refused(1);
        assert!(complaint.contains(why), "{complaint}");
    }
    let users = program.run(&["user", "list", "--json"]).json();
    assert_ne!(users["users"], Value::Array(Vec::new()));
}
