//! A server and two other processes at work on one file, as a server and its command line are.
//!
//! This is a program of its own instead of a list of tests, because it starts itself again as the other processes.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use cloakroom_model::event::{Actor, Event, Kind};
use cloakroom_model::log::{Change, Place, Subject};
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Act, Reading, Revocations as _};
use cloakroom_store_sqlite::{DataFolderLock, LockError, Options, Sqlite, SqliteStore};

/// How many acts each process does.
const ACTS: u64 = 60;

/// In the environment of the other processes: which one it is.
const PROCESS: &str = "CLOAKROOM_TEST_PROCESS";

/// In the environment of the other processes: the data folder.
const FOLDER: &str = "CLOAKROOM_TEST_FOLDER";

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if let Ok(process) = std::env::var(PROCESS) {
        runtime.block_on(other_process(process.parse().unwrap()));
        return;
    }
    runtime.block_on(what_three_processes_write_each_reads_in_order_and_nothing_is_lost());
    a_second_server_is_refused_while_the_first_lives_and_no_longer();
}

async fn what_three_processes_write_each_reads_in_order_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let server = Arc::new(Sqlite::open(&database(folder.path()), Options::default()).unwrap());
    let mut others: Vec<Other> =
        (1..=2).map(|process| Other::start(process, folder.path())).collect();
    for other in &mut others {
        assert_eq!(other.line(), "ready");
    }
    for other in &mut others {
        other.go();
    }

    let reading = tokio::spawn(follow(Arc::clone(&server), 3 * ACTS));
    let mut written: BTreeMap<u64, u64> = write(&server, 0).await.into_iter().collect();
    for other in &mut others {
        for _ in 0..ACTS {
            let line = other.line();
            let (seq, nonce) = line.split_once(' ').unwrap();
            written.insert(seq.parse().unwrap(), nonce.parse().unwrap());
        }
        // It has read the log while all were writing.
        assert_eq!(other.line(), "read in order");
        assert!(other.child.wait().unwrap().success());
    }

    assert_eq!(written.len() as u64, 3 * ACTS, "no number was given twice");
    let read = reading.await.unwrap();
    assert_eq!(read, written.into_iter().collect::<Vec<_>>());
    println!("what three processes write each reads in order and nothing is lost: ok");
}

fn a_second_server_is_refused_while_the_first_lives_and_no_longer() {
    let folder = tempfile::tempdir().unwrap();
    let lock = DataFolderLock::acquire(folder.path()).unwrap();
    let mut second = Other::start(SECOND_SERVER, folder.path());
    assert_eq!(second.line(), "refused");
    drop(lock);
    second.go();
    assert_eq!(second.line(), "serving");

    // However it ends, the folder is free again.
    assert!(matches!(DataFolderLock::acquire(folder.path()), Err(LockError::Held { .. })));
    second.child.kill().unwrap();
    second.child.wait().unwrap();
    assert!(DataFolderLock::acquire(folder.path()).is_ok());
    println!("a second server is refused while the first lives and no longer: ok");
}

/// The other process that wants to be a server too; the others are command lines.
const SECOND_SERVER: u64 = 9;

async fn other_process(process: u64) {
    let folder = std::env::var(FOLDER).unwrap();
    let folder = Path::new(&folder);
    if process == SECOND_SERVER {
        assert!(matches!(DataFolderLock::acquire(folder), Err(LockError::Held { .. })));
        say("refused");
        wait_for_go();
        let _lock = DataFolderLock::acquire(folder).unwrap();
        say("serving");
        wait_for_go();
        return;
    }
    let command_line = Arc::new(Sqlite::attach(&database(folder), Options::default()).unwrap());
    say("ready");
    wait_for_go();
    let reading = tokio::spawn(follow(Arc::clone(&command_line), 3 * ACTS));
    for (seq, nonce) in write(&command_line, process).await {
        say(&format!("{seq} {nonce}"));
    }
    assert_eq!(reading.await.unwrap().len() as u64, 3 * ACTS);
    say("read in order");
}

/// Appends rows whose nonces say whose they are; answers their numbers and nonces.
async fn write(store: &SqliteStore, process: u64) -> Vec<(u64, u64)> {
    let mut written = Vec::new();
    for number in 0..ACTS {
        let at = Timestamp(4_102_444_800_000);
        let event = Event::new(at, Kind::ClientChanged, Actor::Operator);
        let act = Act { at, nonce: 1 + process * ACTS + number, event };
        let done =
            store.announce(Subject::Token("token".to_owned()), Change::Ended, &act).await.unwrap();
        written.extend(done.rows.iter().map(|row| (row.place.seq, row.place.nonce)));
    }
    written
}

/// Reads from the beginning until `all` rows have come, each time going on from the last.
async fn follow(store: Arc<SqliteStore>, all: u64) -> Vec<(u64, u64)> {
    let mut place = Place::default();
    let mut read = Vec::new();
    while (read.len() as u64) < all {
        let reading = store.read_log(place, 1000).await.unwrap();
        let Reading::Rows { rows, .. } = reading else { panic!("the place is gone: {place:?}") };
        for row in rows {
            assert!(row.place.seq > place.seq, "{row:?} appeared behind {place:?}");
            place = row.place;
            read.push((place.seq, place.nonce));
        }
        tokio::task::yield_now().await;
    }
    read
}

fn database(folder: &Path) -> std::path::PathBuf {
    folder.join("cloakroom.db")
}

fn say(line: &str) {
    println!("{line}");
}

fn wait_for_go() {
    std::io::stdin().lock().read_line(&mut String::new()).unwrap();
}

/// Another process of this program.
struct Other {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Other {
    fn start(process: u64, folder: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .env(PROCESS, process.to_string())
            .env(FOLDER, folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn go(&mut self) {
        writeln!(self.child.stdin.as_mut().unwrap(), "go").unwrap();
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // Where a test fails half way.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
