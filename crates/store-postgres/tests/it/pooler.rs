//! Behind a `PgBouncer` that gives a connection for one transaction only.

use std::sync::LazyLock;
use std::time::Duration;

use cloakroom_store::contract::Fresh;
use cloakroom_store_postgres::{OpenError, Options, Postgres, PostgresStore, Url};
use cloakroom_testservers::PgBouncer;

use crate::scene::{
    QUICK, SERVER, count, count_on, database, make_counts, open, quick, quick_database,
};

static BOUNCER: LazyLock<PgBouncer> = LazyLock::new(|| PgBouncer::in_front_of(&QUICK).unwrap());

/// Every promise of the contract, through it.
mod contract {
    use super::*;

    cloakroom_store::contract!(Fresh::new(behind(&quick_database().await).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_is_made_past_it_and_settings_do_not_leak() {
    let url = database(&SERVER);
    let bouncer = tokio::task::block_in_place(|| PgBouncer::in_front_of(&SERVER).unwrap());
    let pooled: Url = format!("{}?pgbouncer=true", bouncer.url(url.name())).parse().unwrap();
    // Without a way past it there is nobody to make the schema.
    let alone = Postgres::open(&pooled, Options::default()).await;
    assert!(matches!(alone, Err(OpenError::Missing)));

    let options = Options { direct: Some(url.clone()), ..Options::default() };
    let behind = Postgres::open(&pooled, options).await.unwrap();
    make_counts(&behind).await;
    assert_eq!(count_on(&behind, 1).await.unwrap(), 1);
    assert_eq!(count(&open(&url).await, 1).await.unwrap(), 1);
    // What we set is gone with the transaction: somebody else's statement sees their own schema.
    let (client, connection) =
        tokio_postgres::connect(&bouncer.url(url.name()), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    for _ in 0..20 {
        let row = client.simple_query("SHOW search_path").await.unwrap();
        assert!(format!("{row:?}").contains("public"), "{row:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_say_that_it_is_there_is_told_to() {
    let name = quick_database().await;
    let unsaid: Url = BOUNCER.url(&name).parse().unwrap();
    let options = Options { patience: Duration::ZERO, ..quick() };
    let error = Postgres::open(&unsaid, options).await.err().unwrap().to_string();
    assert!(error.contains("pgbouncer=true"), "{error}");
}

async fn behind(name: &str) -> PostgresStore {
    let direct = QUICK.url(name).parse().unwrap();
    let url = format!("{}?pgbouncer=true", BOUNCER.url(name)).parse().unwrap();
    Postgres::open(&url, Options { direct: Some(direct), ..quick() }).await.unwrap()
}
