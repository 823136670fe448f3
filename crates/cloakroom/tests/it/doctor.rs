//! `cloakroom doctor`

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt};

use cloakroom_testservers::Port;
use serde_json::Value;

use crate::program::{Program, Ran};

#[test]
fn a_fresh_machine_has_warnings_and_no_failure() {
    let ran = examine(&Program::new());
    assert_eq!(ran.code(), 0, "{}{}", ran.printed(), ran.complaint());
    assert_eq!(result(&ran, "public URL")["result"], "warn");
    assert_eq!(result(&ran, "port")["result"], "ok");
}

#[test]
fn a_port_that_somebody_has_is_found_and_the_exit_code_says_so() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let ran = Program::new().run(&["doctor", "--json", "--listen", &listen]);
    assert_eq!(ran.code(), 1);
    let port = result(&ran, "port");
    assert_eq!(port["result"], "fail");
    assert!(port["what_to_do"].as_str().unwrap().contains("another port"));
}

#[test]
fn a_key_file_that_everybody_can_read_is_found() {
    let program = Program::new();
    let data = program.folder().join("cloakroom-data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    let key = data.join("master.key");
    fs::write(&key, "key").unwrap();

    for (mode, expected) in [(0o600, "ok"), (0o644, "fail")] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        let ran = examine(&program);
        assert_eq!(result(&ran, "master key file")["result"], expected);
    }
}

#[test]
fn our_own_server_is_no_stranger_at_the_port() {
    let mut program = Program::new();
    let server = program.serve();
    let ran = program.run(&["doctor", "--json", "--listen", server.address()]);
    assert_eq!(ran.code(), 0, "{}", ran.printed());
    assert!(result(&ran, "port")["found"].as_str().unwrap().contains("Cloakroom server"));
    for check in ["database", "master key", "write-ahead log", "clock", "reach"] {
        assert_eq!(result(&ran, check)["result"], "ok", "{}", result(&ran, check));
    }
}

#[test]
fn a_master_key_that_does_not_fit_is_found_before_the_start() {
    let mut program = Program::new();
    program.serve().stop();
    let other = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
    program.set("CLOAKROOM_MASTER_KEY", other);
    let ran = examine(&program);
    assert_eq!(result(&ran, "master key")["result"], "fail");
    assert!(!ran.printed().contains(other));

    let key = program.folder().join("cloakroom-data/master.key");
    program.set("CLOAKROOM_MASTER_KEY_PREVIOUS", fs::read_to_string(key).unwrap().trim());
    let ran = examine(&program);
    assert_eq!(result(&ran, "master key")["result"], "warn");
}

#[test]
fn clients_that_the_profile_has_no_room_for_are_named_before_and_at_the_start() {
    let mut program = Program::new();
    program.serve().stop();
    let add = ["client", "add", "shop", "--redirect-uri", "https://shop.example.com/cb"];
    assert_eq!(program.run(&add).code(), 0);
    assert_eq!(result(&examine(&program), "profile")["result"], "ok");

    program.set("CLOAKROOM_DANGER_PLAIN_HTTP", "true");
    program.set("CLOAKROOM_PROFILE", "fapi2");
    let found = result(&examine(&program), "profile");
    assert_eq!(found["result"], "fail");
    let words = found["found"].as_str().unwrap();
    assert!(words.contains("shop (token_endpoint_auth_method"), "{words}");
    let server = program.serve();
    assert_eq!(server.greeting["profile"], "fapi2");
    let refused = server.greeting["refused_clients"][0].as_str().unwrap();
    assert!(refused.starts_with("shop ("), "{refused}");
    server.stop();
    let more = program.run(&["client", "add", "more", "--redirect-uri", "https://m.example/cb"]);
    assert_ne!(more.code(), 0);
    assert!(more.complaint().contains("fapi2"), "{}", more.complaint());

    program.set("CLOAKROOM_PROFILE", "oidc-certification");
    assert_eq!(result(&examine(&program), "profile")["result"], "warn");
}

#[test]
fn a_database_of_a_newer_version_is_found() {
    let mut program = Program::new();
    program.serve().stop();
    let file = program.folder().join("cloakroom-data/cloakroom.db");
    let mut bytes = fs::read(&file).unwrap();
    // The user version, in SQLite's header.
    bytes[63] += 1;
    fs::write(&file, bytes).unwrap();
    let ran = examine(&program);
    assert_eq!(result(&ran, "database")["result"], "fail");
    assert_eq!(result(&ran, "master key")["result"], "warn", "it cannot be said");
}

#[test]
fn what_a_killed_server_left_is_not_to_be_touched() {
    let mut program = Program::new();
    drop(program.serve());
    let ran = examine(&program);
    let found = result(&ran, "write-ahead log");
    assert_eq!(found["result"], "warn");
    assert!(found["what_to_do"].as_str().unwrap().contains("leave the file"), "{found}");
}

/// What it says of a program whose server is down and whose port is nobody's.
fn examine(program: &Program) -> Ran {
    let port = Port::free().unwrap();
    let listen = format!("127.0.0.1:{}", port.number());
    program.run(&["doctor", "--json", "--listen", &listen])
}

fn result(ran: &Ran, check: &str) -> Value {
    let printed: Value = serde_json::from_str(&ran.printed()).unwrap();
    let all = printed["checks"].as_array().unwrap();
    all.iter().find(|line| line["check"] == check).unwrap().clone()
}
