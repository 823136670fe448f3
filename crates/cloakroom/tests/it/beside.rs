//! Commands beside a running server: what they change, the server notices.
//!
//! The delays are printed and held to a generous limit; how fast it is on a quiet machine is the bench's to say.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cloakroom_engine::clock::{Clock as _, SystemClock};
use cloakroom_jose::{Algorithm, Expectations, HmacKey, TrustedKeys};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    person::{PASSWORD, Person},
    program::Program,
    server::{Server, soon},
};

/// Promise 8 says one second; a machine that compiles meanwhile gets more.
const GENEROUS: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_disabled_user_is_refused() {
    let (program, server) = served();
    let mut person = Person::at(&server);
    person.sign_up("ada@example.com").await;
    assert_eq!(person.is_known().await, StatusCode::OK);
    program.run(&["user", "disable", "ada@example.com"]).text();
    refused(&person, "the disabled user is refused").await;
    assert_eq!(person.tries("ada@example.com", PASSWORD).await, StatusCode::UNAUTHORIZED);

    program.run(&["user", "enable", "ada@example.com"]).text();
    assert_eq!(person.is_known().await, StatusCode::UNAUTHORIZED, "nothing comes back");
    assert_eq!(person.tries("ada@example.com", PASSWORD).await, StatusCode::OK);
}

#[tokio::test]
async fn a_deleted_user_is_refused() {
    let (program, server) = served();
    let mut person = Person::at(&server);
    person.sign_up("ada@example.com").await;
    assert_eq!(person.is_known().await, StatusCode::OK);
    program.run(&["user", "delete", "ada@example.com", "--yes"]).text();
    refused(&person, "the deleted user is refused").await;
}

#[tokio::test]
async fn one_session_ends_and_the_other_stays() {
    let (program, server) = served();
    let (mut phone, mut laptop) = (Person::at(&server), Person::at(&server));
    phone.sign_up("ada@example.com").await;
    laptop.sign_in("ada@example.com").await;
    assert_eq!(phone.is_known().await, StatusCode::OK);
    assert_eq!(laptop.is_known().await, StatusCode::OK);
    let shown = program.run(&["session", "show", phone.sid(), "--json"]).json();
    assert_eq!(shown["user"], phone.signed_in["user"]["id"]);
    assert_eq!((&shown["carrier"], &shown["client_id"]), (&json!("cookie"), &json!("cloakroom")));
    let listed = program.run(&["session", "list", "--user", "ada@example.com", "--json"]).json();
    let sids: Vec<_> = listed["sessions"].as_array().unwrap().iter().map(|it| &it["sid"]).collect();
    assert_eq!(sids, [laptop.sid(), phone.sid()], "the one used last first");

    let ended = program.run(&["session", "end", phone.sid(), "--json"]).json();
    assert_eq!(ended, json!({ "ended": 1 }));
    refused(&phone, "the ended session is refused").await;
    assert_eq!(laptop.is_known().await, StatusCode::OK);
    program.run(&["session", "end", phone.sid()]).refused(1);

    program.run(&["session", "end", "--user", "ada@example.com"]).text();
    refused(&laptop, "all sessions of a user are refused").await;
}

#[tokio::test]
async fn a_removed_clients_tokens_are_refused() {
    let (program, server) = served();
    let line = ["client", "add", "phone", "--template", "mobile", "--first-party"];
    program.run(&line).text();
    let mut person = Person::at(&server);
    person.sign_up("ada@example.com").await;
    let mut app = Person::at(&server);
    soon("the new client is known", async || {
        app.tries_by("phone", "ada@example.com").await == StatusCode::OK
    })
    .await;
    app.sign_in_by("phone", "ada@example.com").await;
    assert_eq!(app.is_known().await, StatusCode::OK);

    program.run(&["client", "remove", "phone", "--yes"]).text();
    refused(&app, "the removed client's token is refused").await;
    assert!(app.refreshes("phone").await.is_client_error(), "its grant has ended with it");
    soon("the removed client is one that nobody knows", async || {
        app.refreshes("phone").await == StatusCode::UNAUTHORIZED
    })
    .await;
    assert_eq!(person.is_known().await, StatusCode::OK, "others stay");
}

#[tokio::test]
async fn a_compromised_keys_tokens_are_refused_and_another_key_signs() {
    let (program, server) = served();
    let mut person = Person::at(&server);
    person.sign_up("ada@example.com").await;
    let mut app = Person::at(&server);
    app.sign_in_by("cloakroom", "ada@example.com").await;
    assert_eq!(app.is_known().await, StatusCode::OK);

    let keys = program.run(&["key", "list", "--json"]).json();
    let kid = keys["keys"][0]["kid"].as_str().unwrap();
    program.run(&["key", "compromise", kid, "--yes"]).text();
    refused(&app, "the compromised key's token is refused").await;
    assert_eq!(person.is_known().await, StatusCode::OK, "a cookie was not signed by it");

    app.sign_in_by("cloakroom", "ada@example.com").await;
    assert_eq!(app.is_known().await, StatusCode::OK);
    let published = reqwest::get(format!("{}/.well-known/jwks.json", server.url())).await.unwrap();
    assert!(!published.text().await.unwrap().contains(kid));
}

#[tokio::test]
async fn a_rotated_key_signs_at_once_and_old_tokens_stay_good() {
    let (program, server) = served();
    let mut app = Person::at(&server);
    app.sign_up("ada@example.com").await;
    app.sign_in_by("cloakroom", "ada@example.com").await;
    let keys = program.run(&["key", "rotate", "--json"]).json();
    let stages: Vec<_> =
        keys["keys"].as_array().unwrap().iter().map(|key| key["stage"].as_str().unwrap()).collect();
    assert_eq!(stages, ["retired", "current"]);
    let kid = keys["keys"][1]["kid"].as_str().unwrap();
    let mut later = Person::at(&server);
    soon("the new key signs", async || {
        later.sign_in_by("cloakroom", "ada@example.com").await;
        let inspected =
            program.run_with(&["token", "inspect", "--json"], later.access_token().unwrap());
        inspected.json()["header"]["kid"] == kid
    })
    .await;
    assert_eq!(app.is_known().await, StatusCode::OK);
}

#[tokio::test]
async fn who_shares_a_key_verifies_with_the_secret_that_was_printed() {
    const AUDIENCE: &str = "https://legacy.example.com";
    let (program, server) = served();
    let added = program.run(&["key", "add", AUDIENCE, "--json"]).json();
    let client = ["client", "add", "legacy", "--template", "legacy", "--origin", AUDIENCE];
    let policy = ["--audience", AUDIENCE, "--algorithm", "HS256"];
    program.run(&[&client[..], &policy].concat()).text();
    let mut person = Person::at(&server);
    person.sign_up("ada@example.com").await;
    let mut token = None;
    soon("the new client gets a token", async || {
        token = person.earns(AUDIENCE, AUDIENCE).await;
        token.is_some()
    })
    .await;

    let secret = URL_SAFE_NO_PAD.decode(added["secret"].as_str().unwrap()).unwrap();
    let kid = added["key"]["kid"].as_str().unwrap();
    let key = HmacKey::new(Algorithm::Hs256, kid, AUDIENCE, &secret).unwrap();
    let trusted = TrustedKeys::default().with_secret(key).unwrap();
    let expect = Expectations::new(server.url(), AUDIENCE, "at+jwt");
    let now = u64::try_from(SystemClock::new().wall().seconds()).unwrap();
    let verified = trusted.verify::<Value>(&token.unwrap(), &expect, now).unwrap();
    assert_eq!(verified.claims()["sid"], person.sid());
}

#[tokio::test]
async fn a_recovery_link_gives_a_new_password_and_ends_the_sessions() {
    const NEW: &str = "a quiet harbour behind the hill";
    let (program, server) = served();
    let mut thief = Person::at(&server);
    thief.sign_up("ada@example.com").await;
    let made = program.run(&["user", "recover", "ada@example.com", "--json"]).json();
    let link = made["link"].as_str().unwrap();
    assert!(link.starts_with(&format!("{}/recover?link=", server.url())), "{link}");

    let mut owner = Person::at(&server);
    let page = owner.opens(link).await;
    assert_eq!(page.status(), StatusCode::OK);
    let page = page.text().await.unwrap();
    let sent = owner.sends("/recover", &page, &[("new_password", NEW)]).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER, "{}", sent.text().await.unwrap());
    refused(&thief, "the session from before is refused").await;
    assert_eq!(owner.tries("ada@example.com", PASSWORD).await, StatusCode::UNAUTHORIZED);
    assert_eq!(owner.tries("ada@example.com", NEW).await, StatusCode::OK);
    assert_eq!(owner.opens(link).await.status(), StatusCode::GONE, "once");
}

#[tokio::test]
async fn a_user_from_another_system_signs_in_with_the_old_password() {
    // bcrypt's own test vector.
    const HASH: &str = "$2a$05$bvIG6Nmid91Mu9RcmmWZfO5HJIMCT8riNW0hEp8f6/FuA2/mHZFpe";
    let (program, server) = served();
    program.run_with(&["user", "import", "ada@example.com"], &format!("{HASH}\n")).text();
    let person = Person::at(&server);
    assert_eq!(person.tries("ada@example.com", "wrong").await, StatusCode::UNAUTHORIZED);
    assert_eq!(person.tries("ada@example.com", "password").await, StatusCode::OK);
    let events = program.run(&["event", "list", "--json"]).json();
    let upgraded = events["events"].as_array().unwrap().iter();
    assert_eq!(upgraded.filter(|event| event["kind"] == "password_upgraded").count(), 1);
}

#[tokio::test]
async fn a_token_is_inspected_without_using_its_session() {
    let (program, server) = served();
    let mut app = Person::at(&server);
    app.sign_up("ada@example.com").await;
    app.sign_in_by("cloakroom", "ada@example.com").await;
    let token = app.access_token().unwrap().to_owned();
    let inspect = || program.run_with(&["token", "inspect", "--json"], &token);
    let live = inspect().json();
    assert_eq!((&live["state"], &live["verified"]), (&json!("live"), &json!(true)));
    assert_eq!(live["claims"]["sid"], app.sid());

    program.run(&["session", "end", app.sid()]).text();
    let ended = inspect();
    ended.refused(1);
    assert_eq!(ended.one_line()["state"], "revoked");

    let altered = program.run_with(&["token", "inspect", "--json"], &format!("{token}A"));
    altered.refused(1);
    assert_eq!(altered.one_line()["verified"], false);
}

#[tokio::test]
async fn a_stream_that_a_service_made_is_listed_with_what_waits_in_it() {
    let (program, server) = served();
    let line = ["client", "add", "warehouse", "--template=service", "--scope=ssf.manage"];
    let line = [&line[..], &["--id-token-alg=ES256", "--json"]].concat();
    let listed = ["stream", "list", "--json"];
    let secret = program.run(&line).json()["secret"].as_str().unwrap().to_owned();
    assert_eq!(program.run(&listed).json(), json!({ "streams": [] }));

    let client = reqwest::Client::new();
    let token = async || {
        let form = [("grant_type", "client_credentials"), ("scope", "ssf.manage")];
        let asked = client.post(format!("{}/oauth/token", server.url())).form(&form);
        let answer = asked.basic_auth("warehouse", Some(&secret)).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["access_token"].as_str().map(str::to_owned)
    };
    soon("the server knows the service", async || token().await.is_some()).await;
    let asked = client.post(format!("{}/ssf/stream", server.url()));
    let asked = asked.bearer_auth(token().await.unwrap()).json(&json!({ "description": "coats" }));
    assert_eq!(asked.send().await.unwrap().status(), StatusCode::CREATED);
    let mut ada = Person::at(&server);
    ada.sign_up("ada@example.com").await;
    ada.signs_out().await;

    let stream = program.run(&listed).json()["streams"][0].clone();
    let names = ["client_id", "delivery", "status", "description", "waiting", "failures"];
    let told = names.map(|name| stream[name].clone());
    assert_eq!(json!(told), json!(["warehouse", "poll", "enabled", "coats", 1, 0]));
    assert!(stream["waiting_since"].as_str().unwrap() >= stream["created_at"].as_str().unwrap());
    let row = program.run(&["stream", "list"]).text();
    assert!(row.starts_with("warehouse\tpoll\tenabled\t1\t"), "{row}");
}

fn served() -> (Program, Server) {
    let mut program = Program::new().with("CLOAKROOM_DANGER_NO_THROTTLE", "true");
    let server = program.serve();
    (program, server)
}

async fn refused(person: &Person, what: &str) {
    let delay = soon(what, async || person.is_known().await == StatusCode::UNAUTHORIZED).await;
    assert!(delay < GENEROUS, "{what} only after {delay:?}");
}

#[tokio::test]
async fn a_new_data_key_is_used_at_once_and_old_refresh_tokens_stay_good() {
    let (program, server) = served();
    let mut app = Person::at(&server);
    app.sign_up("ada@example.com").await;
    app.sign_in_by("cloakroom", "ada@example.com").await;
    let made = program.run(&["key", "renew-data-key", "--json"]).json();
    assert_eq!(made, json!({ "data_key": 2 }));
    // A key that is sealed with it is opened by the server.
    program.run(&["key", "rotate"]).text();
    let kid = program.run(&["key", "list", "--json"]).json()["keys"][1]["kid"].clone();
    let mut later = Person::at(&server);
    soon("the new key signs", async || {
        later.sign_in_by("cloakroom", "ada@example.com").await;
        let token = later.access_token().unwrap();
        let inspected = program.run_with(&["token", "inspect", "--json"], token);
        inspected.json()["header"]["kid"] == kid
    })
    .await;
    assert_eq!(app.refreshes("cloakroom").await, StatusCode::OK);
    assert_eq!(later.refreshes("cloakroom").await, StatusCode::OK);
}
