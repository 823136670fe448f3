//! Whom a node believes to be its database.

use std::path::Path;
use std::time::Duration;

use cloakroom_store_postgres::{OpenError, Options, Postgres, PostgresStore, Url};
use cloakroom_testservers::Postgres as Server;

use crate::scene::{SERVER, count, with_counts};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_believed_by_its_authority_and_its_name_alone() {
    let server = tokio::task::block_in_place(|| Server::start().unwrap());
    let database = tokio::task::block_in_place(|| server.create_database().unwrap());
    let at = |mode: &str, ca: &Path| -> Url {
        let ca = ca.display();
        format!("{}?sslmode={mode}&sslrootcert={ca}", server.url(&database)).parse().unwrap()
    };
    let opens = async |url: Url| Postgres::open(&url, at_once()).await;
    let refused = |opened: Result<PostgresStore, OpenError>| {
        let error = opened.err().expect("to be refused").to_string();
        assert!(error.contains("certificate"), "{error}");
    };
    let (ours, theirs) = (server.ca(), SERVER.ca());

    let opens_in_time = async |url: Url| Postgres::open(&url, Options::default()).await.unwrap();
    opens_in_time(at("verify-full", &ours)).await;
    opens_in_time(at("verify-ca", &ours)).await;
    refused(opens(at("verify-full", &theirs)).await);
    refused(opens(at("verify-ca", &theirs)).await);
    // As with every client of PostgreSQL, a file of authorities makes `require` look at it.
    refused(opens(at("require", &theirs)).await);

    tokio::task::block_in_place(|| server.show_certificate_for("other.example").unwrap());
    refused(opens(at("verify-full", &ours)).await);
    opens_in_time(at("verify-ca", &ours)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_proved_to_the_connection_it_is_sent_on() {
    let (url, postgres) = with_counts(&SERVER).await;
    drop(postgres);
    let place = SERVER.url(url.name());
    let ca = SERVER.ca();
    let bound =
        format!("{place}?sslmode=verify-full&sslrootcert={}&channel_binding=require", ca.display());
    let postgres = Postgres::open(&bound.parse().unwrap(), Options::default()).await.unwrap();
    assert_eq!(count(&postgres, 1).await.unwrap(), 0);
    let plain = format!("{place}?sslmode=disable&channel_binding=require");
    assert!(Postgres::open(&plain.parse().unwrap(), at_once()).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_said_of_a_failure_holds_the_password() {
    let wrong = SERVER.url("postgres").replace("only", "kestrel");
    let error = Postgres::open(&wrong.parse().unwrap(), at_once()).await.err().unwrap();
    assert!(error.to_string().contains("password authentication failed"), "{error}");
    assert!(!format!("{error} {error:?}").contains("kestrel"));
}

fn at_once() -> Options {
    Options { patience: Duration::ZERO, ..Options::default() }
}
