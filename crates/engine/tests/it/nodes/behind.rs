//! A node that is a moment behind the others refuses nothing that they have acknowledged, and believes no more for it.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_engine::Engine;
use cloakroom_engine::clients::{NewClient, read_registration};
use cloakroom_engine::fetch::Fetch;
use cloakroom_engine::identity::NotSignedIn;
use cloakroom_engine::inspect::TokenState;
use cloakroom_engine::sign_in::SignIn;
use cloakroom_engine::visitor::Browser;
use cloakroom_jose::Algorithm;
use cloakroom_model::client::{Client, Template};
use cloakroom_model::event::Actor;
use cloakroom_model::session::Carrier;
use cloakroom_oauth::client_authentication::Claimed;
use cloakroom_oauth::form::Form;
use cloakroom_oauth::token_in_question::TokenInQuestion;
use cloakroom_testkit::engine::{PASSWORD, settings, visitor};
use cloakroom_testkit::fetch::OtherServers;
use serde_json::{Map, json};

use super::Nodes;
use crate::clients::client;
use crate::promises::{browser_with, password, sign_in};

const NEW: &str = "a new and much longer password";

#[tokio::test]
async fn a_token_of_a_key_that_was_just_made_is_believed_everywhere() {
    let nodes = Nodes::start(settings()).await;
    nodes.ada(Carrier::Token).await;
    nodes.there.catch_up().await.unwrap();
    nodes.here.rotate_key(Algorithm::Ed25519, Actor::Operator).await.unwrap();
    // A second time, so that it is a key that nobody has seen published.
    nodes.here.rotate_key(Algorithm::Ed25519, Actor::Operator).await.unwrap();
    let token = token_at(&nodes.here).await;

    nodes.there.check_token(&token).await.unwrap();

    nodes.here.rotate_key(Algorithm::Ed25519, Actor::Operator).await.unwrap();
    let token = token_at(&nodes.here).await;
    assert_eq!(nodes.there.inspect_token(&token).await.unwrap(), TokenState::Live);

    // Nor is it acknowledged that one was given back which was not.
    nodes.here.rotate_key(Algorithm::Ed25519, Actor::Operator).await.unwrap();
    let token = token_at(&nodes.here).await;
    let question = TokenInQuestion::read(&form(&format!("token={token}"))).unwrap();
    let built_in = nodes.there.list_clients().remove(0);
    nodes.there.revoke(&question, &built_in).await.unwrap();
    nodes.here.catch_up().await.unwrap();
    let refused = nodes.here.check_token(&token).await.map(drop);
    assert!(matches!(refused, Err(NotSignedIn::Revoked)), "{refused:?}");
}

#[tokio::test]
async fn a_client_that_was_just_registered_or_got_another_secret_is_known_everywhere() {
    let nodes = Nodes::start(settings()).await;
    nodes.there.catch_up().await.unwrap();
    let added = nodes.here.add_client(confidential("one"), Actor::Operator).await.unwrap();
    let one = added.client;
    assert!(is_it(&nodes.there, &one, &added.secret.unwrap()).await);
    let renewed = nodes.here.renew_client_secret(&one.id, Duration::ZERO, Actor::Operator).await;
    assert!(is_it(&nodes.there, &one, &renewed.unwrap().secret.unwrap()).await);
    assert!(!is_it(&nodes.there, &one, "guessed").await);

    let app = nodes.here.add_client(confidential("another"), Actor::Operator).await.unwrap().client;
    let asks = form(&format!("client_id={}&response_type=code", app.id));
    let fetch: Arc<dyn Fetch> = Arc::new(OtherServers::default());
    let read = nodes.there.read_question(&asks, &visitor(), &fetch).await;
    let why = read.err().map(|why| why.to_string()).unwrap_or_default();
    assert!(!why.contains("none that is known"), "{why}");
}

#[tokio::test]
async fn an_identifying_cookie_of_a_new_secret_is_believed_everywhere() {
    let nodes = Nodes::start(settings()).await;
    let ada = nodes.ada(Carrier::Cookie).await;
    let shown = nodes.here.identifying_cookie(&ada.session).unwrap();
    nodes.there.catch_up().await.unwrap();
    nodes.there.check_identifying_cookie(&shown).await.unwrap();
    let identity = nodes.here.check_cookie(ada.cookie.as_ref().unwrap()).await.unwrap();
    let (old, new) = (password(PASSWORD), password(NEW));
    let browser = browser_with(&ada);
    let changed =
        nodes.here.change_my_password(&identity, &old, &new, false, &browser, &visitor()).await;
    let changed = changed.unwrap();
    nodes.here.renew_data_key(Actor::Operator).await.unwrap();
    let shown_now = nodes.here.identifying_cookie(&changed.session).unwrap();

    nodes.there.check_identifying_cookie(&shown_now).await.unwrap();
    assert!(nodes.there.check_identifying_cookie(&shown).await.is_err());
}

fn confidential(name: &str) -> NewClient {
    let mut said = Map::new();
    said.insert("redirect_uris".to_owned(), json!(["https://app.example.com/back"]));
    said.insert("token_endpoint_auth_method".to_owned(), json!("client_secret_post"));
    let registration = read_registration(Template::Web, true, said).unwrap();
    NewClient { template: Template::Web, confidential: true, registration, ..client(name) }
}

async fn token_at(node: &Engine) -> String {
    let wish = SignIn {
        identifier: "ada@example.com".to_owned(),
        ..sign_in(PASSWORD, Carrier::Token, Browser::default())
    };
    node.sign_in(wish, &visitor()).await.unwrap().tokens.unwrap().access.token
}

async fn is_it(node: &Engine, client: &Client, secret: &str) -> bool {
    let form = form(&format!("client_id={}&client_secret={secret}", client.id));
    let claimed = Claimed::read(None, &form).unwrap();
    let fetch: Arc<dyn Fetch> = Arc::new(OtherServers::default());
    node.authenticate_client(&claimed, None, &visitor(), &fetch).await.is_ok()
}

fn form(text: &str) -> Form {
    Form::parse(text.as_bytes()).unwrap()
}
