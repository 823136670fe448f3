//! Promises about consents: they only widen, until they are taken back with all that came of them.

use std::sync::Arc;

use cloakroom_model::authorization::Consent;
use cloakroom_model::event::{Kind, Reason};
use cloakroom_model::grant::Grant;

use super::scene::{
    act, at, client, client_id, code, consent, digest, disabled, ending, give_code, give_consent,
    grant, redeem, session_id, sign_in, sign_up, user_id,
};
use super::witness::{
    CALLERS, Listener, at_once, changed, count, events, grant_ended, grants_there, opens,
};
use crate::{Ends, GiveConsent, InsertCode, NewCode, Store};

pub async fn a_consent_is_widened_and_never_narrowed(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let mut log = Listener::new(&*store).await;
    let first =
        Consent { claims: words(["email"]), ..consent(user.id, "shop", ["openid", "profile"]) };
    give_consent(&*store, first.clone()).await;
    let found = store.find_consent(user.id, &client_id("shop")).await.unwrap();
    assert_eq!(found, Some(first));

    let more = Consent { at: at(9), ..consent(user.id, "shop", ["address", "openid"]) };
    let give = act(Kind::ConsentGiven);
    let both = Consent {
        scope: words(["address", "openid", "profile"]),
        claims: words(["email"]),
        ..more.clone()
    };
    let answer = store.give_consent(more, &give).await.unwrap();
    assert_eq!(answer, GiveConsent::Done(both.clone()));
    let of_blog = consent(user.id, "blog", ["openid"]);
    give_consent(&*store, of_blog.clone()).await;

    assert_eq!(store.list_consents(user.id).await.unwrap(), [of_blog, both]);
    assert_eq!(store.list_consents(user_id(7)).await.unwrap(), []);
    assert_eq!(store.find_consent(user.id, &client_id("SHOP")).await.unwrap(), None);
    assert_eq!(count(&*store, Kind::ConsentGiven).await, 3);
    log.hears(&*store, &give, &[], []).await;
}

pub async fn what_many_allow_at_once_is_all_allowed(store: Arc<dyn Store>) {
    sign_up(&*store, 1).await;
    at_once(&store, |store, caller| async move {
        let scope = format!("scope{caller}");
        let consent = Consent { scope: vec![scope], ..consent(user_id(1), "shop", []) };
        give_consent(&*store, consent).await;
    })
    .await;
    let found = store.find_consent(user_id(1), &client_id("shop")).await.unwrap().unwrap();
    assert_eq!(found.scope.len(), usize::from(CALLERS), "{:?}", found.scope);
}

pub async fn nobody_who_is_out_allows_anything(store: Arc<dyn Store>) {
    let out = sign_up(&*store, 1).await;
    changed(store.set_life(out.id, disabled(), &act(Kind::UserDisabled)).await.unwrap());
    for user in [out.id, user_id(7)] {
        let give = act(Kind::ConsentGiven);
        let answer = store.give_consent(consent(user, "shop", ["openid"]), &give).await.unwrap();
        assert_eq!(answer, GiveConsent::Pointless);
        assert_eq!(store.list_consents(user).await.unwrap(), []);
    }
    assert_eq!(count(&*store, Kind::ConsentGiven).await, 0);
}

pub async fn a_withdrawn_consent_takes_along_what_came_of_it(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let other = sign_up(&*store, 2).await;
    sign_in(&*store, &user, 1).await;
    sign_in(&*store, &other, 2).await;
    for user in [user.id, other.id] {
        give_consent(&*store, consent(user, "shop", ["openid"])).await;
    }
    give_consent(&*store, consent(user.id, "blog", ["openid"])).await;
    let of_blog = Grant { client: client_id("blog"), ..grant(11, Some(user.id), None) };
    for grant in [grant(10, Some(user.id), None), of_blog] {
        store.insert_grant(grant, &act(Kind::GrantMade)).await.unwrap();
    }
    give_code(&*store, code(70, user.id, session_id(1))).await;
    let mut log = Listener::new(&*store).await;

    let withdraw = act(Kind::ConsentWithdrawn);
    let shop = client_id("shop");
    let done = store.withdraw_consent(user.id, &shop, &withdraw).await.unwrap().unwrap();

    log.hears(&*store, &withdraw, &done.rows, [grant_ended(1), grant_ended(10)]).await;
    assert_eq!(store.find_consent(user.id, &shop).await.unwrap(), None);
    assert_eq!(store.list_consents(user.id).await.unwrap().len(), 1);
    assert!(store.find_consent(other.id, &shop).await.unwrap().is_some());
    assert_eq!(store.find_code(&digest(70), at(0)).await.unwrap(), None);
    assert_eq!(grants_there(&*store, [1, 2, 10, 11]).await, [2, 11]);
    assert!(opens(&*store, 1).await, "the session stays");
    assert_eq!(store.withdraw_consent(user.id, &shop, &withdraw).await.unwrap(), None);
    assert_eq!(count(&*store, Kind::ConsentWithdrawn).await, 1);
    let ended = events(&*store).await.into_iter().filter(|it| it.event.kind == Kind::GrantEnded);
    let reasons: Vec<_> = ended.filter_map(|it| it.event.detail).collect();
    assert_eq!(reasons, ["consent_withdrawn", "consent_withdrawn"]);
}

pub async fn a_code_that_rests_on_a_consent_needs_it(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    give_consent(&*store, consent(user.id, "blog", ["openid"])).await;
    let insert = async || {
        let code = code(70, user.id, session_id(1));
        let new = NewCode { code, spends: None, rests_on_consent: true };
        store.insert_code(new, at(0)).await.unwrap()
    };
    assert_eq!(insert().await, InsertCode::Pointless, "it was given to another client");
    assert_eq!(store.find_code(&digest(70), at(0)).await.unwrap(), None);
    give_consent(&*store, consent(user.id, "shop", ["openid"])).await;
    assert_eq!(insert().await, InsertCode::Done);
}

pub async fn a_withdrawal_wins_over_the_codes_it_races(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    give_consent(&*store, consent(user.id, "shop", ["openid"])).await;
    at_once(&store, |store, caller| async move {
        if caller == CALLERS / 2 {
            withdraw(&*store).await;
        } else {
            let code = code(100 + caller, user_id(1), session_id(1));
            let new = NewCode { code, spends: None, rests_on_consent: true };
            store.insert_code(new, at(0)).await.unwrap();
        }
    })
    .await;
    for n in 101..=100 + CALLERS {
        assert_eq!(store.find_code(&digest(n), at(0)).await.unwrap(), None, "code {n}");
    }
}

pub async fn a_withdrawal_wins_over_the_grants_of_codes_it_races(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    give_consent(&*store, consent(user.id, "shop", ["openid"])).await;
    for n in 101..=100 + CALLERS {
        give_code(&*store, code(n, user.id, session_id(1))).await;
    }
    at_once(&store, |store, caller| async move {
        if caller == CALLERS / 2 {
            withdraw(&*store).await;
        } else {
            let own = grant(100 + caller, Some(user_id(1)), None);
            let redeem = redeem(100 + caller, own);
            store.redeem_code(redeem, &act(Kind::GrantMade)).await.unwrap();
        }
    })
    .await;
    let shop = client_id("shop");
    assert_eq!(store.list_grants_of_user_at(user.id, &shop).await.unwrap(), []);
}

pub async fn consents_go_with_their_user_or_client_alone(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let other = sign_up(&*store, 2).await;
    let gone = sign_up(&*store, 3).await;
    store.insert_client(client("shop"), None, &act(Kind::ClientAdded)).await.unwrap();
    sign_in(&*store, &user, 1).await;
    for (user, client) in
        [(user.id, "shop"), (user.id, "blog"), (other.id, "shop"), (gone.id, "blog")]
    {
        give_consent(&*store, consent(user, client, ["openid"])).await;
    }
    let there = async || {
        let mut there = Vec::new();
        for user in [user.id, other.id, gone.id] {
            there.extend(store.list_consents(user).await.unwrap());
        }
        there.into_iter().map(|it| (it.user, it.client.to_string())).collect::<Vec<_>>()
    };
    let named = |user, client: &str| (user, client.to_owned());
    changed(store.set_life(other.id, disabled(), &act(Kind::UserDisabled)).await.unwrap());
    let everybodys = store.end_sessions(Ends::Everybodys, Reason::Restored, &ending()).await;
    let _rows = everybodys.unwrap();
    assert_eq!(there().await.len(), 4, "no end of a session takes a consent along");
    changed(store.delete_user(gone.id, None, &act(Kind::UserDeleted)).await.unwrap());
    let left = [named(user.id, "blog"), named(user.id, "shop"), named(other.id, "shop")];
    assert_eq!(there().await, left);
    let remove = act(Kind::ClientRemoved);
    assert!(store.remove_client(&client_id("shop"), &remove).await.unwrap().is_some());
    assert_eq!(there().await, [named(user.id, "blog")]);
}

pub async fn no_consent_is_left_of_a_user_it_raced(store: Arc<dyn Store>) {
    sign_up(&*store, 1).await;
    at_once(&store, |store, caller| async move {
        if caller == CALLERS / 2 {
            changed(store.delete_user(user_id(1), None, &act(Kind::UserDeleted)).await.unwrap());
        } else {
            let consent = consent(user_id(1), "shop", ["openid"]);
            store.give_consent(consent, &act(Kind::ConsentGiven)).await.unwrap();
        }
    })
    .await;
    assert_eq!(store.list_consents(user_id(1)).await.unwrap(), []);
}

/// User 1 takes back what the client `shop` was allowed.
async fn withdraw(store: &dyn Store) {
    let withdraw = act(Kind::ConsentWithdrawn);
    let done = store.withdraw_consent(user_id(1), &client_id("shop"), &withdraw).await.unwrap();
    assert!(done.is_some());
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}
