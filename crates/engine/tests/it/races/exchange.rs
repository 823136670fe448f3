//! Promise 1 for exchanged tokens: while one node ends a session or a grant, both exchange a token of it in every order
//! that the seeds find. What comes of that is worth nothing once the end was heard.

use std::cell::Cell;
use std::sync::Arc;

use cloakroom_engine::Engine;
use cloakroom_engine::sign_up::SignUp;
use cloakroom_model::client::Client;
use cloakroom_model::event::{Actor, Reason};
use cloakroom_model::id::ClientId;
use cloakroom_model::registration::{AuthenticationMethod, GrantType};
use cloakroom_model::session::Carrier;
use cloakroom_oauth::form::Form;
use cloakroom_oauth::introspection::Introspection;
use cloakroom_oauth::token_in_question::TokenInQuestion;
use cloakroom_oauth::token_request::{ExchangeRequest, TokenRequest};
use cloakroom_testkit::engine::{ada, visitor};
use cloakroom_testkit::interleaved::{Turns, pause};

use super::{On, on_every_cluster};
use crate::clients::client;

const ORDERS: &str = "https://orders.example";

on_every_cluster! {
    after_an_end_no_exchanged_token_is_worth_anything
}

async fn after_an_end_no_exchanged_token_is_worth_anything(on: On) {
    for seed in on.seeds() {
        let cluster = on.start(seed).await;
        let [here, there] = &cluster.nodes;
        let sent = sent_to_orders(here).await;
        there.catch_up().await.unwrap();
        let sid = sent.session;
        let grant = cluster.store.list_grants_of_session(sid).await.unwrap()[0].id;
        let (acknowledged, heard) = (Cell::new(false), Cell::new(false));

        let mut turns = Turns::new(seed);
        turns.add(async {
            if seed.is_multiple_of(2) {
                assert!(here.end_any_session(sid, Actor::Operator).await.unwrap());
            } else {
                let ended = here.end_grant_by_id(grant, Reason::Operator, Actor::Operator).await;
                assert!(ended.unwrap());
            }
            acknowledged.set(true);
        });
        turns.add(async {
            for _ in 0..8 {
                let after = acknowledged.get();
                there.catch_up().await.unwrap();
                heard.set(heard.get() || after);
                pause().await;
            }
        });
        for node in [here, there] {
            for _ in 0..2 {
                turns.add(async {
                    for _ in 0..3 {
                        let is_over =
                            || if std::ptr::eq(node, here) { &acknowledged } else { &heard }.get();
                        let too_late = is_over();
                        let Some(token) = exchange(node, &sent.token).await else { break };
                        assert!(!too_late, "seed {seed}: exchanged after the end");
                        pause().await;
                        let too_late = is_over();
                        let active = is_active(node, &token).await;
                        assert!(!(too_late && active), "seed {seed}: a token outlived its end");
                    }
                });
            }
        }
        cluster.run(turns).await;

        for node in [here, there] {
            node.catch_up().await.unwrap();
            assert!(exchange(node, &sent.token).await.is_none(), "seed {seed}");
        }
    }
}

/// A token that a shop sends to the service of orders.
struct Sent {
    session: cloakroom_model::id::SessionId,
    token: String,
}

async fn sent_to_orders(node: &Engine) -> Sent {
    let mut shop = client("shop");
    shop.first_party = true;
    shop.template = cloakroom_model::client::Template::Mobile;
    shop.audiences = vec![ORDERS.to_owned()];
    shop.scopes = vec!["read".to_owned()];
    let mut orders = client(ORDERS);
    orders.audiences = vec!["https://stock.example".to_owned()];
    orders.scopes = vec!["read".to_owned()];
    orders.registration.grant_types = vec![GrantType::TokenExchange];
    orders.registration.method = AuthenticationMethod::ClientSecretBasic;
    for new in [shop, orders] {
        node.add_client(new, Actor::Operator).await.unwrap();
    }
    let client = Some(ClientId::parse("shop").unwrap());
    let wish = SignUp { client, ..ada(Carrier::Token) };
    let ada = node.sign_up(wish, &visitor()).await.unwrap();
    let token = ada.tokens.as_ref().unwrap().access.token.clone();
    Sent { session: ada.session.session.id, token }
}

async fn exchange(node: &Engine, token: &str) -> Option<String> {
    let granted = node.exchange(&request(token), &orders(node), None, &visitor()).await;
    granted.ok().map(|granted| granted.access.token)
}

fn request(token: &str) -> ExchangeRequest {
    let text = format!(
        "grant_type={}&subject_token={token}&subject_token_type=urn:ietf:params:oauth:token-type:access_token",
        GrantType::TokenExchange.as_str(),
    );
    match TokenRequest::read(&Form::parse(text.as_bytes()).unwrap()).unwrap() {
        TokenRequest::Exchange(request) => *request,
        other => panic!("{other:?}"),
    }
}

async fn is_active(node: &Engine, token: &str) -> bool {
    let question = TokenInQuestion::Access(token.to_owned().into());
    let told = node.introspect(&question, &orders(node), &visitor()).await.unwrap();
    matches!(told, Introspection::Access(_))
}

fn orders(node: &Engine) -> Arc<Client> {
    node.find_client(&ClientId::parse(ORDERS).unwrap()).unwrap()
}
