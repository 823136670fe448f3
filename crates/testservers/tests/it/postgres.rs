//! PostgreSQL: what it keeps through every kind of end, who it lets in, and how a replica takes over.

use std::sync::LazyLock;

use cloakroom_testservers::postgres::{Replication, Settings};
use cloakroom_testservers::{Error, Postgres, eventually};

use crate::psql::{complaint, psql, said};

/// For tests that do not end it.
static SHARED: LazyLock<Postgres> = LazyLock::new(|| Postgres::start().unwrap());

#[test]
fn the_role_gets_in_by_its_password_alone() {
    let database = SHARED.create_database().unwrap();
    let url = SHARED.url(&database);
    assert_eq!(said(&psql(&url, "SELECT current_user")), "cloakroom");
    let wrong = url.replace("only", "ony");
    assert!(!psql(&wrong, "SELECT 1").status.success());
}

#[test]
fn databases_are_fresh_and_copies_hold_what_their_template_does() {
    let (one, other) = (SHARED.create_database().unwrap(), SHARED.create_database().unwrap());
    assert_ne!(one, other);
    assert_eq!(
        said(&psql(&SHARED.url(&one), "CREATE TABLE coats (id int); INSERT INTO coats VALUES (7)")),
        ""
    );
    let copy = SHARED.create_database_from(&one).unwrap();
    assert_eq!(said(&psql(&SHARED.url(&copy), "SELECT id FROM coats")), "7");
    assert!(!psql(&SHARED.url(&other), "SELECT id FROM coats").status.success());
    SHARED.drop_database(&copy).unwrap();
    assert!(!psql(&SHARED.url(&copy), "SELECT 1").status.success());
}

#[test]
fn it_is_durable_unless_told_otherwise() {
    assert_eq!(SHARED.sql("postgres", "SHOW fsync").unwrap(), "on");
    let quick = Settings { durable: false, ..Settings::default() };
    let quick = Postgres::start_with(quick).unwrap();
    assert_eq!(quick.sql("postgres", "SHOW fsync").unwrap(), "off");
}

#[test]
fn its_certificate_is_verified_by_its_authority_and_by_name() {
    let postgres = Postgres::start().unwrap();
    let verified = |ca: &str| {
        let url = format!("{}?sslmode=verify-full&sslrootcert={ca}", postgres.url("postgres"));
        psql(&url, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    };
    let ours = postgres.ca().display().to_string();
    let theirs = SHARED.ca().display().to_string();
    assert_eq!(said(&verified(&ours)), "t");
    assert!(complaint(&verified(&theirs)).contains("certificate verify failed"));
    postgres.show_certificate_for("other.example").unwrap();
    assert!(complaint(&verified(&ours)).contains("other.example"));
    postgres.show_certificate_for("localhost").unwrap();
    assert_eq!(said(&verified(&ours)), "t");
}

#[test]
fn what_was_committed_is_there_after_every_kind_of_end() {
    let postgres = Postgres::start().unwrap();
    let url = postgres.url(&postgres.create_database().unwrap());
    said(&psql(&url, "CREATE TABLE coats (id int)"));
    for (number, end) in [Postgres::kill, Postgres::stop].into_iter().enumerate() {
        said(&psql(&url, &format!("INSERT INTO coats VALUES ({number})")));
        end(&postgres).unwrap();
        assert!(complaint(&psql(&url, "SELECT 1")).contains("refused"));
        postgres.start_again().unwrap();
        assert_eq!(said(&psql(&url, "SELECT max(id) FROM coats")), number.to_string());
    }
    assert!(postgres.log().contains("automatic recovery in progress"), "{}", postgres.log());
}

#[test]
fn one_that_is_paused_answers_when_it_goes_on() {
    let postgres = Postgres::start().unwrap();
    postgres.pause().unwrap();
    let url = format!("{}?connect_timeout=2", postgres.url("postgres"));
    assert!(complaint(&psql(&url, "SELECT 1")).contains("timeout"));
    postgres.go_on().unwrap();
    assert_eq!(said(&psql(&url, "SELECT 1")), "1");
}

#[test]
fn a_synchronous_replica_has_all_that_was_acknowledged_when_it_takes_over() {
    let primary = Postgres::start().unwrap();
    let database = primary.create_database().unwrap();
    let replica = primary.replica(Replication::Synchronous).unwrap();
    said(&psql(&primary.url(&database), "CREATE TABLE coats (id int)"));
    said(&psql(&primary.url(&database), "INSERT INTO coats SELECT generate_series(1, 1000)"));
    primary.kill().unwrap();
    let url = replica.url(&database);
    assert!(complaint(&psql(&url, "DELETE FROM coats")).contains("read-only"));
    replica.promote().unwrap();
    assert_eq!(said(&psql(&url, "SELECT count(*) FROM coats")), "1000");
    said(&psql(&url, "INSERT INTO coats VALUES (1001)"));
}

#[test]
fn an_asynchronous_replica_holds_nobody_up() {
    let primary = Postgres::start().unwrap();
    let database = primary.create_database().unwrap();
    let replica = primary.replica(Replication::Asynchronous).unwrap();
    replica.kill().unwrap();
    said(&psql(&primary.url(&database), "CREATE TABLE coats (id int)"));
    // One that follows again gets what it missed.
    replica.start_again().unwrap();
    eventually("a replica that follows again", || {
        let follows = psql(&replica.url(&database), "SELECT count(*) FROM coats");
        Ok(follows.status.success().then_some(()))
    })
    .unwrap();
}

#[test]
fn one_that_cannot_come_up_says_why() {
    let more = vec![("work_mem", "a lot".to_owned())];
    let refused = Postgres::start_with(Settings { more, ..Settings::default() }).unwrap_err();
    assert!(matches!(&refused, Error::Ended { log, .. } if log.contains("work_mem")), "{refused}");
}
