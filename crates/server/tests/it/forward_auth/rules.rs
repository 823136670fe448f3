//! Who may enter where, and what the service is told.

use std::time::Duration;

use cloakroom_model::policy::entry::{Name, Open, Rule, Who};
use cloakroom_model::session::Acr;
use cloakroom_model::user::Role;
use serde_json::json;

use super::*;

const WIKI: &str = "https://wiki.example.test/page?a=b";

#[tokio::test]
async fn whoever_is_signed_in_enters_and_the_service_is_told_who_it_is() {
    let server = server(vec![rule("wiki.example.test")]).await;
    let mut ada = signed_in(&server, "ada", &["author", "staff"]).await;
    let session = ada.get("/api/v1/session").await.is(200).json();
    for answer in
        [ask(&ada, "GET", WIKI, &NAVIGATION).await, ask_as_nginx(&ada, "POST", WIKI, &SCRIPT).await]
    {
        let answer = answer.is(200);
        assert_eq!(answer.header("x-cloakroom-user"), session["user"]["id"]);
        assert_eq!(answer.header("x-cloakroom-session"), session["session"]["sid"]);
        assert_eq!(answer.header("x-cloakroom-level"), "aal1");
        assert_eq!(answer.header("remote-user"), session["user"]["id"]);
        assert_eq!(answer.header("remote-email"), "ada@example.com");
        assert_eq!(answer.header("remote-groups"), "author,staff");
        assert_eq!(answer.header("x-cloakroom-token"), "", "nobody asked for one");
        assert!(!answer.headers.contains_key("authorization"));
        assert!(answer.body.is_empty());
    }
}

#[tokio::test]
async fn the_name_of_a_user_is_what_the_rule_says() {
    let named = |host, name| Rule { name, ..rule(host) };
    let server = server(vec![
        named("email.example.test", Name::Email),
        named("name.example.test", Name::Username),
    ])
    .await;
    let mut ada = server.browser();
    let wish = json!({
        "email": "ada@example.com", "username": "Ada", "carry": "cookie",
        "password": cloakroom_testkit::engine::PASSWORD,
    });
    ada.post("/api/v1/sign-up", &wish).await.is(201);
    let mut bob = server.browser();
    bob.sign_up("bob").await;
    let name = async |browser: &Browser, url| {
        ask(browser, "GET", url, &NAVIGATION).await.is(200).header("remote-user").to_owned()
    };
    assert_eq!(name(&ada, "https://email.example.test/").await, "ada@example.com");
    assert_eq!(name(&ada, "https://name.example.test/").await, "Ada");
    assert_eq!(name(&bob, "https://name.example.test/").await, "", "he has none");
}

#[tokio::test]
async fn letters_beyond_ascii_are_passed_on_as_they_are() {
    let server = server(vec![rule("wiki.example.test")]).await;
    let mut browser = server.browser();
    let wish = json!({
        "email": "ü@bücher.example", "carry": "cookie",
        "password": cloakroom_testkit::engine::PASSWORD,
    });
    browser.post("/api/v1/sign-up", &wish).await.is(201);
    let answer = ask(&browser, "GET", WIKI, &NAVIGATION).await;
    assert_eq!(answer.is(200).headers["remote-email"].as_bytes(), "ü@bücher.example".as_bytes());
}

#[tokio::test]
async fn roles_and_users_let_in_and_others_are_told_so() {
    let staff = Who::Of { roles: vec![Role::parse("staff").unwrap()], users: Vec::new() };
    let server = server(vec![Rule { who: staff, ..rule("wiki.example.test") }]).await;
    let ada = signed_in(&server, "ada", &["staff"]).await;
    let bob = signed_in(&server, "bob", &["author"]).await;
    ask(&ada, "GET", WIKI, &NAVIGATION).await.is(200);

    let script = ask(&bob, "GET", WIKI, &SCRIPT).await;
    assert_eq!(script.is(403).code(), "entry_refused");
    assert_eq!(script.header("remote-email"), "", "nothing is told with a refusal");
    let page = ask(&bob, "GET", WIKI, &NAVIGATION).await;
    assert_eq!(page.is(403).header("content-type"), "text/html; charset=utf-8");
    let way = page.header("location");
    assert!(page.text().contains(&format!("href=\"{way}\"")), "{}", page.text());
    let mut bob = bob;
    let said = bob.get(way.strip_prefix(ISSUER).unwrap()).await;
    assert!(said.is(403).text().contains("bob@example.com"), "{}", said.text());
    assert!(said.text().contains("wiki.example.test"));
}

#[tokio::test]
async fn a_user_is_let_in_by_id() {
    let server = server(Vec::new()).await;
    let ada = server.add_user("ada", &[]).await;
    // Ids are drawn from the same seed, so the same user can be named before it is there.
    let users = Who::Of { roles: Vec::new(), users: vec![ada.id] };
    let server = super::server(vec![Rule { who: users, ..rule("wiki.example.test") }]).await;
    let again = signed_in(&server, "ada", &[]).await;
    let bob = signed_in(&server, "bob", &[]).await;
    ask(&again, "GET", WIKI, &NAVIGATION).await.is(200);
    ask(&bob, "GET", WIKI, &NAVIGATION).await.is(403);
}

#[tokio::test]
async fn a_role_that_is_taken_away_lets_nobody_in_any_more() {
    let staff = Who::Of { roles: vec![Role::parse("staff").unwrap()], users: Vec::new() };
    let server = server(vec![Rule { who: staff, ..rule("wiki.example.test") }]).await;
    let mut root = server.administrator().await;
    let user = server.add_user("ada", &["staff"]).await;
    let mut ada = server.browser();
    ada.sign_in("ada", "cookie").await;
    ask(&ada, "GET", WIKI, &SCRIPT).await.is(200);
    let path = format!("/api/v1/admin/users/{}/roles", user.id);
    root.json(Method::PUT, &path, &json!({ "roles": [] })).await.is(204);
    ask(&ada, "GET", WIKI, &SCRIPT).await.is(403);
}

#[tokio::test]
async fn a_host_without_a_rule_is_closed() {
    let server = server(vec![rule("wiki.example.test")]).await;
    let ada = signed_in(&server, "ada", &[]).await;
    ask(&ada, "GET", WIKI, &NAVIGATION).await.is(200);
    for host in [
        "other.example.test",
        "id.example.test",
        "wiki.example.test.",
        "wiki.example.test:8443",
        "wiki.example.test.evil.example",
        "evilwiki.example.test",
        "xn--wki-wma.example.test",
        "wiki.example.test@evil.example",
        "user@wiki.example.test",
        "",
    ] {
        let answer = ask(&ada, "GET", &format!("https://{host}/"), &NAVIGATION).await;
        assert!(answer.status.is_client_error(), "{host}: {answer:?}");
        assert!(!answer.headers.contains_key("location"), "{host}");
    }
    // A browser writes neither, and both mean the same host (RFC 3986 §6.2.2.1, §6.2.3).
    for host in ["WIKI.example.TEST", "wiki.example.test:443"] {
        ask(&ada, "GET", &format!("https://{host}/"), &NAVIGATION).await.is(200);
    }
    assert_eq!(
        ask(&ada, "GET", "http://wiki.example.test/", &NAVIGATION).await.code(),
        "host_unknown"
    );
}

#[tokio::test]
async fn a_path_that_is_open_is_for_everybody_and_tells_who_is_known() {
    let open = vec![Open::parse("/public").unwrap()];
    let staff = Who::Of { roles: vec![Role::parse("staff").unwrap()], users: Vec::new() };
    let server = server(vec![Rule { open, who: staff, ..rule("wiki.example.test") }]).await;
    let stranger = server.browser();
    let ada = signed_in(&server, "ada", &["staff"]).await;
    let bob = signed_in(&server, "bob", &[]).await;
    let url = "https://wiki.example.test/public/a.css?x=/../y";
    for (browser, email) in [(&stranger, ""), (&ada, "ada@example.com"), (&bob, "")] {
        let answer = ask(browser, "GET", url, &SCRIPT).await;
        assert_eq!(answer.is(200).header("remote-email"), email);
        assert!(answer.headers.contains_key("remote-user"), "it overwrites a forged one");
    }
    let mut forged = stranger.clone();
    forged.jar.insert(COOKIE.to_owned(), "forged".to_owned());
    ask(&forged, "GET", url, &SCRIPT).await.is(200);
    for path in ["/publicity", "/public/../secret", "/public/%2e%2e/secret", "/public//secret"] {
        let url = format!("https://wiki.example.test{path}");
        ask(&stranger, "GET", &url, &SCRIPT).await.is(401);
    }
}

#[tokio::test]
async fn an_old_proof_is_renewed_and_a_script_is_told_how_old_one_may_be() {
    let server = server(vec![fresh("wiki.example.test")]).await;
    let mut ada = signed_in(&server, "ada", &[]).await;
    ask(&ada, "GET", WIKI, &SCRIPT).await.is(200);
    server.clock.go(Duration::from_mins(11));

    let script = ask(&ada, "GET", WIKI, &SCRIPT).await;
    assert_eq!(script.is(401).code(), "reauthentication_required");
    let challenge = script.header("www-authenticate");
    assert!(challenge.contains("error=\"insufficient_user_authentication\""), "{challenge}");
    assert!(challenge.contains("max_age=\"600\""), "{challenge}");

    let page = ask(&ada, "GET", WIKI, &NAVIGATION).await;
    let way = page.is(302).header("location").strip_prefix(ISSUER).unwrap().to_owned();
    let again = ada.get(&way).await.is(303).header("location").to_owned();
    assert!(again.starts_with("/sign-in/again?return_to="), "{again}");
    let form = ada.get(&again).await;
    assert!(form.is(200).text().contains("id=\"leads-to\">wiki.example.test<"), "{}", form.text());
    let sent =
        walk::fill(&mut ada, &form, "again", &[("password", cloakroom_testkit::engine::PASSWORD)]);
    let onward = sent.await.is(303).header("location").to_owned();
    assert_eq!(ada.get(&onward).await.is(303).header("location"), WIKI);
    ask(&ada, "GET", WIKI, &SCRIPT).await.is(200);
}

#[tokio::test]
async fn who_is_not_known_surely_enough_is_told_which_level_is() {
    let server = server(vec![Rule { level: Some(Acr::Aal2), ..rule("wiki.example.test") }]).await;
    let mut ada = signed_in(&server, "ada", &[]).await;
    let script = ask(&ada, "GET", WIKI, &SCRIPT).await;
    let challenge = script.is(401).header("www-authenticate");
    assert!(challenge.contains("acr_values=\"aal2\""), "{challenge}");
    let way = ask(&ada, "GET", WIKI, &NAVIGATION).await.is(302).header("location").to_owned();
    ada.get(way.strip_prefix(ISSUER).unwrap()).await.is(403);
}

#[tokio::test]
async fn a_guest_is_nobody_here() {
    let server = server(vec![rule("wiki.example.test")]).await;
    let mut guest = server.browser();
    guest.post("/api/v1/guest", &json!({ "carry": "cookie" })).await.is(201);
    assert!(!guest.jar.contains_key(COOKIE));
    ask(&guest, "GET", WIKI, &SCRIPT).await.is(401);
}

#[tokio::test]
async fn a_question_counts_as_a_use_of_the_session() {
    let server = server(vec![rule("wiki.example.test")]).await;
    let ada = signed_in(&server, "ada", &[]).await;
    for _ in 0..3 {
        server.clock.go(Duration::from_hours(20));
        ask(&ada, "GET", WIKI, &SCRIPT).await.is(200);
        server.engine.flush_last_seen().await.unwrap();
    }
    server.clock.go(Duration::from_hours(25));
    ask(&ada, "GET", WIKI, &SCRIPT).await.is(401);
}
