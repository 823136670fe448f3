//! Whose word about a request is believed.

use std::net::SocketAddr;

use super::*;

const URL: &str = "https://wiki.example.test/page";

#[tokio::test]
async fn only_a_trusted_proxy_may_ask() {
    let server = server(vec![rule("wiki.example.test")]).await;
    let ada = signed_in(&server, "ada", &[]).await;
    ask(&ada, "GET", URL, &SCRIPT).await.is(200);
    for (peer, status) in [("127.0.0.1:4711", 200), ("127.0.0.2:4711", 403), ("[::1]:4711", 403)] {
        let mut request = request(Method::GET, "/forward-auth", Body::empty());
        let cookie = format!("{COOKIE}={}", ada.jar[COOKIE]);
        for (name, value) in
            [("x-original-method", "GET"), ("x-original-url", URL), ("cookie", cookie.as_str())]
        {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let peer: SocketAddr = peer.parse().unwrap();
        let answer = server.answer_to(request, peer).await;
        assert_eq!(answer.status().as_u16(), status, "{peer}");
        assert_eq!(answer.headers().contains_key("x-cloakroom-user"), status == 200, "{peer}");
    }
}

#[tokio::test]
async fn without_a_trusted_proxy_nobody_may() {
    let server = Server::with(|setup| {
        setup.server.forward_auth = vec![rule("localhost:3000")];
    })
    .await;
    let browser = server.browser();
    let answer = ask(&browser, "GET", "http://localhost:3000/", &NAVIGATION).await;
    assert_eq!(answer.is(403).code(), "proxy_not_trusted");
}

#[tokio::test]
async fn what_is_not_said_is_not_guessed() {
    let server = server(vec![rule("wiki.example.test")]).await;
    let ada = signed_in(&server, "ada", &[]).await;
    let whole = [
        ("x-forwarded-method", "GET"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "wiki.example.test"),
        ("x-forwarded-uri", "/page"),
    ];
    send(&ada, &whole).await.is(200);
    for (missing, _) in whole {
        let rest: Vec<_> = whole.into_iter().filter(|(name, _)| *name != missing).collect();
        let answer = send(&ada, &rest).await;
        assert_eq!(answer.is(400).json()["errors"][0]["field"], missing);
    }
    for wrong in ["", "page", "https://wiki.example.test/page", "*"] {
        let mut headers = whole;
        headers[3].1 = wrong;
        send(&ada, &headers).await.is(400);
    }
    send(&ada, &[("x-original-url", URL)]).await.is(403);
    send(&ada, &[("x-original-method", "GET")]).await.is(400);
    for url in ["wiki.example.test/page", "https://wiki.example.test", "//wiki.example.test/"] {
        send(&ada, &[("x-original-method", "GET"), ("x-original-url", url)]).await.is(403);
    }
    send(&ada, &[]).await.is(400);
}

#[tokio::test]
async fn what_a_client_adds_to_what_the_proxy_says_is_refused() {
    let server = server(vec![rule("wiki.example.test"), rule("docs.example.test")]).await;
    let ada = signed_in(&server, "ada", &[]).await;
    for (name, value) in [
        ("x-original-url", "https://docs.example.test/page"),
        ("x-original-url", "https://wiki.example.test/public"),
        ("x-original-url", "http://wiki.example.test/page"),
        ("x-original-method", "POST"),
        ("x-forwarded-method", "GET"),
        ("x-forwarded-method", "OPTIONS"),
        ("x-forwarded-host", "docs.example.test"),
        ("x-forwarded-host", "wiki.example.test"),
        ("x-forwarded-uri", "/public"),
        ("x-forwarded-proto", "http"),
    ] {
        let answer = ask(&ada, "GET", URL, &[(name, value)]).await;
        assert!(answer.status.is_client_error(), "{name}: {value}");
    }
    for (name, value) in [
        ("x-forwarded-host", "docs.example.test"),
        ("x-forwarded-uri", "/public"),
        ("x-forwarded-method", "OPTIONS"),
        ("x-forwarded-proto", "http"),
        ("x-original-url", URL),
    ] {
        ask_as_nginx(&ada, "GET", URL, &[(name, value)]).await.is(403);
    }
    // Whatever agrees does no harm, and what is empty was taken out.
    ask(&ada, "GET", URL, &[("x-original-url", URL), ("x-original-method", "GET")]).await.is(200);
    ask_as_nginx(&ada, "GET", URL, &[("x-forwarded-host", ""), ("x-forwarded-uri", "")])
        .await
        .is(200);
    ask(&ada, "GET", URL, &[("x-original-url", "")]).await.is(200);
}

#[tokio::test]
async fn a_proxy_may_come_by_any_name_and_path_and_method() {
    let server = server(vec![rule("wiki.example.test")]).await;
    let ada = signed_in(&server, "ada", &[]).await;
    for (method, path) in [
        (Method::GET, "/page?x=y"),
        (Method::POST, "/page?x=y"),
        (Method::DELETE, "/page?x=y"),
        (Method::GET, "/"),
        (Method::GET, "/?x=y"),
    ] {
        let mut request = request(method, &format!("/forward-auth{path}"), Body::empty());
        for (name, value) in [
            ("host", "wiki.example.test"),
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
            ("x-forwarded-method", "POST"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "wiki.example.test"),
            ("x-forwarded-uri", path),
        ] {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        ada.clone().send(request).await.is(200);
    }
    let answer = ask(&ada, "GET", URL, &SCRIPT).await;
    assert!(!answer.headers.contains_key("strict-transport-security"), "it is another host's");
}

#[tokio::test]
async fn a_websocket_is_asked_about_by_its_own_scheme() {
    let server = server(vec![rule("wiki.example.test")]).await;
    let ada = signed_in(&server, "ada", &[]).await;
    let upgrade = [("sec-fetch-mode", "websocket"), ("upgrade", "websocket")];
    ask(&ada, "GET", "wss://wiki.example.test/live", &upgrade).await.is(200);
    ask(&server.browser(), "GET", "wss://wiki.example.test/live", &upgrade).await.is(401);
    ask(&ada, "GET", "ws://wiki.example.test/live", &upgrade).await.is(403);
}
