//! Requests at a service: who is let on, and what the others are told.

use axum::body::Body;
use axum::{Router, routing::get};
use cloakroom_guard::{Identity, require};
use http::Request;
use tower::ServiceExt as _;

use crate::issuer::Issuer;
use crate::service::Service;

#[tokio::test]
async fn who_is_nobody_is_let_on_where_that_is_enough() {
    let issuer = Issuer::start().await;
    let service = Service::up_to_date(&issuer).await;
    issuer.said.session("cloakroom=c1", "s1", "ada");
    assert_eq!(service.get("/perhaps", &[("cookie", "cloakroom=c1")]).await.body, "ada");
    for headers in [&[][..], &[("cookie", "cloakroom=gone")], &[("authorization", "Basic YTpi")]] {
        let perhaps = service.get("/perhaps", headers).await;
        assert_eq!((perhaps.status.as_u16(), perhaps.body), (200, serde_json::Value::Null));
        let me = service.get("/me", headers).await;
        assert_eq!(me.status, 401);
        assert_eq!(me.headers["content-type"], "application/problem+json");
        assert_eq!(me.headers["cache-control"], "no-store");
        let challenges: Vec<_> = me.headers.get_all("www-authenticate").iter().collect();
        assert_eq!(challenges[0], "Bearer");
        assert!(challenges[1].to_str().unwrap().starts_with("DPoP algs="));
    }
}

#[tokio::test]
async fn a_bad_token_is_not_made_good_by_a_cookie_beside_it() {
    let issuer = Issuer::start().await;
    let service = Service::up_to_date(&issuer).await;
    issuer.said.session("cloakroom=c1", "s1", "ada");
    let cookie = ("cookie", "cloakroom=c1");
    assert_eq!(service.get("/perhaps", &[cookie]).await.status, 200);
    for (authorization, status) in [("Bearer x", 401), ("Bearer", 400), ("DPoP x", 401)] {
        let answer = service.get("/perhaps", &[cookie, ("authorization", authorization)]).await;
        assert_eq!(answer.status, status, "{authorization}");
    }
    let token = format!("Bearer {}", issuer.said.token("s1", "ada"));
    let twice = [("authorization", token.as_str()), ("authorization", token.as_str())];
    assert_eq!(service.get("/perhaps", &twice[..1]).await.status, 200);
    assert_eq!(service.get("/perhaps", &twice).await.status, 400);
}

#[tokio::test]
async fn requirements_answer_in_the_words_of_the_specifications() {
    let issuer = Issuer::start().await;
    let service = Service::up_to_date(&issuer).await;
    let token = format!("Bearer {}", issuer.said.token("s1", "ada"));
    let with = async |path| service.get(path, &[("authorization", &token)]).await;
    assert_eq!(with("/orders").await.status, 200);
    assert_eq!(with("/office").await.body["code"], "role_required");
    let vault = with("/vault").await;
    assert_eq!(vault.status, 401);
    let challenge = vault.headers["www-authenticate"].to_str().unwrap();
    assert!(
        challenge.starts_with("Bearer error=\"insufficient_user_authentication\""),
        "{challenge}"
    );
    assert!(challenge.contains("acr_values=\"aal2\", max_age=\"30\""), "{challenge}");
    for path in ["/orders", "/office", "/vault"] {
        assert_eq!(service.get(path, &[]).await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn a_page_of_another_site_changes_nothing_with_a_cookie() {
    let issuer = Issuer::start().await;
    let service = Service::up_to_date(&issuer).await;
    issuer.said.session("cloakroom=c1", "s1", "ada");
    let cookie = ("cookie", "cloakroom=c1");
    let own = ("sec-fetch-site", "same-origin");
    let cross = ("sec-fetch-site", "cross-site");
    assert_eq!(service.send("POST", "/me", &[cookie, own]).await.status, 200);
    let refused = service.send("POST", "/me", &[cookie, cross]).await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (403, &"cross_site".into()));
    let token = format!("Bearer {}", issuer.said.token("s1", "ada"));
    let by_token = [("authorization", token.as_str()), cross];
    assert_eq!(service.send("POST", "/me", &by_token).await.status, 200, "no browser adds a token");
}

#[tokio::test]
async fn without_the_layer_nobody_is_let_on() {
    let ask = async |app: Router| {
        let request = Request::get("/").body(Body::empty()).unwrap();
        app.oneshot(request).await.unwrap().status().as_u16()
    };
    let route = || Router::new().route("/", get(async |_: Option<Identity>| "hello"));
    assert_eq!(ask(route()).await, 500);
    let open = Router::new().route("/", get(async || "hello"));
    assert_eq!(ask(open.clone()).await, 200);
    assert_eq!(ask(open.layer(require::anybody())).await, 500);
}
