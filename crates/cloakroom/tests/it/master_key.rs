//! The master key: refused where it does not fit, changed where the one before is named.

use std::fs;

use reqwest::StatusCode;

use crate::{person::Person, program::Program};

const ONE: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";

#[test]
fn a_wrong_master_key_is_refused() {
    let mut program = Program::new().with("CLOAKROOM_MASTER_KEY", ONE);
    program.serve().stop();
    program.set("CLOAKROOM_MASTER_KEY", OTHER);
    let complaint = program.run(&["serve", "--listen=localhost:0"]).refused(1);
    assert!(complaint.contains("the master key does not fit"), "{complaint}");
    assert!(!complaint.contains(OTHER));
    let complaint = program.run(&["key", "rotate"]).refused(1);
    assert!(complaint.contains("the master key does not fit"), "{complaint}");
}

#[tokio::test]
async fn a_master_key_is_changed_by_naming_the_one_before() {
    let mut program = Program::new().with("CLOAKROOM_MASTER_KEY", ONE);
    let server = program.serve();
    let mut app = Person::at(&server);
    app.sign_up("ada@example.com").await;
    app.sign_in_by("cloakroom", "ada@example.com").await;
    let refresh_token = app.signed_in["refresh_token"].clone();
    server.stop();

    program.set("CLOAKROOM_MASTER_KEY", OTHER);
    program.set("CLOAKROOM_MASTER_KEY_PREVIOUS", ONE);
    program.serve().stop();

    program.unset("CLOAKROOM_MASTER_KEY_PREVIOUS");
    let server = program.serve();
    let mut app = Person::at(&server);
    app.signed_in["refresh_token"] = refresh_token;
    assert_eq!(app.refreshes("cloakroom").await, StatusCode::OK, "what was made before is good");
    server.stop();

    program.set("CLOAKROOM_MASTER_KEY", ONE);
    program.run(&["serve", "--listen=localhost:0"]).refused(1);
}

#[test]
fn a_lost_key_file_is_not_replaced_by_another_key() {
    let mut program = Program::new();
    program.serve().stop();
    let file = program.folder().join("cloakroom-data/master.key");
    let key = fs::read_to_string(&file).unwrap();
    fs::remove_file(&file).unwrap();
    let complaint = program.run(&["serve", "--listen=localhost:0"]).refused(1);
    assert!(complaint.contains("there is no master key"), "{complaint}");
    assert!(!file.exists());

    // Who has only the text of it says it by the variable.
    program.set("CLOAKROOM_MASTER_KEY", key.trim());
    program.serve();
}

#[test]
fn who_has_no_master_key_can_still_look_after_users() {
    let mut program = Program::new();
    program.serve().stop();
    fs::remove_file(program.folder().join("cloakroom-data/master.key")).unwrap();
    program.run_with(&["user", "add", "ada@example.com"], crate::person::PASSWORD).text();
    program.run(&["user", "disable", "ada@example.com"]).text();
    program.run(&["user", "list"]).text();
    program.run(&["session", "list"]).text();
    program.run(&["key", "list"]).text();
    let complaint = program.run(&["key", "rotate"]).refused(1);
    assert!(complaint.contains("there is no master key"), "{complaint}");
}
