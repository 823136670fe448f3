//! Every statement, as the server understands it.

use tokio_postgres::types::Type;
use tokio_postgres::{Column, NoTls};

use crate::scene::{SERVER, database, open};

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_takes_and_answers_the_three_types_of_column() {
    let url = database(&SERVER);
    drop(open(&url).await);
    let place = format!("{}?options=-csearch_path%3Dcloakroom", SERVER.url(url.name()));
    let (client, connection) = tokio_postgres::connect(&place, NoTls).await.unwrap();
    tokio::spawn(connection);
    let mut wrong = Vec::new();
    for (name, sql) in cloakroom_store_sql::sql::all() {
        match client.prepare(sql.postgres()).await {
            Err(error) => wrong.push(format!("{name}: {error:?}")),
            Ok(statement) => {
                let ours = |it: &&Type| ![Type::INT8, Type::BYTEA, Type::TEXT].contains(*it);
                let parameters = statement.params().iter().filter(ours);
                wrong.extend(parameters.map(|it| format!("{name} takes {it}")));
                // `SELECT 1` says only that there is a row.
                let columns = statement.columns().iter().map(Column::type_);
                let columns = columns.filter(ours).filter(|it| **it != Type::INT4);
                wrong.extend(columns.map(|it| format!("{name} answers {it}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
