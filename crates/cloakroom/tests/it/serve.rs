//! `cloakroom serve`: the first start, who is kept out, and how it ends.

use std::{fs, os::unix::fs::PermissionsExt as _};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    person::{PASSWORD, Person},
    program::Program,
};

#[tokio::test]
async fn the_first_start_makes_a_key_and_says_how_to_become_administrator() {
    let mut program = Program::new();
    let server = program.serve();
    let key = program.folder().join("cloakroom-data/master.key");
    assert_eq!(mode(&key), 0o600);
    assert_eq!(mode(key.parent().unwrap()), 0o700);

    let link = server.greeting["set_up_link"].as_str().unwrap();
    assert!(link.starts_with(&format!("{}/setup?link=", server.url())), "{link}");
    let mut person = Person::at(&server);
    let page = person.opens(link).await;
    assert_eq!(page.status(), StatusCode::OK);
    let typed = [("email", "root@example.com"), ("password", PASSWORD)];
    let made = person.sends("/setup", &page.text().await.unwrap(), &typed).await;
    assert_eq!(made.status(), StatusCode::SEE_OTHER, "{}", made.text().await.unwrap());

    let users = program.run(&["user", "list", "--json"]).json();
    assert_eq!(users["users"][0]["roles"], json!(["admin"]));
    server.stop();
    assert_eq!(program.serve().greeting["set_up_link"], Value::Null);
}

#[tokio::test]
async fn each_start_has_a_link_of_its_own_until_one_is_used() {
    let mut program = Program::new();
    let first = program.serve();
    let link = first.greeting["set_up_link"].as_str().unwrap().to_owned();
    let secret = link.split_once('=').unwrap().1;
    first.stop();
    let second = program.serve();
    let fresh = second.greeting["set_up_link"].as_str().unwrap();
    assert!(!fresh.contains(secret));
    let mut person = Person::at(&second);
    assert_eq!(person.opens(fresh).await.status(), StatusCode::OK);
    let old = format!("{}/setup?link={secret}", second.url());
    assert_eq!(person.opens(&old).await.status(), StatusCode::GONE);
}

#[test]
fn people_are_told_where_it_is_and_that_it_is_for_development() {
    let program = Program::new();
    let mut child = program
        .command(&["serve", "--listen=127.0.0.1:0"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut printed = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    while !said.contains("/setup?link=") {
        let read = std::io::BufRead::read_line(&mut printed, &mut said).unwrap();
        assert_ne!(read, 0, "{said}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(said.contains("is at http://localhost:"), "{said}");
    assert!(said.contains("For development"), "{said}");
}

#[test]
fn a_second_server_on_one_data_folder_is_refused() {
    let mut program = Program::new();
    let _first = program.serve();
    let complaint = program.run(&["serve", "--listen=localhost:0"]).refused(1);
    assert!(complaint.contains("another server uses the data folder"), "{complaint}");
}

#[test]
fn a_second_server_on_one_database_is_refused_whatever_its_data_folder() {
    let mut program = Program::new();
    let _first = program.serve();
    let line = [
        "serve",
        "--listen=localhost:0",
        "--data-dir=another",
        "--database=sqlite:cloakroom-data/cloakroom.db",
    ];
    let complaint = program.run(&line).refused(1);
    assert!(complaint.contains("another server uses the data folder"), "{complaint}");
}

#[test]
fn a_port_that_somebody_has_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let program = Program::new();
    let complaint = program.run(&["serve", "--listen", &address]).refused(3);
    assert!(complaint.contains(&address) && complaint.contains("another program"), "{complaint}");
    assert!(!program.folder().join("cloakroom-data").exists(), "nothing was begun");
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_the_word_to_stop() {
    let mut program = Program::new();
    let server = program.serve();
    let mut person = Person::at(&server);
    person.sign_up("ada@example.com").await;
    assert_eq!(server.stop().code(), Some(0));

    let users = program.run(&["user", "list", "--json"]).json();
    assert_eq!(users["users"][0]["email"], "ada@example.com");
    // The session was seen when it began, and that is not only in memory any more.
    let sessions = program.run(&["session", "list", "--json"]).json();
    assert_eq!(sessions["sessions"][0]["sid"], person.sid());
}

#[tokio::test]
async fn memory_is_forgotten_and_says_so() {
    let mut program = Program::new();
    let server = program.serve_with(&["--database=memory:"]);
    assert_eq!(server.greeting["database"], "memory:");
    let mut person = Person::at(&server);
    person.sign_up("ada@example.com").await;
    assert_eq!(person.is_known().await, StatusCode::OK);
    assert_eq!(server.stop().code(), Some(0));
    assert!(!program.folder().join("cloakroom-data").exists());

    program.set("CLOAKROOM_DATABASE", "memory:");
    let complaint = program.run(&["user", "list"]).refused(1);
    assert!(complaint.contains("memory"), "{complaint}");
}

#[tokio::test]
async fn a_probe_is_told_by_the_exit_code() {
    let mut program = Program::new();
    let server = program.serve();
    program.set("CLOAKROOM_LISTEN", server.address());
    assert_eq!(program.run(&["healthcheck", "--json"]).json(), json!({ "healthy": true }));
    server.stop();
    program.run(&["healthcheck"]).refused(3);
}

#[tokio::test]
async fn operators_have_an_address_of_their_own() {
    let mut program = Program::new();
    let server = program.serve_with(&["--admin-listen=127.0.0.1:0"]);
    let admin = server.greeting["admin_listening"][0].as_str().unwrap();
    let ready = reqwest::get(format!("http://{admin}/readyz")).await.unwrap();
    assert_eq!(ready.status(), StatusCode::OK);
    let public = reqwest::get(format!("{}/readyz", server.url())).await.unwrap();
    assert_eq!(public.status(), StatusCode::NOT_FOUND);
}

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
