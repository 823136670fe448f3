//! Commands, by the client.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use redis::{Client, Cmd, Value};
use tokio::task::JoinSet;

use crate::{OPEN, now, processor};

/// Asks for so long, on one connection as a node does; answers how often, and the processor time of all.
pub(crate) async fn ask(url: &str, lasts: Duration, file: &str) -> Result<(u64, Duration)> {
    let commands = Arc::new(file.lines().map(command).collect::<Result<Vec<_>>>()?);
    ensure!(!commands.is_empty(), "the file is empty");
    let connection = Client::open(url)?.get_multiplexed_async_connection().await?;
    let (before, over) = (processor::time()?, now() + lasts);
    let mut asking = JoinSet::new();
    for first in 0..OPEN {
        let (mut connection, commands) = (connection.clone(), Arc::clone(&commands));
        asking.spawn(async move {
            let (mut asked, mut found) = (0, 0);
            while now() < over {
                let command = &commands[(first + asked * OPEN) % commands.len()];
                let answer = connection.send_packed_command(command).await?;
                found += u64::from(!is_nothing(&answer));
                asked += 1;
            }
            anyhow::Ok((asked as u64, found))
        });
    }
    let (mut asked, mut found) = (0, 0);
    while let Some(by_one) = asking.join_next().await {
        let (asked_by_one, found_by_one) = by_one??;
        asked += asked_by_one;
        found += found_by_one;
    }
    // A node shares nothing of what it has remembered all the time.
    ensure!(found * 100 >= asked * 98, "of {asked} things that were asked for {found} are there");
    Ok((asked, processor::time()?.saturating_sub(before)))
}

fn command(line: &str) -> Result<Cmd> {
    let mut words = line.split(' ');
    let mut command = redis::cmd(words.next().context("an empty line")?);
    for word in words {
        command.arg(word);
    }
    Ok(command)
}

fn is_nothing(answer: &Value) -> bool {
    match answer {
        Value::Nil => true,
        Value::Array(values) => values.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_told_from_something() {
        assert!(is_nothing(&Value::Nil));
        assert!(is_nothing(&Value::Array(Vec::new())));
        assert!(!is_nothing(&Value::BulkString(b"x".to_vec())));
        assert!(!is_nothing(&Value::Array(vec![Value::Int(1)])));
    }
}
