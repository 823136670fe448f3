use cloakroom_model::id::{ClientId, UserId};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::scene;

const ORDERS: &str = "https://orders.example";
const STOCK: &str = "https://stock.example";

/// A service that was sent a token, and asks for one to pass on.
fn service() -> Client {
    let id = ClientId::parse("orders").unwrap();
    Client { id, audiences: vec![STOCK.into(), ORDERS.into()], ..scene::client() }
}

/// The token it was sent.
fn sent() -> Claims {
    claims(&json!({"aud": ["orders"], "client_id": "shop", "scope": "read write"}))
}

fn claims(more: &serde_json::Value) -> Claims {
    let mut claims = json!({
        "iss": "i", "sub": UserId::from_bytes([1; 16]).to_string(), "exp": 2, "iat": 1, "jti": "j",
    });
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    serde_json::from_value(claims).unwrap()
}

/// What the service decides with scopes of its own for all that is asked for here.
fn decide(
    client: &Client,
    subject: &Claims,
    actor: Option<&Claims>,
    audience: Option<&str>,
    scope: Option<&Scope>,
) -> Result<Exchanged, Error> {
    let own = Scope::parse("a b c d e f read write").unwrap();
    super::decide(client, &own, subject, actor, audience, scope)
}

fn code(result: Result<Exchanged, Error>) -> Code {
    result.unwrap_err().code
}

#[test]
fn a_service_gets_a_token_that_says_that_it_acts() {
    let exchanged = decide(&service(), &sent(), None, None, None).unwrap();
    assert_eq!(exchanged.audience, STOCK);
    assert_eq!(exchanged.scope, Scope::parse("read write").unwrap());
    let act = serde_json::to_value(&exchanged.act).unwrap();
    assert_eq!(act, json!({"sub": "client:orders"}));
}

#[test]
fn whoever_acted_before_stays_named() {
    let mut subject = sent();
    subject.act = Some(Actor::new(&Subject::Client(ClientId::parse("gateway").unwrap())));
    let exchanged = decide(&service(), &subject, None, None, None).unwrap();
    let act = serde_json::to_value(&exchanged.act).unwrap();
    assert_eq!(act, json!({"sub": "client:orders", "act": {"sub": "client:gateway"}}));
}

#[test]
fn an_actor_with_a_token_is_named_instead_of_the_client() {
    let agent = claims(&json!({"sub": "client:agent", "aud": "orders", "client_id": "agent"}));
    let exchanged = decide(&service(), &sent(), Some(&agent), None, None).unwrap();
    assert_eq!(exchanged.act.sub, "client:agent");
    let mut acted_for = agent.clone();
    acted_for.act = Some(Actor::new(&Subject::Client(ClientId::parse("hidden").unwrap())));
    let refused = decide(&service(), &sent(), Some(&acted_for), None, None);
    assert_eq!(code(refused), Code::InvalidRequest, "it would hide who acts");
    let elsewhere = claims(&json!({"sub": "client:agent", "aud": "x", "client_id": "agent"}));
    let refused = decide(&service(), &sent(), Some(&elsewhere), None, None);
    assert_eq!(code(refused), Code::InvalidRequest);
}

#[test]
fn a_token_that_was_found_cannot_be_exchanged() {
    let found = claims(&json!({"aud": ORDERS, "client_id": "shop", "scope": "read"}));
    assert_eq!(code(decide(&service(), &found, None, None, None)), Code::InvalidRequest);
    let own = claims(&json!({"aud": ORDERS, "client_id": "orders", "scope": "read"}));
    assert!(decide(&service(), &own, None, None, None).is_ok());
}

#[test]
fn the_audience_is_one_that_the_client_may_name() {
    let audience = |asked| decide(&service(), &sent(), None, asked, None).map(|it| it.audience);
    assert_eq!(audience(Some(ORDERS)).unwrap(), ORDERS);
    assert_eq!(audience(Some("https://other.example")).unwrap_err().code, Code::InvalidTarget);
    let issuer = Client { audiences: vec!["i".into()], ..service() };
    assert_eq!(code(decide(&issuer, &sent(), None, None, None)), Code::InvalidTarget);
    assert_eq!(code(decide(&issuer, &sent(), None, Some("i"), None)), Code::InvalidTarget);
    let nobody = Client { audiences: Vec::new(), ..service() };
    assert_eq!(code(decide(&nobody, &sent(), None, None, None)), Code::InvalidTarget);
}

#[test]
fn no_more_is_allowed_than_the_clients_tokens_may_have() {
    let own = Scope::parse("read more").unwrap();
    let read = Scope::parse("read").unwrap();
    let (service, sent) = (service(), sent());
    let decide = |scope: Option<&Scope>| super::decide(&service, &own, &sent, None, None, scope);
    assert_eq!(decide(None).unwrap().scope, read);
    assert_eq!(decide(Some(&read)).unwrap().scope, read);
    for refused in ["write", "more", "read write"] {
        let refused = Scope::parse(refused).unwrap();
        assert_eq!(code(decide(Some(&refused))), Code::InvalidScope, "{refused}");
    }
}

#[test]
fn a_chain_of_actors_has_an_end() {
    let mut subject = sent();
    for depth in 1..=MAX_ACTORS {
        let exchanged = decide(&service(), &subject, None, None, None).unwrap();
        assert_eq!(exchanged.act.depth(), depth);
        subject.act = Some(exchanged.act);
    }
    assert_eq!(code(decide(&service(), &subject, None, None, None)), Code::InvalidRequest);
}

proptest! {
    #[test]
    fn no_exchange_widens_a_scope(had in "[a-d]( [a-d]){0,3}", asked in "[a-f]( [a-f]){0,3}") {
        let subject = claims(&json!({"aud": "orders", "client_id": "shop", "scope": had}));
        let (had, asked) = (Scope::parse(&had).unwrap(), Scope::parse(&asked).unwrap());
        let exchanged = decide(&service(), &subject, None, None, Some(&asked));
        prop_assert_eq!(exchanged.is_ok(), asked.is_within(&had));
        if let Ok(exchanged) = exchanged {
            prop_assert_eq!(exchanged.scope, asked);
        }
    }
}
