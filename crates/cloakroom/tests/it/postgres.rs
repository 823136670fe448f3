//! The commands on a PostgreSQL: those that work as everywhere, and those that leave it to PostgreSQL's own tools.

use std::path::Path;

use cloakroom_testservers::program;
use reqwest::StatusCode;
use serde_json::json;

use crate::{
    many_nodes::{POSTGRES, on, url},
    person::{PASSWORD, Person},
};

#[tokio::test]
async fn commands_work_beside_a_server_on_postgres() {
    let mut program = on(&url());
    let server = program.serve();
    let mut person = Person::at(&server);
    person.sign_up("ada@example.com").await;

    let users = program.run(&["user", "list", "--json"]).json();
    assert_eq!(users["users"][0]["email"], "ada@example.com");
    let shown = program.run(&["session", "show", person.sid(), "--json"]).json();
    assert_eq!(shown["user"], person.signed_in["user"]["id"]);
    program.run(&["client", "add", "phone", "--template", "mobile", "--first-party"]).text();
    let clients = program.run(&["client", "list", "--json"]).json();
    assert!(clients.to_string().contains("phone"), "{clients}");
    let keys = program.run(&["key", "list", "--json"]).json();
    assert!(!keys["keys"].as_array().unwrap().is_empty(), "{keys}");
    let ended = program.run(&["session", "end", person.sid(), "--json"]).json();
    assert_eq!(ended, json!({ "ended": 1 }));
    let events = program.run(&["event", "list", "--json"]).json();
    assert!(events.to_string().contains("session"), "{events}");

    let doctor = program.run(&["doctor", "--json", "--listen", server.address()]);
    assert_eq!(doctor.code(), 0, "{}", doctor.printed());
    for check in ["database", "master key", "PostgreSQL", "Redis"] {
        let lines = doctor.one_line();
        let lines = lines["checks"].as_array().unwrap();
        let line = lines.iter().find(|line| line["check"] == check).unwrap();
        assert_eq!(line["result"], "ok", "{line}");
    }
}

#[tokio::test]
async fn whoever_puts_a_dump_back_is_told_to_end_what_it_revived_and_does() {
    let database = POSTGRES.create_database().unwrap();
    let place = POSTGRES.url(&database);
    let mut program = on(&place);
    let server = program.serve();
    let mut person = Person::at(&server);
    person.sign_up("ada@example.com").await;
    let complaint = program.run(&["backup", "then.db"]).refused(1);
    assert!(complaint.contains("pg_dump"), "{complaint}");
    assert!(!complaint.contains("only"), "the password: {complaint}");
    let complaint = program.run(&["restore", "then.db", "--yes"]).refused(1);
    assert!(complaint.contains("pg_restore"), "{complaint}");

    let dump = program.folder().join("then.dump");
    let (to, schema) = (format!("--file={}", dump.display()), "--schema=cloakroom");
    run_of_postgres("pg_dump", &["--format=custom", schema, &to, &place]);
    person.signs_out().await;
    server.stop();
    let into = format!("--dbname={place}");
    run_of_postgres("pg_restore", &["--clean", "--if-exists", &into, &dump.to_string_lossy()]);

    let complaint = program.run(&["serve", "--listen=localhost:0"]).complaint();
    assert!(complaint.contains("run `cloakroom restore`"), "{complaint}");
    let restored = program.run(&["restore", "--yes", "--json"]).json();
    assert_eq!(restored["ended"], 1, "the session that had ended since");
    let server = program.serve();
    person.goes_to(&server);
    assert_eq!(person.is_known().await, StatusCode::UNAUTHORIZED);
    assert_eq!(person.tries("ada@example.com", PASSWORD).await, StatusCode::OK);
}

/// Runs a tool of PostgreSQL's own.
pub(crate) fn run_of_postgres(name: &str, arguments: &[&str]) {
    let path =
        program::find(name).unwrap_or_else(|| panic!("{name} is missing: install postgresql"));
    let output = program::run(Path::new(&path)).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
