//! What a restored backup would revive has ended, and nobody goes on from what they remember.

use cloakroom_model::authorization::{Code, DeviceAnswer, DeviceRequest, PushedRequest};
use cloakroom_model::client::{Client, Lifetimes, Template};
use cloakroom_model::data::{Change, DocumentKey, Etag, Namespace, Owner, Seen};
use cloakroom_model::event::{Kind, Reason};
use cloakroom_model::id::{ClientId, InitialTokenId, StreamId};
use cloakroom_model::initial_token::InitialToken;
use cloakroom_model::link::{Link, Purpose};
use cloakroom_model::log::{self, Place, Subject};
use cloakroom_model::registration::Registration;
use cloakroom_model::signal::{About, Signal};
use cloakroom_model::stream::{Delivery, Status, Stream};
use cloakroom_store::{
    Clients as _, Codes as _, DeviceRequests as _, EventFilter, Events as _, Grants as _,
    Guests as _, Hanging, InitialTokens as _, InsertCode, InsertLink, InsertStream, Links as _,
    Marks as _, NewCode, PushedRequests as _, Reading, Revocations as _, SessionData as _,
    Sessions as _, StatusLists, Statuses as _, Streams as _, Users as _, Write, Written,
};
use cloakroom_store_sqlite::{
    OpenError, Options, Restore, RestoreError, Restored, Sqlite, SqliteStore,
};
use serde_json::json;

use crate::scene::{
    Folder, NOW, act, come_as_guest, digest, grant_id, new_user, session_id, sign_up, user_id,
};

const RESTORED: u64 = 99;

#[tokio::test]
async fn nothing_that_can_be_presented_outlives_a_restore() {
    let folder = Folder::new();
    let backup = furnished(&folder).await;

    let restored = restore(&folder, &backup, false).unwrap();

    assert_eq!(restored.ended, 2, "a session and a guest");
    let store = folder.open();
    assert!(store.find_session(&digest(1), NOW).await.unwrap().is_none());
    assert!(store.find_guest(&digest(2), NOW).await.unwrap().is_none());
    assert!(store.find_grant(grant_id(1)).await.unwrap().is_none());
    assert!(store.find_link(&digest(3), NOW).await.unwrap().is_none());
    assert!(store.read_data(&document(Owner::Session(session_id(2)))).await.unwrap().is_none());
    assert!(store.find_code(&digest(4), NOW).await.unwrap().is_none());
    assert!(store.find_pushed_request(&digest(5), NOW).await.unwrap().is_none());
    assert!(store.find_device_request(&digest(7), NOW).await.unwrap().is_none());
    assert!(store.list_initial_tokens(NOW).await.unwrap().is_empty());

    let subjects: Vec<_> =
        store.read_snapshot().await.unwrap().rows.into_iter().map(|row| row.subject).collect();
    for ended in [
        Subject::Session(session_id(1)),
        Subject::Session(session_id(2)),
        Subject::Grant(grant_id(1)),
    ] {
        assert!(subjects.contains(&ended), "{ended:?} in {subjects:?}");
    }
}

#[tokio::test]
async fn places_that_are_given_again_after_a_restore_are_in_lists_of_another_name() {
    for danger_keep_sessions in [false, true] {
        let folder = Folder::new();
        let backup = furnished(&folder).await;
        let before = folder.open().find_status_lists().await.unwrap();
        let lost = folder.open().take_status().await.unwrap();
        restore(&folder, &backup, danger_keep_sessions).unwrap();
        let after = folder.open().find_status_lists().await.unwrap();
        assert_eq!(after, StatusLists { series: RESTORED, ..before });
        assert_eq!(folder.open().take_status().await.unwrap(), lost);
    }
}

#[tokio::test]
async fn what_belongs_to_a_user_outlives_a_restore() {
    let folder = Folder::new();
    let backup = furnished(&folder).await;
    restore(&folder, &backup, false).unwrap();
    let store = folder.open();
    assert_eq!(store.find_user(user_id(1)).await.unwrap(), Some(new_user(1).user));
    assert!(store.read_data(&document(Owner::User(user_id(1)))).await.unwrap().is_some());
}

#[tokio::test]
async fn a_restore_is_told_with_each_ending() {
    let folder = Folder::new();
    let backup = furnished(&folder).await;
    restore(&folder, &backup, false).unwrap();
    let events = folder.open().list_events(&EventFilter::default()).await.unwrap();
    let ended = |kind| {
        let of_kind = events.iter().filter(|it| it.event.kind == kind);
        of_kind.map(|it| it.event.detail.clone().unwrap_or_default()).collect::<Vec<_>>()
    };
    assert_eq!(ended(Kind::Restored).len(), 1);
    assert_eq!(ended(Kind::SessionEnded), [Reason::Restored.as_str(); 2]);
    assert_eq!(ended(Kind::GrantEnded), [Reason::SessionEnded.as_str()]);
}

#[tokio::test]
async fn streams_of_signals_outlive_a_restore_and_tell_of_it() {
    let folder = Folder::new();
    let (server, backup) = (folder.open(), folder.file("backup.db"));
    sign_up(&server, 1).await;
    come_as_guest(&server, 2).await;
    let id = ClientId::parse("warehouse").unwrap();
    server.insert_client(service(&id), None, &act(Kind::ClientAdded, 59)).await.unwrap();
    let stream = Stream {
        id: StreamId::new(NOW, [1; 10]),
        client: id.clone(),
        delivery: Delivery::Poll,
        events_requested: None,
        wants: About::SessionRevoked.into(),
        description: None,
        status: Status::Enabled,
        reason: None,
        created_at: NOW,
    };
    let kept = server.insert_stream(stream.clone(), &act(Kind::StreamMade, 60)).await.unwrap();
    assert!(matches!(kept, InsertStream::Done(_)), "{kept:?}");
    server.backup(&backup, |_| {}).await.unwrap();
    drop(server);
    restore(&folder, &backup, false).unwrap();
    let store = folder.open();
    assert_eq!(store.find_stream(&id).await.unwrap(), Some(stream.clone()));
    let waiting = store.list_signals(stream.id, 9).await.unwrap();
    let [Signal::User(told)] = &waiting.iter().map(|it| it.signal.clone()).collect::<Vec<_>>()[..]
    else {
        panic!("{waiting:?}");
    };
    // Of the guest nobody is told.
    assert_eq!((told.session, told.user), (Some(session_id(1)), user_id(1)));
    assert_eq!(told.why, Reason::Restored.as_str());
}

#[tokio::test]
async fn no_reader_finds_its_place_after_a_restore() {
    for danger_keep_sessions in [false, true] {
        let folder = Folder::new();
        let backup = furnished(&folder).await;
        // One reader is as far as the backup, one further, and one has only begun.
        let server = folder.open();
        let as_far = server.read_snapshot().await.unwrap().place;
        let ending = act(Kind::SessionEnded, 50);
        let ended = server.end_session(session_id(1), Reason::SignedOut, &ending).await.unwrap();
        assert!(ended.is_some());
        let further = server.read_snapshot().await.unwrap().place;
        assert!(further.seq > as_far.seq);
        for place in [as_far, further, Place::default()] {
            let reading = server.read_log(place, 10).await.unwrap();
            assert!(matches!(reading, Reading::Rows { .. }), "{place:?}");
        }
        drop(server);

        restore(&folder, &backup, danger_keep_sessions).unwrap();

        let store = folder.open();
        for place in [as_far, further, Place::default()] {
            assert_eq!(store.read_log(place, 10).await.unwrap(), Reading::Lost, "{place:?}");
        }
        let snapshot = store.read_snapshot().await.unwrap();
        assert_eq!(snapshot.place.nonce, RESTORED);
        let reading = store.read_log(snapshot.place, 10).await.unwrap();
        assert!(matches!(reading, Reading::Rows { rows, .. } if rows.is_empty()));
    }
}

#[tokio::test]
async fn a_token_that_was_ended_before_the_backup_stays_ended() {
    let folder = Folder::new();
    let backup = furnished(&folder).await;
    restore(&folder, &backup, false).unwrap();
    let rows = folder.open().read_snapshot().await.unwrap().rows;
    assert!(rows.iter().any(|row| row.subject == Subject::Token("token".to_owned())), "{rows:?}");
}

#[tokio::test]
async fn a_mark_that_was_left_before_the_backup_stays() {
    let folder = Folder::new();
    let backup = furnished(&folder).await;
    restore(&folder, &backup, false).unwrap();
    let again = NOW.plus(DeviceRequest::LIVES);
    assert!(!folder.open().mark_once(digest(8), again, NOW).await.unwrap());
}

#[tokio::test]
async fn who_asks_for_the_danger_keeps_the_sessions() {
    let folder = Folder::new();
    let backup = furnished(&folder).await;
    let restored = restore(&folder, &backup, true).unwrap();
    assert_eq!(restored.ended, 0);
    let store = folder.open();
    assert!(store.find_session(&digest(1), NOW).await.unwrap().is_some());
    assert!(store.find_guest(&digest(2), NOW).await.unwrap().is_some());
    // But nobody uses a code twice, or a right to register.
    assert!(store.find_code(&digest(4), NOW).await.unwrap().is_none());
    assert!(store.list_initial_tokens(NOW).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_database_that_was_there_is_kept() {
    let folder = Folder::new();
    let backup = furnished(&folder).await;
    let server = folder.open();
    sign_up(&server, 9).await;
    drop(server);

    let kept = restore(&folder, &backup, false).unwrap().kept.expect("there was one");

    let kept = Sqlite::open(&kept, Options::default()).unwrap();
    assert!(kept.find_user(user_id(9)).await.unwrap().is_some());
    assert!(folder.open().find_user(user_id(9)).await.unwrap().is_none());
}

#[tokio::test]
async fn a_backup_restores_where_there_is_nothing() {
    let folder = Folder::new();
    let backup = furnished(&folder).await;
    let elsewhere = Folder::new();
    assert_eq!(restore(&elsewhere, &backup, false).unwrap().kept, None);
    assert!(elsewhere.open().find_user(user_id(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn what_is_no_backup_changes_nothing() {
    let folder = Folder::new();
    let backup = furnished(&folder).await;
    let table = [
        (folder.file("missing.db"), None),
        (folder.file("text.db"), Some(b"not a database at all, but quite long enough".repeat(99))),
        (folder.file("damaged.db"), Some(damaged(&std::fs::read(&backup).unwrap()))),
    ];
    for (path, content) in table {
        if let Some(content) = content {
            std::fs::write(&path, content).unwrap();
        }
        let refused = restore(&folder, &path, false);
        assert!(refused.is_err(), "{}", path.display());
        let store = folder.open();
        assert!(store.find_session(&digest(1), NOW).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_restore_that_was_interrupted_is_not_taken_for_an_empty_database() {
    let folder = Folder::new();
    let backup = furnished(&folder).await;
    // As a crash leaves it between the two renames.
    std::fs::rename(folder.database(), folder.file("cloakroom.db.before-restore")).unwrap();
    std::fs::copy(&backup, folder.file("cloakroom.db.restoring")).unwrap();

    let opened = Sqlite::open(&folder.database(), Options::default());
    assert!(matches!(opened, Err(OpenError::HalfRestored { .. })));

    restore(&folder, &backup, false).unwrap();
    assert!(folder.open().find_user(user_id(1)).await.unwrap().is_some());
    assert!(folder.file("cloakroom.db.before-restore").exists(), "the only copy of what was there");
}

#[tokio::test]
async fn a_second_restore_leaves_what_the_first_one_kept() {
    let folder = Folder::new();
    let backup = furnished(&folder).await;
    let server = folder.open();
    sign_up(&server, 9).await;
    drop(server);

    let first = restore(&folder, &backup, false).unwrap().kept.unwrap();
    let second = restore(&folder, &backup, false).unwrap().kept.unwrap();

    assert_ne!(first, second);
    let kept = Sqlite::open(&first, Options::default()).unwrap();
    assert!(kept.find_user(user_id(9)).await.unwrap().is_some());
}

/// A folder with a user, everything that a user and a guest can have, and a backup of it.
fn service(id: &ClientId) -> Client {
    Client {
        id: id.clone(),
        name: "Warehouse".to_owned(),
        template: Template::Service,
        first_party: false,
        carriers: Vec::new(),
        token_places: Vec::new(),
        lifetimes: Template::Service.lifetimes(),
        audiences: Vec::new(),
        scopes: Vec::new(),
        algorithm: None,
        origins: Vec::new(),
        authentication: Vec::new(),
        data: Vec::new(),
        data_of_others: Vec::new(),
        registration: Registration::default(),
        created_at: NOW,
    }
}

async fn furnished(folder: &Folder) -> std::path::PathBuf {
    let server = folder.open();
    sign_up(&server, 1).await;
    come_as_guest(&server, 2).await;
    put(&server, Owner::User(user_id(1)), Hanging::User(user_id(1))).await;
    put(&server, Owner::Session(session_id(2)), Hanging::Session(session_id(2))).await;
    let link = Link {
        digest: digest(3),
        purpose: Purpose::Cookie { session: session_id(1) },
        created_at: NOW,
        expires_at: NOW.plus(Lifetimes::ACCESS_TOKEN_CEILING),
    };
    let inserted = server.insert_link(link, &act(Kind::LinkMade, 2)).await.unwrap();
    assert_eq!(inserted, InsertLink::Done);
    let code = Code {
        digest: digest(4),
        client: ClientId::built_in(),
        user: user_id(1),
        session: session_id(1),
        request: "{}".to_owned(),
        created_at: NOW,
        expires_at: NOW.plus(Code::LIVES),
    };
    let new = NewCode { code, spends: None, rests_on_consent: false };
    assert_eq!(server.insert_code(new, NOW).await.unwrap(), InsertCode::Done);
    assert!(server.find_code(&digest(4), NOW).await.unwrap().is_some());
    let request = PushedRequest {
        digest: digest(5),
        client: ClientId::built_in(),
        request: "{}".to_owned(),
        created_at: NOW,
        expires_at: NOW.plus(PushedRequest::BROUGHT_LIVES),
    };
    server.insert_pushed_request(request).await.unwrap();
    let device = DeviceRequest {
        digest: digest(6),
        user_code: digest(7),
        client: ClientId::built_in(),
        request: "{}".to_owned(),
        address: "192.0.2.1".to_owned(),
        created_at: NOW,
        expires_at: NOW.plus(DeviceRequest::LIVES),
        answer: DeviceAnswer::Pending,
        interval: DeviceRequest::INTERVAL,
        polled_at: None,
    };
    server.insert_device_request(device).await.unwrap();
    let token = InitialToken {
        id: InitialTokenId::new(NOW, [9; 10]),
        digest: digest(9),
        note: String::new(),
        created_at: NOW,
        expires_at: NOW.plus(DeviceRequest::LIVES),
        uses_left: None,
    };
    server.insert_initial_token(token, &act(Kind::InitialTokenMade, 4)).await.unwrap();
    assert_eq!(server.list_initial_tokens(NOW).await.unwrap().len(), 1);
    assert!(server.mark_once(digest(8), NOW.plus(DeviceRequest::LIVES), NOW).await.unwrap());
    let _rows = server
        .announce(
            Subject::Token("token".to_owned()),
            log::Change::Ended,
            &act(Kind::ClientChanged, 3),
        )
        .await
        .unwrap();
    let backup = folder.file("backup.db");
    server.backup(&backup, |_| {}).await.unwrap();
    backup
}

async fn put(store: &SqliteStore, owner: Owner, by: Hanging) {
    let write = Write {
        key: document(owner),
        by,
        seen: Seen::Unsaid,
        change: Change::Put(json!({"items": ["coat"]})),
        etag: Etag([1; 16]),
        limit: 1000,
    };
    let written = store.write_data(write, &act(Kind::ProfileChanged, 4)).await.unwrap();
    assert!(matches!(written, Written::Done(Some(_))), "{written:?}");
}

fn document(owner: Owner) -> DocumentKey {
    let namespace = Namespace::parse("cart").unwrap();
    DocumentKey { owner, client: ClientId::built_in(), namespace }
}

fn restore(
    folder: &Folder,
    backup: &std::path::Path,
    danger_keep_sessions: bool,
) -> Result<Restored, RestoreError> {
    let restore = Restore { from: backup.to_owned(), to: folder.database(), danger_keep_sessions };
    let mut act = act(Kind::Restored, RESTORED);
    act.at = NOW.plus(std::time::Duration::from_secs(1));
    restore.run(&folder.lock(), &act)
}

/// The same bytes, but for one page in the middle.
fn damaged(backup: &[u8]) -> Vec<u8> {
    let mut damaged = backup.to_vec();
    let page = damaged.len() / 4096 / 2;
    damaged[page * 4096..][..4096].fill(0xff);
    damaged
}
