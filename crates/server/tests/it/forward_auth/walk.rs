//! A browser at a service that it has to sign in for, and what a script is told there.

use cloakroom_testkit::engine::PASSWORD;
use serde_json::json;
use url::form_urlencoded::Serializer;

use super::*;
use crate::html;

const URL: &str = "https://wiki.example.test/a/page;v=1?q=%C3%A9%20&x=[1]|{2}&back=https://evil.example/&&a=b+c%2B";

#[tokio::test]
async fn a_browser_signs_in_and_is_back_exactly_where_it_was() {
    let server = server(vec![rule("wiki.example.test")]).await;
    server.add_user("ada", &[]).await;
    let mut ada = server.browser();
    let asked = ask(&ada, "GET", URL, &NAVIGATION).await;
    assert!(asked.is(302).body.is_empty());
    assert_eq!(asked.header("cache-control"), "no-store");
    let way = asked.header("location").strip_prefix(ISSUER).unwrap().to_owned();

    let sign_in = ada.get(&way).await.is(303).header("location").to_owned();
    let page = ada.get(&sign_in).await;
    assert!(page.is(200).text().contains("<strong>wiki.example.test</strong>"), "{}", page.text());
    let policy = page.header("content-security-policy");
    assert!(policy.contains("form-action 'self' https://wiki.example.test;"), "{policy}");
    let wrong = [("identifier", "ada@example.com"), ("password", "another coat, no umbrella")];
    let page = fill(&mut ada, &page, "sign-in", &wrong).await;
    assert!(page.is(422).text().contains("<strong>wiki.example.test</strong>"), "{}", page.text());
    let right = [("identifier", "ada@example.com"), ("password", PASSWORD)];
    let onward =
        fill(&mut ada, &page, "sign-in", &right).await.is(303).header("location").to_owned();
    assert_eq!(onward, way);
    let back = ada.get(&onward).await;
    assert_eq!(back.is(303).header("location"), URL);
    assert_eq!(back.header("referrer-policy"), "no-referrer");
    ask(&ada, "GET", URL, &NAVIGATION).await.is(200);

    ada.post("/api/v1/sign-out", &json!({})).await.is(204);
    assert!(!ada.jar.contains_key(COOKIE));
}

#[tokio::test]
async fn a_sign_out_refuses_at_the_service_at_once() {
    let server = server(vec![rule("wiki.example.test")]).await;
    let mut ada = signed_in(&server, "ada", &[]).await;
    let kept = ada.clone();
    ask(&kept, "GET", URL, &SCRIPT).await.is(200);
    ada.post("/api/v1/sign-out", &json!({})).await.is(204);
    let refused = ask(&kept, "GET", URL, &SCRIPT).await;
    assert_eq!(refused.is(401).code(), "session_unknown");
    assert_eq!(refused.header("x-cloakroom-problem"), "session_unknown");
    ask(&kept, "GET", URL, &NAVIGATION).await.is(302);
}

#[tokio::test]
async fn nginx_is_answered_in_the_statuses_that_it_knows() {
    let server = server(vec![rule("wiki.example.test")]).await;
    let stranger = server.browser();
    let by_caddy = ask(&stranger, "GET", URL, &NAVIGATION).await;
    let by_nginx = ask_as_nginx(&stranger, "GET", URL, &NAVIGATION).await;
    assert_eq!(by_nginx.is(401).header("location"), by_caddy.is(302).header("location"));
    assert!(by_nginx.header("www-authenticate").starts_with("Bearer "), "{by_nginx:?}");
}

#[tokio::test]
async fn whatever_is_no_navigation_is_told_in_json() {
    let server = server(vec![rule("wiki.example.test")]).await;
    let stranger = server.browser();
    let html = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    for (method, headers) in [
        ("GET", vec![SCRIPT[0]]),
        ("GET", vec![("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image"), html]),
        ("GET", vec![("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe"), html]),
        ("GET", vec![("sec-fetch-mode", "websocket"), html]),
        ("POST", vec![NAVIGATION[0], NAVIGATION[1], html]),
        ("PUT", vec![html]),
        ("GET", vec![("accept", "application/json")]),
        ("GET", vec![("accept", "*/*")]),
        ("GET", vec![]),
    ] {
        let answer = ask(&stranger, method, URL, &headers).await;
        assert_eq!(answer.is(401).code(), "not_signed_in", "{method} {headers:?}");
        assert_eq!(answer.header("x-cloakroom-problem"), "not_signed_in");
        assert!(!answer.headers.contains_key("location"), "{method} {headers:?}");
    }
    for (method, headers) in
        [("GET", vec![html]), ("HEAD", vec![html]), ("GET", NAVIGATION.to_vec())]
    {
        ask(&stranger, method, URL, &headers).await.is(302);
    }
}

#[tokio::test]
async fn a_session_from_before_the_cookie_for_hosts_gets_it_on_the_way() {
    let server = server(vec![rule("wiki.example.test")]).await;
    let mut ada = signed_in(&server, "ada", &[]).await;
    ada.jar.remove(COOKIE);
    let way = ask(&ada, "GET", URL, &NAVIGATION).await.is(302).header("location").to_owned();
    assert_eq!(ada.get(way.strip_prefix(ISSUER).unwrap()).await.is(303).header("location"), URL);
    ask(&ada, "GET", URL, &NAVIGATION).await.is(200);
}

#[tokio::test]
async fn a_replaced_cookie_is_led_back_with_the_new_one() {
    let server = server(vec![rule("wiki.example.test")]).await;
    let mut ada = signed_in(&server, "ada", &[]).await;
    let mut old = ada.clone();
    ask(&old, "GET", URL, &SCRIPT).await.is(200);
    ada.post("/api/v1/session/reauthenticate", &json!({ "password": PASSWORD })).await.is(200);
    ask(&old, "GET", URL, &SCRIPT).await.is(401);
    let way = ask(&old, "GET", URL, &NAVIGATION).await.is(302).header("location").to_owned();
    let way = way.strip_prefix(ISSUER).unwrap();
    // The answer with the new cookie is still on its way: the browser asks the same once more.
    assert_eq!(old.get(way).await.is(303).header("location"), way);
    old.jar.extend(ada.jar.clone());
    assert_eq!(old.get(way).await.is(303).header("location"), URL);
    ask(&old, "GET", URL, &SCRIPT).await.is(200);
}

#[tokio::test]
async fn whoever_has_no_account_makes_one_and_goes_on() {
    let server = server(vec![rule("wiki.example.test")]).await;
    let mut bob = server.browser();
    let way = ask(&bob, "GET", URL, &NAVIGATION).await.is(302).header("location").to_owned();
    let way = way.strip_prefix(ISSUER).unwrap();
    let sign_in = bob.get(way).await.is(303).header("location").to_owned();
    let page = bob.get(&sign_in).await.text();
    let links: Vec<_> = html::tags(&page, "a").collect();
    let sign_up = links.iter().filter_map(|tag| html::attribute(tag, "href"));
    let sign_up = sign_up.into_iter().find(|href| href.starts_with("/sign-up?")).unwrap();
    let page = bob.get(&sign_up).await;
    assert!(page.header("content-security-policy").contains("https://wiki.example.test;"));
    let typed = [("email", "bob@example.com"), ("password", PASSWORD)];
    let onward =
        fill(&mut bob, &page, "sign-up", &typed).await.is(303).header("location").to_owned();
    assert_eq!(bob.get(&onward).await.is(303).header("location"), URL);
}

/// Sends a form of a page with what a person types.
pub(super) async fn fill(
    browser: &mut Browser,
    page: &Answer,
    id: &str,
    typed: &[(&str, &str)],
) -> Answer {
    let form = html::form(&page.text(), id).unwrap_or_else(|| panic!("{}", page.text()));
    let typed = typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let fields =
        Serializer::new(String::new()).extend_pairs(form.hidden.into_iter().chain(typed)).finish();
    browser.form(&form.action, &fields).await
}
