//! `cloakroom db copy` and `reopen`: nobody is signed out, nobody comes back, and one of two databases is served.

use std::{
    process::{Child, Stdio},
    sync::LazyLock,
};

use cloakroom_store::Error;
use cloakroom_store_sql::{
    Database as _, Db as _, Value,
    copy::{Kind, TABLES},
};
use cloakroom_store_sqlite::Place;
use cloakroom_testservers::{Postgres, eventually};
use reqwest::StatusCode;

use crate::{person::Person, program::Program};

static POSTGRES: LazyLock<Postgres> = LazyLock::new(|| Postgres::start().unwrap());

const FILE: &str = "sqlite:cloakroom-data/cloakroom.db";

#[tokio::test(flavor = "multi_thread")]
async fn who_was_signed_in_stays_so_and_who_was_not_does_not() {
    let mut program = Program::new().with("CLOAKROOM_DANGER_NO_THROTTLE", "true");
    let server = program.serve();
    let (mut browser, mut app, mut gone) =
        (Person::at(&server), Person::at(&server), Person::at(&server));
    browser.sign_up("ada@example.com").await;
    app.sign_in_by("cloakroom", "ada@example.com").await;
    gone.sign_in("ada@example.com").await;
    program.run(&["session", "end", gone.sid()]).text();
    let (database, url) = database();

    let line = ["db", "copy", "--yes", "--json", "--from", FILE, "--to", &url];
    let refused = program.run(&line).refused(1);
    assert!(refused.contains("a server is at work"), "{refused}");
    server.stop();
    program.run(&["db", "copy", "--from", FILE, "--to", &url]).refused(2);
    let copied = program.run(&line);
    let printed = format!("{}{}", copied.printed(), copied.complaint());
    assert!(!printed.contains("loopback"), "it shows the password: {printed}");
    let copied = copied.json();
    assert_eq!((&copied["rows_before"], &copied["from"]), (&0.into(), &FILE.into()));
    assert_eq!(copied["tables"].as_array().unwrap().len(), TABLES.len());
    // Once more does nothing, and says so in the same way.
    assert_eq!(program.run(&line).json()["rows"], copied["rows"]);

    let refused = program.run(&["serve", "--listen=localhost:0"]).refused(1);
    assert!(refused.contains("has moved to postgres://cloakroom@127.0.0.1"), "{refused}");
    assert!(refused.contains(&format!("/{database}: set")), "{refused}");
    assert!(!refused.contains("loopback"), "it shows the password: {refused}");
    let refused = program.run(&["user", "list"]).refused(1);
    assert!(refused.contains("has moved"), "{refused}");

    program.set("CLOAKROOM_DATABASE", &url);
    let server = program.serve();
    for person in [&mut browser, &mut app, &mut gone] {
        person.goes_to(&server);
    }
    assert_eq!(browser.is_known().await, StatusCode::OK);
    assert_eq!(app.refreshes("cloakroom").await, StatusCode::OK);
    assert_eq!(gone.is_known().await, StatusCode::UNAUTHORIZED);
    let ended = program.run(&["session", "end", browser.sid(), "--json"]).json();
    assert_eq!(ended["ended"], 1);

    // And back again, into a file of its own.
    let back = ["db", "copy", "--yes", "--json", "--from", &url, "--to", "sqlite:back.db"];
    let refused = program.run(&back).refused(1);
    assert!(refused.contains("stop every node"), "{refused}");
    server.stop();
    program.run(&back).json();
    let refused = program.run(&["serve", "--listen=localhost:0"]).refused(1);
    assert!(refused.contains("has moved to sqlite:"), "{refused}");
    program.set("CLOAKROOM_DATABASE", "sqlite:back.db");
    let server = program.serve();
    for person in [&mut browser, &mut app] {
        person.goes_to(&server);
    }
    assert_eq!(browser.is_known().await, StatusCode::UNAUTHORIZED);
    assert_eq!(app.refreshes("cloakroom").await, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_killed_again_and_again_goes_on_and_nothing_is_served_meanwhile() {
    const GUESTS: i64 = 12_000;
    let mut program = Program::new();
    program.serve().stop();
    let file = program.folder().join("cloakroom-data/cloakroom.db");
    add_guests(&Place::target(&file).unwrap(), GUESTS).await;
    let (database, url) = database();
    let line =
        ["db", "copy", "--yes", "--json", "--batch", "5", "--from", FILE, "--to", url.as_str()];

    let mut there = 0;
    // Few kills and small batches: whoever looks is slower than the copy on a busy machine, which must not be done by then.
    for kills in 0..5 {
        let mut child = Killed(
            program.command(&line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap(),
        );
        // Some way further each time, wherever it then is.
        let enough = there + 211;
        let ended = eventually("a copy that goes on", || {
            if child.0.try_wait().unwrap().is_some() {
                return Ok(Some(true));
            }
            Ok((rows_in(&database) >= enough).then_some(false))
        })
        .unwrap();
        assert!(!ended, "it was done before it was killed {kills} times");
        drop(child);
        there = rows_in(&database);
        program.run(&["serve", "--listen=localhost:0"]).refused(1);
        let target = ["serve", "--listen=localhost:0", "--database", &url];
        let refused = program.run(&target).refused(1);
        assert!(refused.contains("not complete"), "{refused}");
    }
    let quicker = ["db", "copy", "--yes", "--json", "--from", FILE, "--to", url.as_str()];
    let done = program.run(&quicker).json();
    assert!(done["rows_before"].as_i64().unwrap() >= there, "it began anew: {done}");
    let guests = POSTGRES.sql(&database, "SELECT COUNT(*) FROM cloakroom.guests").unwrap();
    assert_eq!(guests, GUESTS.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_is_given_up_or_served_in_two_places_only_on_purpose() {
    let mut program = Program::new();
    program.serve().stop();
    program.run(&["db", "reopen", "--yes"]).refused(1);
    let line = ["db", "copy", "--yes", "--from", FILE, "--to", "sqlite:other.db"];
    let said = program.run(&line).text();
    assert!(said.contains("same master key"), "{said}");

    let refused = program.run(&["db", "reopen", "--yes"]).refused(1);
    assert!(refused.contains("--danger-two-places"), "{refused}");
    let reopened = program.run(&["db", "reopen", "--yes", "--danger-two-places", "--json"]).json();
    assert_eq!(reopened["two_places"], true);
    program.serve().stop();
    // What was there before is not written over.
    let refused = program.run(&line).refused(1);
    assert!(refused.contains("not empty"), "{refused}");
    program.serve().stop();
}

#[test]
fn what_cannot_be_meant_is_refused_without_its_password() {
    let program = Program::new();
    for wrong in ["postgres://u:kestrel@h/x?sslmode=no", "mysql://u:kestrel@h/x", "memory:"] {
        let line = ["db", "copy", "--yes", "--from", wrong, "--to", "sqlite:other.db"];
        let refused = program.run(&line);
        assert_ne!(refused.code(), 0);
        assert!(!refused.complaint().contains("kestrel"), "{}", refused.complaint());
    }
    let same = ["db", "copy", "--yes", "--from", "sqlite:a.db", "--to", "sqlite:a.db"];
    program.run(&same).refused(2);
    let missing = ["db", "copy", "--yes", "--from", "sqlite:a.db", "--to", "sqlite:b.db"];
    let refused = program.run(&missing).refused(1);
    assert!(refused.contains("there is no database at a.db"), "{refused}");
}

/// An empty database, and its URL.
fn database() -> (String, String) {
    tokio::task::block_in_place(|| {
        let name = POSTGRES.create_database().unwrap();
        let url = POSTGRES.url(&name);
        (name, url)
    })
}

/// How many rows a copy has brought.
fn rows_in(database: &str) -> i64 {
    let asked = "SELECT COALESCE(MAX(rows_done), 0) FROM cloakroom.cloakroom_move";
    // Before the first of them there is no such table.
    POSTGRES.sql(database, asked).ok().and_then(|rows| rows.parse().ok()).unwrap_or(0)
}

/// Guests, made of nothing but their numbers.
async fn add_guests(place: &Place, count: i64) {
    let table = TABLES.iter().find(|table| table.name == "guests").unwrap();
    let added = place.transact(move |db| {
        Box::pin(async move {
            for number in 0..count {
                let mut id = [0; 16];
                id[8..].copy_from_slice(&number.to_be_bytes());
                let values: Vec<_> = table
                    .columns
                    .iter()
                    .map(|(_, kind)| match kind {
                        Kind::Integer => Value::Integer(number),
                        Kind::Bytes => Value::Bytes(&id),
                        Kind::Text => Value::Text("a guest"),
                    })
                    .collect();
                db.run(table.insert, &values).await?;
            }
            Ok::<(), Error>(())
        })
    });
    added.await.unwrap();
}

/// A process that is killed when it is dropped.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}
