//! Promises about pushed requests, as long as nobody answers them. That they are answered once is promised with codes.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_model::authorization::PushedRequest;
use cloakroom_model::event::{Kind, Reason};

use super::scene::{act, at, client, client_id, digest, ending, pushed_request};
use crate::{Ends, Store};

pub async fn a_request_is_found_until_it_expires(store: Arc<dyn Store>) {
    store.insert_pushed_request(pushed_request(80)).await.unwrap();
    let just_before = at(60).minus(Duration::from_millis(1));
    for _ in 0..2 {
        // To look is not to spend.
        let found = store.find_pushed_request(&digest(80), just_before).await.unwrap();
        assert_eq!(found, Some(pushed_request(80)));
    }
    assert_eq!(store.find_pushed_request(&digest(80), at(60)).await.unwrap(), None);
    assert_eq!(store.find_pushed_request(&digest(81), at(0)).await.unwrap(), None);
}

pub async fn insert_never_replaces_a_request(store: Arc<dyn Store>) {
    store.insert_pushed_request(pushed_request(80)).await.unwrap();
    let other = PushedRequest { request: "{}".to_owned(), ..pushed_request(80) };
    assert!(store.insert_pushed_request(other).await.is_err());
    assert_eq!(there(&store, [80]).await, [80]);
    let found = store.find_pushed_request(&digest(80), at(0)).await.unwrap();
    assert_eq!(found, Some(pushed_request(80)));
}

pub async fn expired_requests_are_forgotten(store: Arc<dyn Store>) {
    store.insert_pushed_request(pushed_request(80)).await.unwrap();
    let later = PushedRequest { expires_at: at(61), ..pushed_request(81) };
    store.insert_pushed_request(later).await.unwrap();
    store.expire_pushed_requests(at(60)).await.unwrap();
    assert_eq!(there(&store, [80, 81]).await, [81]);
}

pub async fn requests_go_with_their_client_and_with_everything(store: Arc<dyn Store>) {
    store.insert_client(client("shop"), None, &act(Kind::ClientAdded)).await.unwrap();
    store.insert_pushed_request(pushed_request(80)).await.unwrap();
    let of_blog = PushedRequest { client: client_id("blog"), ..pushed_request(81) };
    store.insert_pushed_request(of_blog).await.unwrap();
    let remove = act(Kind::ClientRemoved);
    assert!(store.remove_client(&client_id("shop"), &remove).await.unwrap().is_some());
    assert_eq!(there(&store, [80, 81]).await, [81]);
    let _rows = store.end_sessions(Ends::Everybodys, Reason::Restored, &ending()).await.unwrap();
    assert!(there(&store, [80, 81]).await.is_empty());
}

async fn there<const N: usize>(store: &Arc<dyn Store>, ns: [u8; N]) -> Vec<u8> {
    let mut there = Vec::new();
    for n in ns {
        if store.find_pushed_request(&digest(n), at(0)).await.unwrap().is_some() {
            there.push(n);
        }
    }
    there
}
