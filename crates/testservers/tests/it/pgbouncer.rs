//! `PgBouncer`: many clients on few connections, a transaction each.

use cloakroom_testservers::{PgBouncer, Postgres};

use crate::psql::{complaint, psql, said};

#[test]
fn connections_are_shared_by_transactions() {
    let postgres = Postgres::start().unwrap();
    let database = postgres.create_database().unwrap();
    let bouncer = PgBouncer::in_front_of(&postgres).unwrap();
    let url = bouncer.url(&database);
    // Two clients one after the other would have two connections without it.
    let backend = || said(&psql(&url, "SELECT pg_backend_pid()"));
    assert_eq!(backend(), backend());
    assert!(!psql(&url.replace("only", "ony"), "SELECT 1").status.success());

    bouncer.kill().unwrap();
    assert!(complaint(&psql(&url, "SELECT 1")).contains("refused"));
    bouncer.start_again().unwrap();
    assert_eq!(said(&psql(&url, "SELECT 1")), "1");

    // What it kept open is dead, and found to be so.
    postgres.kill().unwrap();
    postgres.start_again().unwrap();
    cloakroom_testservers::eventually("a new connection behind the pooler", || {
        Ok(psql(&url, "SELECT 1").status.success().then_some(()))
    })
    .unwrap();
}
