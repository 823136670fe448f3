//! No way back leads anywhere but to a host that has a rule.

use cloakroom_server::forward_auth::hosts::Hosts;
use cloakroom_server::forward_auth::return_address::ReturnAddress;
use proptest::prelude::*;
use url::Url;
use url::form_urlencoded::byte_serialize;

use super::*;

const ELSEWHERE: &[&str] = &[
    "https://evil.example/",
    "https://wiki.example.test.evil.example/",
    "https://evilwiki.example.test/",
    "https://wiki.example.test@evil.example/",
    "https://wiki.example.test:443@evil.example/",
    "https://user@wiki.example.test/",
    "https://user:password@wiki.example.test/",
    "https://@wiki.example.test/",
    "https://wiki.example.test\\@evil.example/",
    "https://evil.example\\@wiki.example.test/",
    "https://evil.example\\.wiki.example.test/",
    "https://evil.example/@wiki.example.test/",
    "https://evil.example#@wiki.example.test/",
    "https://evil.example?@wiki.example.test/",
    "https:\\\\wiki.example.test/",
    "https:wiki.example.test/",
    "https:/wiki.example.test/",
    "https:///wiki.example.test/",
    "https:////evil.example/",
    "//wiki.example.test/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "/",
    "",
    "wiki.example.test/",
    "http://wiki.example.test/",
    "HTTPS://wiki.example.test/",
    "https://WIKI.example.test/",
    "https://wiki.example.test./",
    "https://wiki.example.test:443/",
    "https://wiki.example.test:444/",
    "https://wiki.example.test:/",
    "https://wiki.example.test:8443@evil.example/",
    "https://wiki.example.test",
    "https://wiki.example.test?x",
    "https://wiki.example.test#x",
    "https://wiki.example.test\t/",
    "https://wiki.example.test\r\n/",
    "https://wiki.example.test/\r\nSet-Cookie: a=b",
    "https://wiki.example.test/a\tb",
    "https://wiki.example.test/a b",
    "https://wiki.example.test/\0",
    "https://wiki.example.test/\u{7f}",
    "https://wiki.example.test/a#b",
    "https://wiki.example.test/\\evil.example",
    "https://wiki.example.test/\u{2028}",
    " https://wiki.example.test/",
    "https://wiki.example.test/ ",
    "\thttps://wiki.example.test/",
    "https://\u{ad}wiki.example.test/",
    "https://wiki\u{3002}example.test/",
    "https://w\u{456}ki.example.test/",
    "https://wiki.example.t\u{435}st/",
    "https://ｗiki.example.test/",
    "https://xn--wki-wma.example.test/",
    "https://wiki.example.test%2f@evil.example/",
    "https://wiki.example.test%00.evil.example/",
    "https://%77iki.example.test/",
    "https://[::ffff:127.0.0.1]/",
    "https://127.0.0.1/",
    "https://id.example.test/",
    "https://example.test/",
    "https://.example.test/",
    "javascript:alert(1)//https://wiki.example.test/",
    "data:text/html,https://wiki.example.test/",
    "ftp://wiki.example.test/",
    "wss://wiki.example.test/",
    "blob:https://wiki.example.test/a",
    "view-source:https://wiki.example.test/",
];

#[tokio::test]
async fn no_way_back_leads_to_a_host_without_a_rule() {
    let server = server(vec![rule("wiki.example.test")]).await;
    let mut ada = signed_in(&server, "ada", &[]).await;
    let path = |to: &str| {
        format!("/sign-in/onward?to={}", byte_serialize(to.as_bytes()).collect::<String>())
    };
    let good = "https://wiki.example.test/page?a=b";
    assert_eq!(ada.get(&path(good)).await.is(303).header("location"), good);
    let mut stranger = server.browser();
    for to in ELSEWHERE {
        for browser in [&mut ada, &mut stranger] {
            let answer = browser.get(&path(to)).await;
            assert_eq!(answer.status.as_u16(), 400, "{to:?}");
            assert_eq!(answer.header("location"), "", "{to:?}");
        }
    }
    ada.get("/sign-in/onward").await.is(400);
    let twice = format!("{}&to=https://wiki.example.test/", path(good));
    ada.get(&twice).await.is(400);
}

#[tokio::test]
async fn a_page_on_the_way_says_and_allows_nothing_of_a_host_without_a_rule() {
    let server = server(vec![rule("wiki.example.test")]).await;
    let page = |to: &str| {
        let onward: String = byte_serialize(to.as_bytes()).collect();
        let onward = format!("/sign-in/onward?to={onward}");
        format!("/sign-in?return_to={}", byte_serialize(onward.as_bytes()).collect::<String>())
    };
    let mut stranger = server.browser();
    let good = stranger.get(&page("https://wiki.example.test/")).await;
    assert!(good.is(200).text().contains("leads-to"));
    for to in ELSEWHERE {
        let answer = stranger.get(&page(to)).await;
        assert!(!answer.is(200).text().contains("leads-to"), "{to:?}");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("form-action 'self';"), "{to:?}: {policy}");
    }
}

#[tokio::test]
async fn tricks_in_a_path_stay_at_their_host() {
    let server = server(vec![rule("wiki.example.test")]).await;
    let mut ada = signed_in(&server, "ada", &[]).await;
    ada.jar.remove(COOKIE);
    for target in [
        "//evil.example/",
        "/..//evil.example",
        "/%5cevil.example",
        "/%0d%0aa",
        "/@evil.example",
        "/.",
        "/:443/",
    ] {
        let url = format!("https://wiki.example.test{target}");
        let way = ask(&ada, "GET", &url, &NAVIGATION).await.is(302).header("location").to_owned();
        let mut browser = ada.clone();
        let back = browser
            .get(way.strip_prefix(ISSUER).unwrap())
            .await
            .is(303)
            .header("location")
            .to_owned();
        assert_eq!(back, url);
        assert_eq!(Url::parse(&back).unwrap().host_str(), Some("wiki.example.test"));
    }
    // What no browser sends, or is longer than any way back, leads to the beginning of the host.
    let long = format!("/{}", "a".repeat(2048));
    for target in ["/\\evil.example", "/a<b", "/a\"b", "/a#b", long.as_str()] {
        let url = format!("https://wiki.example.test{target}");
        let way = ask(&ada, "GET", &url, &NAVIGATION).await.is(302).header("location").to_owned();
        let mut browser = ada.clone();
        let back = browser.get(way.strip_prefix(ISSUER).unwrap()).await;
        assert_eq!(back.is(303).header("location"), "https://wiki.example.test/", "{target}");
    }
}

#[tokio::test]
async fn a_long_address_whose_letters_are_all_escaped_comes_back_whole() {
    let server = server(vec![rule("wiki.example.test")]).await;
    server.add_user("ada", &[]).await;
    let mut ada = server.browser();
    let url = format!("https://wiki.example.test/?q={}", "%C3%A9".repeat(330));
    let way = ask(&ada, "GET", &url, &NAVIGATION).await.is(302).header("location").to_owned();
    assert!(way.len() < 4000, "a proxy reads heads of four kilobytes");
    let sign_in =
        ada.get(way.strip_prefix(ISSUER).unwrap()).await.is(303).header("location").to_owned();
    assert!(sign_in.starts_with("/sign-in?return_to="), "{sign_in}");
    ada.sign_in("ada", "cookie").await;
    let onward = ada.get(&sign_in).await.is(303).header("location").to_owned();
    assert_eq!(ada.get(&onward).await.is(303).header("location"), url);
}

proptest! {
    #[test]
    fn whatever_is_a_way_back_is_at_a_host_with_a_rule(
        text in prop_oneof![
            "[ -~]{0,60}",
            "https://(wiki|WIKI|evil)[.@:/\\\\?#%]{0,3}(example\\.test|evil\\.example)[.@:/\\\\?#]{0,3}[ -~]{0,20}",
            "https://wiki\\.example\\.test\\PC{0,20}",
        ]
    ) {
        let hosts = Hosts::new(vec![rule("wiki.example.test")], true);
        if let Some(address) = ReturnAddress::parse(&text, &hosts) {
            let url = Url::parse(address.as_str()).unwrap();
            prop_assert_eq!(url.origin().ascii_serialization(), "https://wiki.example.test");
            prop_assert_eq!((url.username(), url.password()), ("", None));
            prop_assert!(HeaderValue::from_str(address.as_str()).is_ok());
            prop_assert_eq!(address.as_str(), &text);
            // The page that leads there can be named, and named again.
            prop_assert!(address.local().as_str().starts_with("/sign-in/onward?to="));
        }
    }
}

#[tokio::test]
async fn an_app_that_shares_the_domain_cannot_use_the_cookie_of_another_visitor_for_more_than_entering()
 {
    let server = server(vec![rule("wiki.example.test")]).await;
    let ada = signed_in(&server, "ada", &[]).await;
    let mut thief = ada.clone();
    thief.jar.retain(|name, _| name == COOKIE);
    thief.get("/api/v1/session").await.is(200);
    thief.get("/account").await.is(303);
    thief.get("/sign-in/onward?to=https%3A%2F%2Fwiki.example.test%2F").await.is(303);
    assert_eq!(thief.jar.len(), 1, "no cookie is earned by it");
    thief.get("/api/v1/sessions").await.is(401);
}
