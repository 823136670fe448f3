//! A backup is the database of one moment, whoever writes meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;

use cloakroom_model::event::Kind;
use cloakroom_model::key::DataKey;
use cloakroom_model::log::{Change, Place, Row, Subject};
use cloakroom_store::{EventFilter, Events as _, Keys as _, Page, Reading, Revocations as _};
use cloakroom_store_sqlite::{BackupError, Options, Sqlite, SqliteStore};

use crate::scene::{Folder, NOW, act, sign_up};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_under_load_is_one_moment_of_the_database() {
    let folder = Folder::new();
    let server = folder.open();
    // Enough pages for several steps of the copy.
    let long_text = "x".repeat(100_000);
    for nonce in 1..=20 {
        let mut act = act(Kind::ClientChanged, nonce);
        act.event.detail = Some(long_text.clone());
        let _rows =
            server.announce(Subject::Token("token".to_owned()), Change::Ended, &act).await.unwrap();
    }
    let stop = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn({
        let (server, stop) = (Arc::clone(&server), Arc::clone(&stop));
        async move {
            let mut nonce = 1000;
            while !stop.load(Ordering::Relaxed) {
                nonce += 1;
                let _rows = server
                    .announce(
                        Subject::Token("token".to_owned()),
                        Change::Ended,
                        &act(Kind::ClientChanged, nonce),
                    )
                    .await
                    .unwrap();
            }
            nonce - 1000
        }
    });

    let (told, progress) = channel();
    let to = folder.file("backup.db");
    server.backup(&to, move |progress| told.send(progress).unwrap()).await.unwrap();
    stop.store(true, Ordering::Relaxed);
    let written_meanwhile = writing.await.unwrap();

    let progress: Vec<_> = progress.into_iter().collect();
    assert!(progress.len() > 1, "{progress:?}");
    assert!(progress.iter().all(|it| it.of == progress[0].of), "it begins only once: {progress:?}");
    assert!(progress.is_sorted_by_key(|it| it.done), "{progress:?}");
    assert_eq!(progress.last().unwrap().done, progress[0].of);

    let copy = Sqlite::open(&to, Options::default()).unwrap();
    let in_copy = log(&copy).await;
    let in_server = log(&server).await;
    assert!(in_copy.len() >= 20, "all that was acknowledged before");
    assert_eq!(in_server.len() as u64, 20 + written_meanwhile);
    assert_eq!(in_copy, in_server[..in_copy.len()]);
    let filter = EventFilter { page: Page { limit: 100_000, ..Page::default() }, user: None };
    let events = copy.list_events(&filter).await.unwrap();
    assert_eq!(events.len(), in_copy.len(), "no act is there by halves");
}

#[tokio::test]
async fn a_backup_replaces_no_file() {
    let folder = Folder::new();
    let server = folder.open();
    let to = folder.file("backup.db");
    std::fs::write(&to, "precious").unwrap();

    let refused = server.backup(&to, |_| {}).await;

    assert!(matches!(refused, Err(BackupError::Exists { path }) if path == to));
    assert_eq!(std::fs::read(&to).unwrap(), b"precious");
}

#[tokio::test]
async fn a_backup_that_fails_leaves_no_file() {
    let folder = Folder::new();
    let server = folder.open();
    let before = folder.files();
    let nowhere = folder.file("missing").join("backup.db");
    assert!(server.backup(&nowhere, |_| {}).await.is_err());
    assert_eq!(folder.files(), before);
}

#[tokio::test]
async fn a_backup_is_one_file_with_its_keys_as_sealed_as_they_were() {
    let folder = Folder::new();
    let command_line_of = |server: Arc<SqliteStore>| async move {
        let key = DataKey { number: 1, sealed: vec![7; 48], created_at: NOW };
        assert!(
            server
                .insert_data_key(key.clone(), &act(Kind::DataKeyMade, 1))
                .await
                .unwrap()
                .is_some()
        );
        sign_up(&server, 1).await;
        key
    };
    let server = folder.open();
    let key = command_line_of(Arc::clone(&server)).await;

    // Beside the running server, as the command line does it.
    let before = folder.files();
    folder.attach().backup(&folder.file("backup.db"), |_| {}).await.unwrap();

    let new: Vec<_> = folder.files().into_iter().filter(|name| !before.contains(name)).collect();
    assert_eq!(new, ["backup.db"]);
    let copy = Sqlite::open(&folder.file("backup.db"), Options::default()).unwrap();
    assert_eq!(copy.list_data_keys().await.unwrap(), [key]);
}

async fn log(store: &SqliteStore) -> Vec<Row> {
    match store.read_log(Place::default(), 1_000_000).await.unwrap() {
        Reading::Rows { rows, .. } => rows,
        Reading::Lost => panic!("the beginning is gone"),
    }
}
