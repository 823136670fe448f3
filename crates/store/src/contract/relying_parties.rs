//! Promises about relying parties: they outlive their session, and each is told by one.

use std::sync::Arc;

use cloakroom_model::authorization::RelyingParty;
use cloakroom_model::event::{Kind, Reason};
use cloakroom_model::grant::Grant;

use super::scene::{
    act, at, client, client_id, code, ending, give_code, grant, redeem, relying_party, session_id,
    sign_in, sign_up, user_id,
};
use super::witness::{CALLERS, at_once};
use crate::{Redeem, Redeemed, Store};

pub async fn a_relying_party_is_due_once_its_session_is_gone(store: Arc<dyn Store>) {
    two_sessions(&*store).await;
    let of_session = store.list_relying_parties(session_id(1)).await.unwrap();
    assert_eq!(of_session, [relying_party(1, "blog"), relying_party(1, "shop")]);
    assert_eq!(store.claim_relying_parties(at(9), at(60), 9).await.unwrap(), []);

    store.end_session(session_id(1), Reason::SignedOut, &ending()).await.unwrap();

    let of_session = store.list_relying_parties(session_id(1)).await.unwrap();
    assert_eq!(of_session.len(), 2, "a page may still name them");
    let claimed = store.claim_relying_parties(at(9), at(60), 9).await.unwrap();
    let leased = |client| RelyingParty { try_at: at(60), ..relying_party(1, client) };
    assert_eq!(claimed, [leased("blog"), leased("shop")]);
    store.end_session(session_id(2), Reason::SignedOut, &ending()).await.unwrap();
    let claimed = store.claim_relying_parties(at(9), at(60), 9).await.unwrap();
    assert_eq!(claimed, [RelyingParty { try_at: at(60), ..relying_party(2, "shop") }]);
}

pub async fn of_many_who_ask_each_is_given_others(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    for n in 1..=CALLERS {
        sign_in(&*store, &user, n).await;
        note(&*store, n, "shop").await;
        store.end_session(session_id(n), Reason::SignedOut, &ending()).await.unwrap();
    }
    let answers = at_once(&store, |store, _| async move {
        store.claim_relying_parties(at(9), at(60), 1).await.unwrap()
    })
    .await;
    assert!(answers.iter().all(|claimed| claimed.len() == 1), "{answers:?}");
    let mut sessions: Vec<_> = answers.into_iter().flatten().map(|party| party.session).collect();
    sessions.sort_unstable();
    assert_eq!(sessions, (1..=CALLERS).map(session_id).collect::<Vec<_>>());
}

pub async fn who_was_told_is_forgotten_and_who_was_not_is_due_again(store: Arc<dyn Store>) {
    two_sessions(&*store).await;
    for n in [1, 2] {
        store.end_session(session_id(n), Reason::SignedOut, &ending()).await.unwrap();
    }
    assert_eq!(store.claim_relying_parties(at(9), at(60), 9).await.unwrap().len(), 3);
    let (blog, shop) = (client_id("blog"), client_id("shop"));
    store.forget_relying_party(session_id(1), &blog).await.unwrap();
    store.put_off_relying_party(session_id(1), &shop, at(600)).await.unwrap();

    // The third one's teller went away without a word.
    assert_eq!(store.claim_relying_parties(at(59), at(99), 9).await.unwrap(), []);
    let claimed = store.claim_relying_parties(at(60), at(660), 9).await.unwrap();
    assert_eq!(claimed, [RelyingParty { try_at: at(660), ..relying_party(2, "shop") }]);
    let claimed = store.claim_relying_parties(at(600), at(700), 9).await.unwrap();
    let again = RelyingParty { failures: 1, try_at: at(700), ..relying_party(1, "shop") };
    assert_eq!(claimed, [again]);
    store.forget_relying_party(session_id(1), &shop).await.unwrap();
    assert_eq!(store.list_relying_parties(session_id(1)).await.unwrap(), []);
    store.put_off_relying_party(session_id(1), &shop, at(9)).await.unwrap();
    assert_eq!(store.list_relying_parties(session_id(1)).await.unwrap(), []);
}

pub async fn a_removed_client_is_told_nothing_any_more(store: Arc<dyn Store>) {
    store.insert_client(client("shop"), None, &act(Kind::ClientAdded)).await.unwrap();
    two_sessions(&*store).await;
    let remove = act(Kind::ClientRemoved);
    assert!(store.remove_client(&client_id("shop"), &remove).await.unwrap().is_some());
    let of_session = store.list_relying_parties(session_id(1)).await.unwrap();
    assert_eq!(of_session, [relying_party(1, "blog")]);
    assert_eq!(store.list_relying_parties(session_id(2)).await.unwrap(), []);
}

/// Session 1 that two clients know of, and session 2 that one does.
async fn two_sessions(store: &dyn Store) {
    let user = sign_up(store, 1).await;
    for n in [1, 2] {
        sign_in(store, &user, n).await;
        note(store, n, "shop").await;
    }
    note(store, 1, "blog").await;
    // Noted twice, it is there once.
    note(store, 1, "blog").await;
}

/// Tells a client of session `n`.
pub(super) async fn note(store: &dyn Store, n: u8, client: &str) {
    let name = u8::try_from(store.list_grants_of_user(user_id(1)).await.unwrap().len()).unwrap();
    let of_client = client_id(client);
    let mut code = code(100 + name, user_id(1), session_id(n));
    code.client = of_client.clone();
    give_code(store, code).await;
    let grant = Grant { client: of_client, ..grant(100 + name, Some(user_id(1)), None) };
    let party = Some(relying_party(n, client));
    let redeem = Redeem { relying_party: party, ..redeem(100 + name, grant) };
    let answer = store.redeem_code(redeem, &act(Kind::GrantMade)).await.unwrap();
    assert!(matches!(answer, Redeemed::Done(_)), "{answer:?}");
}
