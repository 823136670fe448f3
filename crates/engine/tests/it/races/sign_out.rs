//! Promise 1: delete wins. While one node signs a session out, both nodes check it, write its data, earn tokens
//! from it, turn its token into a cookie and forget its failures, in every order that the seeds find.

use std::cell::Cell;
use std::rc::Rc;

use cloakroom_engine::Engine;
use cloakroom_engine::begin::SignedIn;
use cloakroom_engine::identity::NotSignedIn;
use cloakroom_engine::secret::from_text;
use cloakroom_engine::visitor::Browser;
use cloakroom_model::client::Client;
use cloakroom_model::data::{Change, Namespace, Seen};
use cloakroom_model::id::ClientId;
use cloakroom_model::session::Carrier;
use cloakroom_testkit::engine::visitor;
use cloakroom_testkit::interleaved::{Turns, pause};
use serde_json::json;
use std::sync::Arc;

use super::{On, on_every_cluster};

on_every_cluster! {
    after_a_sign_out_nothing_brings_a_cookies_session_back
    after_a_sign_out_no_refresh_and_no_link_brings_a_tokens_session_back
}

async fn after_a_sign_out_nothing_brings_a_cookies_session_back(on: On) {
    for seed in on.seeds() {
        let cluster = on.start(seed).await;
        let ada = cluster.ada(Carrier::Cookie).await;
        let cookie = ada.cookie.clone().unwrap();
        let sid = ada.session.session.id;
        let [here, there] = &cluster.nodes;
        let acknowledged = Rc::new(Cell::new(false));
        let heard = Rc::new(Cell::new(false));

        let mut turns = Turns::new(seed);
        turns.add(async {
            let identity = here.check_cookie(&cookie).await.unwrap();
            here.sign_out(&identity).await.unwrap();
            acknowledged.set(true);
        });
        // The node that signs out refuses from the acknowledgement on.
        for _ in 0..2 {
            turns.add(async {
                for _ in 0..6 {
                    let too_late = acknowledged.get();
                    let checked = here.check_cookie(&cookie).await;
                    assert!(
                        !(too_late && checked.is_ok()),
                        "seed {seed}: accepted after the acknowledgement"
                    );
                    pause().await;
                }
            });
        }
        // The other one from the first reading of the log that began after it.
        turns.add(async {
            for _ in 0..8 {
                let after = acknowledged.get();
                there.catch_up().await.unwrap();
                heard.set(heard.get() || after);
                pause().await;
            }
        });
        for _ in 0..2 {
            turns.add(async {
                for _ in 0..6 {
                    let too_late = heard.get();
                    let checked = there.check_cookie(&cookie).await;
                    assert!(
                        !(too_late && checked.is_ok()),
                        "seed {seed}: accepted after the log was heard"
                    );
                    pause().await;
                }
            });
        }
        for node in [here, there] {
            turns.add(keep_writing(node, &ada, seed));
            turns.add(async {
                // A token that is earned meanwhile is worth nothing afterwards.
                let Ok(identity) = node.check_cookie(&cookie).await else { return };
                let client = built_in(node);
                let token =
                    node.earn_token(&identity, &client, &node.settings().issuer).unwrap().token;
                for _ in 0..6 {
                    let too_late =
                        if std::ptr::eq(node, here) { acknowledged.get() } else { heard.get() };
                    let checked = node.check_token(&token).await;
                    assert!(
                        !(too_late && checked.is_ok()),
                        "seed {seed}: a token outlived its session"
                    );
                    pause().await;
                }
            });
        }
        cluster.run(turns).await;

        assert!(cluster.store.find_session_by_id(sid).await.unwrap().is_none(), "seed {seed}");
        let key = cart(sid);
        assert_eq!(
            cluster.store.read_data(&key).await.unwrap(),
            None,
            "seed {seed}: data outlived the session"
        );
        for node in [here, there] {
            node.catch_up().await.unwrap();
            assert!(
                matches!(node.check_cookie(&cookie).await, Err(NotSignedIn::NoSession)),
                "seed {seed}"
            );
        }
    }
}

async fn after_a_sign_out_no_refresh_and_no_link_brings_a_tokens_session_back(on: On) {
    for seed in on.seeds() {
        let cluster = on.start(seed).await;
        let ada = cluster.ada(Carrier::Token).await;
        let tokens = ada.tokens.as_ref().unwrap();
        let sid = ada.session.session.id;
        let [here, there] = &cluster.nodes;

        let mut turns = Turns::new(seed);
        turns.add(async {
            let identity = here.check_token(&tokens.access.token).await.unwrap();
            here.sign_out(&identity).await.unwrap();
        });
        for node in [here, there] {
            turns.add(async {
                let mut newest = tokens.refresh.clone();
                for _ in 0..3 {
                    let presented =
                        cloakroom_oauth::refresh_token::Presented::parse(&newest).unwrap();
                    match node
                        .refresh(&presented, &built_in(node), None, None, None, &visitor())
                        .await
                    {
                        Ok(pair) => newest = pair.refresh,
                        Err(_) => break,
                    }
                }
            });
            turns.add(async {
                let Ok(identity) = node.check_token(&tokens.access.token).await else { return };
                let Ok(link) = node.cookie_link(&identity).await else { return };
                let secret = from_text(&link).unwrap();
                // Whether it is spent before or after the end, no cookie is left that works.
                if let Ok(signed_in) =
                    node.spend_cookie_link(&secret, &Browser::default(), &visitor()).await
                {
                    pause().await;
                    drop(node.check_cookie(&signed_in.cookie.unwrap()).await);
                }
            });
        }
        cluster.run(turns).await;

        assert!(cluster.store.find_session_by_id(sid).await.unwrap().is_none(), "seed {seed}");
        assert!(cluster.store.list_grants_of_session(sid).await.unwrap().is_empty(), "seed {seed}");
        for node in [here, there] {
            node.catch_up().await.unwrap();
            assert!(node.check_token(&tokens.access.token).await.is_err(), "seed {seed}");
        }
    }
}

/// Writes to a session's own data until it is told that the session has ended.
async fn keep_writing(node: &Engine, ada: &SignedIn, seed: u64) {
    let cookie = ada.cookie.clone().unwrap();
    for n in 0..4 {
        let Ok(identity) = node.check_cookie(&cookie).await else { return };
        let client = per_session(node);
        let written = node
            .write_data(
                &identity,
                &client,
                None,
                &namespace(),
                Seen::Unsaid,
                Change::Patch(json!({ "n": n })),
            )
            .await;
        match written {
            Ok(_) | Err(cloakroom_engine::session_data::DataError::Ended) => (),
            Err(error) => panic!("seed {seed}: {error}"),
        }
    }
}

fn namespace() -> Namespace {
    Namespace::parse("cart").unwrap()
}

fn cart(sid: cloakroom_model::id::SessionId) -> cloakroom_model::data::DocumentKey {
    cloakroom_model::data::DocumentKey {
        owner: cloakroom_model::data::Owner::Session(sid),
        client: ClientId::built_in(),
        namespace: namespace(),
    }
}

fn built_in(node: &Engine) -> Arc<Client> {
    node.find_client(&ClientId::built_in()).unwrap()
}

/// The built-in client as it would be if its carts stayed with the session.
fn per_session(node: &Engine) -> Client {
    use cloakroom_model::data::{Belongs, MergeRule};
    let rule = cloakroom_model::client::DataRule {
        namespace: namespace(),
        belongs: Belongs::Session,
        at_sign_in: MergeRule::Merge,
    };
    Client { data: vec![rule], ..(*built_in(node)).clone() }
}
