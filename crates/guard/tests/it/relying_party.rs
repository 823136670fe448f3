//! An app on another domain, before the real server: somebody signs in, is there, and signs out.

mod scene;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cloakroom_engine::fetch::Fetch;
use cloakroom_guard::{Refusal, Settings};
use cloakroom_model::event::Actor;
use cloakroom_model::user::Role;
use cloakroom_testkit::engine::PASSWORD;
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};

use self::scene::Scene;

const SHOP: &str = "https://shop.example";

/// Where the app takes logout tokens.
const LOGOUT: &str = "https://shop.example/backchannel-logout";

/// Longer than any honest machine takes.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn somebody_signs_in_is_there_and_is_nobody_once_they_signed_out_at_the_issuer() {
    let mut scene = Scene::new().await;
    let mut ada = scene.ada().await;

    let orders = scene.visit("/orders?page=2").await;
    assert_eq!(orders.header("location"), "/sign-in?return_to=%2Forders%3Fpage%3D2");
    let callback = scene.ask_for_code(&mut ada, orders.header("location")).await;
    let back = scene.visit(&callback).await;
    assert_eq!(back.header("location"), "/orders?page=2", "{}", back.text());
    assert_eq!(scene.jar.len(), 1, "one cookie, and no way that is still open");
    assert!(scene.jar[0].starts_with("__Host-app=") && scene.jar[0].len() == 11 + 43);
    let orders = scene.visit("/orders?page=2").await;
    assert_eq!((orders.status.as_u16(), orders.text().as_str()), (200, "ada's"), "{orders:?}");

    // The code was used, and the way is gone: the callback that is loaded again signs nobody in again.
    scene.visit(&callback).await.is(400);
    scene.visit("/orders").await.is(200);

    scene.at_issuer(&mut ada, Method::POST, "/api/v1/sign-out", &json!({})).await.is(204);
    scene.server.engine.catch_up().await.unwrap();
    let refused = async {
        while scene.visit("/orders").await.status != 303 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, refused).await.expect("the app hears of the end");
    let me = scene.visit("/me").await;
    assert!(me.json()["user"].is_null(), "{me:?}");
}

#[tokio::test]
async fn a_token_takes_the_place_of_the_cookie_and_no_other_scheme_does() {
    let mut scene = Scene::new().await;
    scene.ada_is_in().await;
    for (authorization, status) in [
        ("Basic YXBpOmh1c2g=", 200),
        ("Digest username=\"ada\"", 200),
        ("Bearer nobody's", 401),
        ("bearer", 400),
        ("DPoP nobody's", 401),
    ] {
        let asked = [("authorization", authorization), ("sec-fetch-mode", "cors")];
        let orders = scene.send(Method::GET, "/orders", &asked).await;
        assert_eq!(orders.status.as_u16(), status, "{authorization}");
    }
}

#[tokio::test]
async fn a_code_that_somebody_else_brought_is_not_taken() {
    let mut scene = Scene::new().await;
    let mut ada = scene.ada().await;
    let callback = scene.ask_for_code(&mut ada, "/sign-in").await;
    let jar = std::mem::take(&mut scene.jar);
    scene.visit(&callback).await.is(400);
    assert!(scene.jar.is_empty(), "{:?}", scene.jar);
    // The browser that left may still come back with it.
    scene.jar = jar;
    scene.visit(&callback).await.is(303);
    scene.visit("/orders").await.is(200);
}

#[tokio::test]
async fn signing_out_here_leads_to_the_issuer_and_no_other_site_can_do_it() {
    let mut scene = Scene::new().await;
    let mut ada = scene.ada().await;
    let callback = scene.ask_for_code(&mut ada, "/sign-in?return_to=//evil.example").await;
    assert_eq!(scene.visit(&callback).await.header("location"), "/");
    let before = scene.jar.clone();
    let across = [("sec-fetch-site", "cross-site")];
    scene.send(Method::POST, "/sign-out", &across).await.is(403);
    scene.visit("/orders").await.is(200);
    let out = scene.send(Method::POST, "/sign-out", &[("sec-fetch-site", "same-origin")]).await;
    let end = out.header("location").to_owned();
    assert!(end.starts_with(&format!("{}/oauth/logout?id_token_hint=", scene.issuer)), "{end}");
    assert!(scene.jar.is_empty());
    scene.jar = before;
    scene.visit("/orders").await.is(303);
}

#[tokio::test]
async fn without_the_feed_a_logout_token_ends_the_session_and_nothing_else_does() {
    let mut scene = Scene::with(Settings::without_feed).await;
    scene.server.others.put(LOGOUT, "text/plain", "");
    let mut ada = scene.ada().await;
    let callback = scene.ask_for_code(&mut ada, "/sign-in").await;
    scene.visit(&callback).await.is(303);
    scene.at_issuer(&mut ada, Method::POST, "/api/v1/sign-out", &json!({})).await.is(204);
    let others: Arc<dyn Fetch> = scene.server.others.clone();
    scene.server.engine.tell_relying_parties(&others).await.unwrap();
    let posted = scene.server.others.posted();
    assert_eq!(posted[0].url, LOGOUT);
    let token = posted[0].form[0].1.clone();
    // Another signature over the same words.
    let end = token.len() - 10;
    let forged = format!("{}{}", &token[..end], token[end..].chars().rev().collect::<String>());
    scene.log_out(&forged).await.is(400);
    scene.visit("/orders").await.is(200);
    scene.log_out(&token).await.is(200);
    scene.visit("/orders").await.is(303);
}

#[tokio::test]
async fn of_many_requests_at_once_one_renews_the_token_and_no_tab_is_signed_out() {
    let mut scene = Scene::new().await;
    scene.ada_is_in().await;
    assert_eq!(scene.refreshes(), 0);
    for round in 1..=2 {
        scene.passes(Duration::from_mins(11)).await;
        let tabs = (0..40).map(|_| scene.ask(scene.request(Method::GET, "/orders", &[])));
        for answer in join_all(tabs).await {
            assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "ada's"));
            assert_eq!(answer.header("set-cookie"), "", "the cookie is the one before");
        }
        assert_eq!(scene.refreshes(), round);
    }
}

#[tokio::test]
async fn where_two_processes_renew_a_token_at_once_both_have_it_and_nobody_is_signed_out() {
    let mut scene = Scene::new().await;
    scene.ada_is_in().await;
    for round in 1..=2 {
        scene.passes(Duration::from_mins(11)).await;
        let head = scene.head();
        let asked = (0..10).flat_map(|_| [&scene.shop, &scene.beside]);
        for token in join_all(asked.map(|app| app.access_token(&head))).await {
            let token = token.unwrap().expect("nobody was signed out");
            assert_eq!(scene.belongs_to(&token).await, "ada@example.com");
        }
        let refreshes = scene.refreshes();
        assert!((round..=2 * round).contains(&refreshes), "{refreshes} in {round} rounds");
    }
    scene.visit("/orders").await.is(200);
}

#[tokio::test]
async fn where_the_issuer_is_away_a_token_that_is_over_signs_nobody_out() {
    let mut scene = Scene::new().await;
    scene.ada_is_in().await;
    scene.passes(Duration::from_mins(11)).await;
    scene.refuses.store(true, Ordering::SeqCst);
    // What the feed told says that the session stands.
    scene.visit("/orders").await.is(200);
    assert!(scene.shop.access_token(&scene.head()).await.is_err(), "there is no token to give");
    scene.refuses.store(false, Ordering::SeqCst);
    assert!(scene.shop.access_token(&scene.head()).await.unwrap().is_some());
    scene.visit("/orders").await.is(200);
}

#[tokio::test]
async fn where_the_issuer_is_away_a_change_of_the_user_signs_nobody_out() {
    let mut scene = Scene::new().await;
    scene.ada_is_in().await;
    let me = scene.visit("/me").await.json();
    let user = me["user"]["id"].as_str().unwrap().parse().unwrap();
    scene.passes(Duration::from_mins(11)).await;
    scene.refuses.store(true, Ordering::SeqCst);
    let roles = vec![Role::parse("clerk").unwrap()];
    scene.server.engine.set_roles(user, roles, Actor::Operator).await.unwrap();
    scene.passes(Duration::from_secs(10)).await;
    let orders = scene.visit("/orders").await;
    assert_eq!(orders.status.as_u16(), 503, "what they may do is not known");
    scene.refuses.store(false, Ordering::SeqCst);
    assert_eq!(scene.visit("/me").await.is(200).json()["user"]["roles"], json!(["clerk"]));
}

#[tokio::test]
async fn where_the_issuer_is_away_an_end_that_may_be_forgotten_is_not_taken_for_none() {
    for ends in [true, false] {
        let mut scene = Scene::new().await;
        let mut ada = scene.ada_is_in().await;
        scene.refuses.store(true, Ordering::SeqCst);
        if ends {
            let path = "/api/v1/sign-out";
            scene.at_issuer(&mut ada, Method::POST, path, &json!({})).await.is(204);
            // It is heard now, and not when it is to be forgotten.
            scene.passes(Duration::from_secs(10)).await;
        } else {
            scene.passes(Duration::from_mins(59)).await;
            scene.visit("/orders").await.is(200);
        }
        // Longer than a row is remembered, and once more until they are looked through.
        scene.passes(Duration::from_mins(63)).await;
        scene.passes(Duration::from_mins(2)).await;
        let orders = scene.visit("/orders").await;
        assert_eq!(orders.status.as_u16(), 503, "ended: {ends}");
        scene.refuses.store(false, Ordering::SeqCst);
        scene.visit("/orders").await.is(if ends { 303 } else { 200 });
    }
}

#[tokio::test]
async fn an_issuer_that_no_longer_knows_the_app_is_not_taken_for_one_that_is_away() {
    let mut scene = Scene::new().await;
    scene.ada_is_in().await;
    scene.passes(Duration::from_mins(11)).await;
    for (error, status) in
        [("invalid_target", 200), ("invalid_client", 503), ("unauthorized_client", 503)]
    {
        *scene.refuses_by.lock().unwrap() = Some(error);
        let orders = scene.visit("/orders").await;
        assert_eq!(orders.status.as_u16(), status, "{error}");
    }
    *scene.refuses_by.lock().unwrap() = None;
    scene.visit("/orders").await.is(200);
}

#[tokio::test]
async fn a_session_that_nothing_can_renew_is_over_before_its_end_could_be_forgotten() {
    let mut scene = Scene::new().await;
    scene.keeps_refresh_tokens.store(true, Ordering::SeqCst);
    scene.ada_is_in().await;
    scene.passes(Duration::from_mins(59)).await;
    scene.visit("/orders").await.is(200);
    let waits = scene.request(Method::GET, "/me", &[("prefer", "wait=1")]);
    scene.ask(waits).await.is(204);
    scene.passes(Duration::from_mins(2)).await;
    assert_eq!(scene.visit_waiting().await, json!({ "user": null }));
    scene.visit("/orders").await.is(303);

    // Where no feed is followed, nothing that it told can be forgotten.
    let mut scene = Scene::with(Settings::without_feed).await;
    scene.keeps_refresh_tokens.store(true, Ordering::SeqCst);
    scene.ada_is_in().await;
    scene.passes(Duration::from_mins(63)).await;
    scene.visit("/orders").await.is(200);
}

#[tokio::test]
async fn an_app_has_a_token_for_other_services_and_no_browser_sees_it() {
    let mut scene = Scene::new().await;
    let nobody = scene.shop.access_token(&scene.head()).await;
    assert_eq!(nobody.unwrap(), None);
    let mut ada = scene.ada_is_in().await;
    let first = scene.shop.access_token(&scene.head()).await.unwrap().unwrap();
    assert_eq!(scene.shop.access_token(&scene.head()).await.unwrap().unwrap(), first);
    assert_eq!(scene.belongs_to(&first).await, "ada@example.com");
    for path in ["/orders", "/me"] {
        let shown = format!("{:?}", scene.visit(path).await.is(200));
        assert!(!shown.contains(&first), "{shown}");
    }
    scene.passes(Duration::from_mins(11)).await;
    let second = scene.shop.access_token(&scene.head()).await.unwrap().unwrap();
    assert_ne!(first, second);
    assert_eq!(scene.belongs_to(&second).await, "ada@example.com");

    scene.at_issuer(&mut ada, Method::POST, "/api/v1/sign-out", &json!({})).await.is(204);
    scene.server.engine.catch_up().await.unwrap();
    let gone = async {
        while scene.shop.access_token(&scene.head()).await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.expect("the token goes with the session");
}

#[tokio::test]
async fn a_page_for_those_who_proved_themselves_lately_sends_them_to_prove_it_again() {
    let mut scene = Scene::new().await;
    let mut ada = scene.ada_is_in().await;
    scene.visit("/vault").await.is(200);
    scene.passes(Duration::from_mins(6)).await;
    let script = scene.send(Method::GET, "/vault", &[("sec-fetch-mode", "cors")]).await;
    let challenge = script.is(401).header("www-authenticate");
    assert!(challenge.contains("insufficient_user_authentication"), "{challenge}");
    assert!(challenge.contains("max_age=\"300\""), "{challenge}");
    let away = scene.visit("/vault").await;
    let sign_in = away.is(303).header("location").to_owned();
    assert_eq!(sign_in, "/sign-in?return_to=%2Fvault&max_age=300");

    let away = scene.visit(&sign_in).await;
    let question = away.header("location").strip_prefix(&scene.issuer).unwrap().to_owned();
    let asked = scene.at_issuer(&mut ada, Method::GET, &question, &Value::Null).await;
    assert!(!asked.header("location").starts_with(SHOP), "nothing was proved: {asked:?}");
    let proof = json!({ "password": PASSWORD });
    let path = "/api/v1/session/reauthenticate";
    scene.at_issuer(&mut ada, Method::POST, path, &proof).await.is(200);
    let answered = scene.at_issuer(&mut ada, Method::GET, &question, &Value::Null).await;
    let back = scene.visit(answered.header("location")).await;
    assert_eq!(back.is(303).header("location"), "/vault");
    scene.visit("/vault").await.is(200);
}

#[tokio::test]
async fn a_page_for_those_who_are_known_better_says_how() {
    let mut scene = Scene::new().await;
    scene.ada_is_in().await;
    let away = scene.visit("/safe").await;
    assert_eq!(away.is(303).header("location"), "/sign-in?return_to=%2Fsafe&acr_values=aal2");
    let away = scene.visit("/sign-in?return_to=%2Fsafe&acr_values=aal2").await;
    let question = away.header("location");
    assert!(question.contains("&acr_values=aal2"), "{question}");
}

#[tokio::test]
async fn a_script_is_told_who_is_there() {
    let mut scene = Scene::new().await;
    assert_eq!(scene.visit("/me").await.is(200).json(), json!({ "user": null }));
    let mut ada = scene.ada_is_in().await;
    let session = scene.at_issuer(&mut ada, Method::GET, "/api/v1/session", &Value::Null).await;
    let session = session.is(200).json();
    let me = scene.visit("/me").await;
    assert_eq!(me.is(200).json()["user"], json!({ "id": session["user"]["id"], "roles": [] }));
    assert_eq!(me.json()["acr"], session["session"]["acr"]);
    assert_eq!(me.header("cache-control"), "no-store");
    let forged = [("cookie", "__Host-app=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")];
    scene.jar.clear();
    let nobody = scene.send(Method::GET, "/me", &forged).await;
    assert_eq!(nobody.is(200).json(), json!({ "user": null }));
}

#[tokio::test]
async fn what_more_the_issuer_tells_of_a_person_is_asked_for_when_the_app_wants_to_know() {
    let mut scene = Scene::new().await;
    assert!(scene.shop.user_info(&scene.head()).await.unwrap().is_none(), "nobody is there");
    let mut ada = scene.ada_is_in().await;
    assert_eq!(scene.asked_about.load(Ordering::SeqCst), 0, "a sign-in asks nothing");
    let me = scene.visit("/me").await.json();
    for (on, asked) in [(Duration::ZERO, 1), (Duration::from_mins(11), 2)] {
        scene.passes(on).await;
        let told = scene.shop.user_info(&scene.head()).await.unwrap().expect("somebody is there");
        assert_eq!(
            (told.sub(), told.email()),
            (me["user"]["id"].as_str().unwrap(), Some("ada@example.com"))
        );
        assert_eq!(scene.asked_about.load(Ordering::SeqCst), asked);
    }
    // What the app must not be told as if it were so: nothing, or somebody else's.
    scene.refuses.store(true, Ordering::SeqCst);
    let refused = scene.shop.user_info(&scene.head()).await;
    assert!(matches!(refused, Err(Refusal::Unavailable)), "{refused:?}");
    scene.refuses.store(false, Ordering::SeqCst);
    scene.tells_of_another.store(true, Ordering::SeqCst);
    let refused = scene.shop.user_info(&scene.head()).await;
    assert!(matches!(refused, Err(Refusal::Unavailable)), "{refused:?}");
    scene.tells_of_another.store(false, Ordering::SeqCst);
    assert!(scene.shop.user_info(&scene.head()).await.unwrap().is_some());

    scene.at_issuer(&mut ada, Method::POST, "/api/v1/sign-out", &json!({})).await.is(204);
    // The issuer knows, whether the app has heard or not.
    assert!(scene.shop.user_info(&scene.head()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_page_that_waits_is_answered_once_the_session_is_over_and_not_before() {
    let mut scene = Scene::new().await;
    let mut ada = scene.ada_is_in().await;
    let waits = |scene: &Scene, seconds: &'static str| {
        scene.request(Method::GET, "/me", &[("prefer", seconds)])
    };
    let before = scene.ask(waits(&scene, "respond-async, wait=1")).await;
    assert_eq!(before.is(204).header("preference-applied"), "wait=1");
    assert_eq!(before.header("cache-control"), "no-store");

    // Signed out at the issuer, where the other tabs of this app know nothing of it.
    let ends = async {
        scene.at_issuer(&mut ada, Method::POST, "/api/v1/sign-out", &json!({})).await.is(204);
        scene.server.engine.catch_up().await.unwrap();
    };
    let tabs = join_all((0..3).map(|_| scene.ask(waits(&scene, "wait=25"))));
    let told = tokio::time::timeout(PATIENCE, async { tokio::join!(tabs, ends) }).await;
    for tab in told.expect("the end of the session, not of the wait").0 {
        assert_eq!(tab.is(200).json(), json!({ "user": null }));
    }
    // Nobody is there already.
    assert_eq!(scene.visit_waiting().await, json!({ "user": null }));
}

#[tokio::test]
async fn a_page_that_waits_is_told_what_the_app_itself_has_ended() {
    let mut scene = Scene::with(Settings::without_feed).await;
    scene.server.others.put(LOGOUT, "text/plain", "");
    let mut ada = scene.ada().await;
    for here in [true, false] {
        let callback = scene.ask_for_code(&mut ada, "/sign-in").await;
        scene.visit(&callback).await.is(303);
        let ends = async {
            if here {
                let own = [("sec-fetch-site", "same-origin")];
                scene.ask(scene.request(Method::POST, "/sign-out", &own)).await.is(303);
            } else {
                scene
                    .at_issuer(&mut ada, Method::POST, "/api/v1/sign-out", &json!({}))
                    .await
                    .is(204);
                let others: Arc<dyn Fetch> = scene.server.others.clone();
                scene.server.engine.tell_relying_parties(&others).await.unwrap();
                let token = scene.server.others.posted()[0].form[0].1.clone();
                scene.log_out(&token).await.is(200);
            }
        };
        let waits = async { tokio::join!(scene.visit_waiting(), ends) };
        let told = tokio::time::timeout(PATIENCE, waits).await;
        assert_eq!(
            told.expect("the end of the session").0,
            json!({ "user": null }),
            "here: {here}"
        );
        scene.jar.clear();
    }
}
