//! Promises about initial access tokens, as long as nobody spends them. That each registers as many clients as it is for is
//! promised with the clients.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_model::event::Kind;
use cloakroom_model::initial_token::InitialToken;

use super::scene::{act, at, initial_token, initial_token_id, insert_initial_token};
use super::witness::count;
use crate::Store;

pub async fn initial_tokens_are_listed_until_they_expire(store: Arc<dyn Store>) {
    let (one, three) = (initial_token(1, Some(1)), initial_token(3, None));
    let two = InitialToken { expires_at: at(90), ..initial_token(2, Some(7)) };
    for token in [&three, &one, &two] {
        insert_initial_token(&*store, token.clone()).await;
    }
    let just_before = at(60).minus(Duration::from_millis(1));
    let listed = store.list_initial_tokens(just_before).await.unwrap();
    assert_eq!(listed, [one, two.clone(), three]);
    assert_eq!(store.list_initial_tokens(at(60)).await.unwrap(), [two]);
    assert_eq!(count(&*store, Kind::InitialTokenMade).await, 3);
}

pub async fn a_removed_initial_token_is_gone(store: Arc<dyn Store>) {
    insert_initial_token(&*store, initial_token(1, None)).await;
    insert_initial_token(&*store, initial_token(2, None)).await;
    let remove = act(Kind::InitialTokenRemoved);
    assert!(store.remove_initial_token(initial_token_id(1), &remove).await.unwrap());
    assert!(!store.remove_initial_token(initial_token_id(1), &remove).await.unwrap());
    assert_eq!(store.list_initial_tokens(at(0)).await.unwrap(), [initial_token(2, None)]);
    assert_eq!(count(&*store, Kind::InitialTokenRemoved).await, 1);
}

pub async fn expired_initial_tokens_are_forgotten(store: Arc<dyn Store>) {
    insert_initial_token(&*store, initial_token(1, None)).await;
    let later = InitialToken { expires_at: at(61), ..initial_token(2, None) };
    insert_initial_token(&*store, later.clone()).await;
    store.expire_initial_tokens(at(60)).await.unwrap();
    assert_eq!(store.list_initial_tokens(at(0)).await.unwrap(), [later]);
}
