//! A server for the tests that do not end it, databases of their own in it, and a table to count in.

use std::sync::LazyLock;

use cloakroom_store::Error;
use cloakroom_store_postgres::{Lane, Options, Postgres, PostgresStore, Url};
use cloakroom_store_sql::{Database as _, Db as _, Sql, column};
use cloakroom_testservers::Postgres as Server;
use cloakroom_testservers::postgres::Settings;
use tokio::sync::OnceCell;

/// For tests that do not end it.
pub(crate) static SERVER: LazyLock<Server> = LazyLock::new(|| Server::start().unwrap());

/// For the very many tests that need no disk.
pub(crate) static QUICK: LazyLock<Server> = LazyLock::new(|| {
    Server::start_with(Settings { durable: false, ..Settings::default() }).unwrap()
});

/// A database of the quick one whose schema is there.
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// The address of a database of its own, in the quick server.
pub(crate) async fn quick_database() -> String {
    let template = TEMPLATE.get_or_init(async || {
        let url = database(&QUICK);
        drop(Postgres::open(&url, quick()).await.unwrap());
        // Nobody may be at work in a template.
        let name = url.name().to_owned();
        let gone = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'");
        while tokio::task::block_in_place(|| QUICK.sql("postgres", &gone).unwrap()) != "0" {}
        name
    });
    let template = template.await.clone();
    tokio::task::block_in_place(|| QUICK.create_database_from(&template).unwrap())
}

/// How the quick one is opened.
pub(crate) fn quick() -> Options {
    Options { danger_no_sync: true, ..Options::default() }
}

/// The address of an empty database.
pub(crate) fn database(server: &Server) -> Url {
    let url = tokio::task::block_in_place(|| server.url(&server.create_database().unwrap()));
    url.parse().unwrap()
}

/// An opened one.
pub(crate) async fn open(url: &Url) -> PostgresStore {
    Postgres::open(url, Options::default()).await.unwrap()
}

/// One with a table of numbers: `counts (id, count)`, where 1 and 2 count nothing yet.
pub(crate) async fn with_counts(server: &Server) -> (Url, PostgresStore) {
    let url = database(server);
    let postgres = open(&url).await;
    make_counts(&postgres).await;
    (url, postgres)
}

/// Makes the table.
pub(crate) async fn make_counts(postgres: &PostgresStore) {
    const MAKE: Sql = Sql::shared("CREATE TABLE counts (id BIGINT PRIMARY KEY, count BIGINT)");
    const FILL: Sql = Sql::shared("INSERT INTO counts (id, count) VALUES (1, 0), (2, 0)");
    postgres
        .transact(|db: &Lane| {
            Box::pin(async move {
                db.run(MAKE, &[]).await?;
                db.run(FILL, &[]).await.map(drop)
            })
        })
        .await
        .unwrap();
}

pub(crate) const COUNT: Sql = Sql::shared("SELECT count FROM counts WHERE id = $1");
pub(crate) const COUNT_ON: Sql =
    Sql::shared("UPDATE counts SET count = count + 1 WHERE id = $1 RETURNING count");

/// What a row counts.
pub(crate) async fn count(postgres: &PostgresStore, id: i64) -> Result<i64, Error> {
    postgres
        .read(move |db: &Lane| {
            Box::pin(async move {
                let count = db.find(COUNT, &[id.into()], column::value).await?;
                Ok(count.unwrap())
            })
        })
        .await
}

/// Counts one on in a transaction.
pub(crate) async fn count_on(postgres: &PostgresStore, id: i64) -> Result<i64, Error> {
    postgres
        .transact(move |db: &Lane| {
            Box::pin(async move {
                let count = db.find(COUNT_ON, &[id.into()], column::value).await?;
                Ok(count.unwrap())
            })
        })
        .await
}
