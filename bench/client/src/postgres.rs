//! A prepared statement, by the driver.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cloakroom_store_sql::sql;
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls, Statement};

use crate::{OPEN, now, processor};

/// As a node has them for what it reads.
const CONNECTIONS: usize = 2;

/// Asks for so long; answers how often, and the processor time of all.
pub(crate) async fn ask(
    url: &str,
    statement: &str,
    lasts: Duration,
    file: &str,
) -> Result<(u64, Duration)> {
    let all = sql::all();
    let (_, sql) = all.iter().find(|(name, _)| name == statement).context("no such statement")?;
    let values = Arc::new(file.lines().map(bytes).collect::<Result<Vec<_>>>()?);
    ensure!(!values.is_empty(), "the file is empty");
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        tokio::spawn(connection);
        client.batch_execute("SET search_path = cloakroom").await?;
        let prepared = client.prepare(sql.postgres()).await?;
        connections.push((Arc::new(client), prepared));
    }
    let (before, over) = (processor::time()?, now() + lasts);
    let mut asking = JoinSet::new();
    for first in 0..OPEN {
        let (client, prepared) = connections[first % CONNECTIONS].clone();
        let values = Arc::clone(&values);
        asking.spawn(async move {
            let mut asked = 0;
            while now() < over {
                let value = &values[(first + asked * OPEN) % values.len()];
                one(&client, &prepared, value).await?;
                asked += 1;
            }
            anyhow::Ok(asked as u64)
        });
    }
    let mut asked = 0;
    while let Some(by_one) = asking.join_next().await {
        asked += by_one??;
    }
    Ok((asked, processor::time()?.saturating_sub(before)))
}

async fn one(client: &Client, prepared: &Statement, value: &[u8]) -> Result<()> {
    client.query_opt(prepared, &[&value]).await?.context("a row is not there").map(drop)
}

fn bytes(hexadecimal: &str) -> Result<Vec<u8>> {
    ensure!(
        hexadecimal.is_ascii() && hexadecimal.len().is_multiple_of(2),
        "no bytes: {hexadecimal}"
    );
    let byte = |at| u8::from_str_radix(&hexadecimal[at..at + 2], 16);
    Ok((0..hexadecimal.len()).step_by(2).map(byte).collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_from_pairs_of_digits() {
        assert_eq!(bytes("00ff7a").unwrap(), [0, 255, 122]);
        assert!(bytes("0").is_err());
        assert!(bytes("zz").is_err());
    }
}
