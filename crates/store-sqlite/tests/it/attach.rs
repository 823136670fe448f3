//! Two openings of one file, as the server and the command line have it: neither knows of the other but by what
//! is in the file.

use std::sync::Arc;

use cloakroom_model::event::{Kind, Reason};
use cloakroom_model::log::{Change, Place, Row, Subject};
use cloakroom_store::{Clients as _, Reading, Revocations as _, Sessions as _};
use cloakroom_store_sqlite::SqliteStore;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::scene::{Folder, NOW, act, digest, session_id, sign_up};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_reads_the_rows_of_both_in_order_while_both_write() {
    const WRITERS: u64 = 6;
    const ACTS: u64 = 40;
    let folder = Folder::new();
    let server = folder.open();
    let command_line = folder.attach();
    let together = Arc::new(Barrier::new(usize::try_from(WRITERS).unwrap() + 2));
    let mut writing = JoinSet::new();
    for writer in 0..WRITERS {
        let store = Arc::clone(if writer % 2 == 0 { &server } else { &command_line });
        let together = Arc::clone(&together);
        writing.spawn(async move {
            together.wait().await;
            let mut written = Vec::new();
            for number in 0..ACTS {
                // The nonce says whose act it is, and which.
                let act = act(Kind::ClientChanged, 1 + writer * ACTS + number);
                written.extend(
                    store
                        .announce(Subject::Token("token".to_owned()), Change::Ended, &act)
                        .await
                        .unwrap()
                        .rows,
                );
            }
            written
        });
    }
    let all = usize::try_from(WRITERS * ACTS).unwrap();
    let by_server = tokio::spawn(follow(Arc::clone(&server), all, Arc::clone(&together)));
    let by_command_line = tokio::spawn(follow(Arc::clone(&command_line), all, together));

    let mut written: Vec<Row> = writing.join_all().await.into_iter().flatten().collect();
    written.sort_by_key(|row| row.place.seq);

    assert_eq!(written.len(), all);
    assert_eq!(by_server.await.unwrap(), written);
    assert_eq!(by_command_line.await.unwrap(), written);
}

#[tokio::test]
async fn what_the_command_line_ends_the_server_finds_no_more() {
    let folder = Folder::new();
    let server = folder.open();
    sign_up(&server, 1).await;
    let command_line = folder.attach();
    assert!(command_line.find_session(&digest(1), NOW).await.unwrap().is_some());

    let act = act(Kind::SessionEnded, 2);
    let ended = command_line.end_session(session_id(1), Reason::Operator, &act).await.unwrap();

    let rows = ended.expect("it was there").rows;
    assert_eq!(rows[0].subject, Subject::Session(session_id(1)));
    assert!(server.find_session(&digest(1), NOW).await.unwrap().is_none());
    assert_eq!(read(&server, Place::default()).await, rows);
}

#[tokio::test]
async fn the_command_line_leaves_the_file_to_its_server() {
    let folder = Folder::new();
    let server = folder.open();
    sign_up(&server, 1).await;
    let log = std::fs::metadata(folder.file("cloakroom.db-wal")).unwrap().len();
    assert!(log > 0);

    let command_line = folder.attach();
    assert!(command_line.list_clients().await.unwrap().is_empty());
    command_line.close().await;

    assert_eq!(std::fs::metadata(folder.file("cloakroom.db-wal")).unwrap().len(), log);
    assert!(server.find_session(&digest(1), NOW).await.unwrap().is_some());
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::new();
    let _lock = folder.lock();
    let server = folder.open();
    sign_up(&server, 1).await;
    server.backup(&folder.file("backup.db"), |_| {}).await.unwrap();

    let files = folder.files();
    assert_eq!(
        files,
        ["backup.db", "cloakroom.db", "cloakroom.db-shm", "cloakroom.db-wal", "cloakroom.lock"]
    );
    for file in files {
        let mode = std::fs::metadata(folder.file(&file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

/// Reads the log from its beginning until `all` rows have come; each reading goes on from the one before.
async fn follow(store: Arc<SqliteStore>, all: usize, together: Arc<Barrier>) -> Vec<Row> {
    together.wait().await;
    let mut rows: Vec<Row> = Vec::new();
    while rows.len() < all {
        let place = rows.last().map(|row| row.place).unwrap_or_default();
        let more = read(&store, place).await;
        assert!(more.iter().all(|row| row.place.seq > place.seq), "{more:?} after {place:?}");
        rows.extend(more);
        tokio::task::yield_now().await;
    }
    rows
}

async fn read(store: &SqliteStore, place: Place) -> Vec<Row> {
    match store.read_log(place, 1000).await.unwrap() {
        Reading::Rows { rows, .. } => rows,
        Reading::Lost => panic!("the reader's place is gone"),
    }
}
