//! A client library that asks what a node asks, and nothing else.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::shared::{Database, Shared};
use super::{SERVER_CORE, built, pinned, said};

/// A question, and where it is asked.
pub(crate) struct Client {
    /// What the tool is told before the seconds.
    words: Vec<String>,
    file: PathBuf,
}

impl Client {
    /// The statement that finds a session, for these digests.
    pub(crate) fn of_postgres(
        database: &Database<'_>,
        digests: &[String],
        file: PathBuf,
    ) -> Result<Self> {
        fs::write(&file, digests.join("\n"))?;
        let words = ["postgres", &database.url(), "sessions::FIND_BY_SECRET"].map(str::to_owned);
        Ok(Self { words: words.into(), file })
    }

    /// The commands that were recorded.
    pub(crate) fn of_redis(shared: &Shared, commands: &[String], file: PathBuf) -> Result<Self> {
        fs::write(&file, commands.join("\n"))?;
        Ok(Self { words: vec!["redis".to_owned(), shared.redis_url()], file })
    }

    /// The processor time of one question, in microseconds.
    pub(crate) fn run(&self, seconds: u64) -> Result<f64> {
        let mut client = built("bench-client");
        client.args(&self.words).arg(seconds.to_string()).arg(&self.file);
        let text = said(&mut pinned(SERVER_CORE, &client))?;
        let (_, each) = text.trim().split_once(' ').context("the client says nothing")?;
        Ok(each.parse()?)
    }
}

/// What Redis is asked to say when there is no more to record.
const END: &str = "no-more-to-record";

/// Hears what Redis is asked while something is done. Answers the commands with this name, as they came.
///
/// # Errors
///
/// When none came, or a word of one cannot stand between spaces.
pub(crate) fn record(
    shared: &Shared,
    command: &str,
    act: impl FnOnce() -> Result<()>,
) -> Result<Vec<String>> {
    let mut stream = TcpStream::connect(("127.0.0.1", shared.redis().port()))?;
    stream.write_all(b"MONITOR\r\n")?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut heard = BufReader::new(stream);
    let mut line = String::new();
    heard.read_line(&mut line)?;
    ensure!(line.trim() == "+OK", "Redis does not show what it is asked: {line}");
    act()?;
    // It is never silent, because nodes look after their connections.
    shared.redis().command(&["ECHO", END])?;
    let mut commands = Vec::new();
    while !line.contains(END) {
        line.clear();
        ensure!(heard.read_line(&mut line)? > 0, "Redis hung up");
        commands.extend(words(&line, command)?);
    }
    ensure!(!commands.is_empty(), "nobody asked Redis for {command}");
    Ok(commands)
}

/// Redis shows `+TIME [DATABASE CLIENT] "WORD" "WORD" …`; what a script asks in its turn comes from the client `lua`.
fn words(line: &str, command: &str) -> Result<Option<String>> {
    let Some((from, asked)) = line.trim().split_once("] \"") else { return Ok(None) };
    let asked: Vec<&str> = asked.trim_end_matches('"').split("\" \"").collect();
    if from.ends_with(" lua") || !asked[0].eq_ignore_ascii_case(command) {
        return Ok(None);
    }
    let is_plain = asked.iter().all(|word| !word.is_empty() && !word.contains([' ', '\\', '"']));
    ensure!(is_plain, "a word of this cannot stand between spaces: {line}");
    Ok(Some(asked.join(" ")))
}

/// Where what a client asks is written.
pub(crate) fn file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("asked-of-{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_heard_and_what_scripts_ask_is_not() {
        let heard = |line| words(line, "EVALSHA").unwrap();
        let line = "+1700000000.1 [0 127.0.0.1:5] \"EVALSHA\" \"ab\" \"1\" \"k:{1}\"\n";
        assert_eq!(heard(line).as_deref(), Some("EVALSHA ab 1 k:{1}"));
        assert_eq!(heard("+1700000000.1 [0 127.0.0.1:5] \"GET\" \"k\""), None);
        assert_eq!(heard("+1700000000.1 [0 lua] \"EVALSHA\" \"ab\""), None);
        assert_eq!(heard("+OK"), None);
        assert!(words("+1.1 [0 127.0.0.1:5] \"EVALSHA\" \"a b\"", "EVALSHA").is_err());
        assert!(words("+1.1 [0 127.0.0.1:5] \"EVALSHA\" \"\\x00\"", "EVALSHA").is_err());
    }
}
