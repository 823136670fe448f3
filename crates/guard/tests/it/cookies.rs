//! Cookies: asked about once, remembered a minute, and thrown out by the feed.

use std::time::Duration;

use crate::issuer::Issuer;
use crate::service::{Service, row, soon};

const NAVIGATES: (&str, &str) = ("sec-fetch-mode", "navigate");

#[tokio::test]
async fn a_hundred_requests_at_once_are_one_question() {
    let issuer = Issuer::start().await;
    let service = Service::up_to_date(&issuer).await;
    issuer.said.session("cloakroom=c1", "s1", "ada");
    issuer.said.answers.send_replace(false);
    let requests = (0..100).map(|_| service.by_cookie("c1"));
    let all = futures_util::future::join_all(requests);
    let answered = async {
        soon("it is asked", async || issuer.said.asked("/api/v1/session") > 0).await;
        issuer.said.answers.send_replace(true);
    };
    let (statuses, ()) = tokio::join!(all, answered);
    assert!(statuses.iter().all(|status| *status == 200));
    assert_eq!(issuer.said.asked("/api/v1/session"), 1);
}

#[tokio::test]
async fn it_is_asked_again_after_a_minute_of_use() {
    let issuer = Issuer::start().await;
    let service = Service::up_to_date(&issuer).await;
    issuer.said.session("cloakroom=c1", "s1", "ada");
    assert_eq!(service.by_cookie("c1").await, 200);
    for second in 1..=61_u64 {
        service.clock.go(Duration::from_secs(1));
        service.hears(&issuer).await;
        assert_eq!(service.by_cookie("c1").await, 200);
        let expected = if second <= 60 { 1 } else { 2 };
        assert_eq!(issuer.said.asked("/api/v1/session"), expected, "after {second} s");
    }
}

#[tokio::test]
async fn a_change_has_it_asked_again() {
    let issuer = Issuer::start().await;
    let service = Service::up_to_date(&issuer).await;
    for (number, kind, id) in [(2, "session", "s1"), (3, "user", "ada")] {
        issuer.said.session("cloakroom=c1", "s1", "ada");
        service.clock.go(Duration::from_millis(300));
        assert_eq!(service.by_cookie("c1").await, 200);
        let asked = issuer.said.asked("/api/v1/session");
        assert_eq!(service.by_cookie("c1").await, 200);
        assert_eq!(issuer.said.asked("/api/v1/session"), asked, "remembered");
        issuer.said.refuses("cloakroom=c1", "session_unknown");
        issuer.said.tell(&row(number, '~', kind, id));
        soon(kind, async || service.by_cookie("c1").await == 401).await;
        service.clock.go(Duration::from_millis(2001));
        service.hears(&issuer).await;
    }
}

#[tokio::test]
async fn an_answer_that_may_be_old_serves_its_one_request() {
    let issuer = Issuer::start().await;
    let service = Service::up_to_date(&issuer).await;
    issuer.said.session("cloakroom=c1", "s1", "ada");
    *issuer.said.hears.lock().unwrap() = false;
    for expected in 1..=3 {
        assert_eq!(service.by_cookie("c1").await, 200);
        assert_eq!(issuer.said.asked("/api/v1/session"), expected);
    }
    *issuer.said.hears.lock().unwrap() = true;
    for _ in 0..3 {
        assert_eq!(service.by_cookie("c1").await, 200);
        assert_eq!(issuer.said.asked("/api/v1/session"), 4);
    }
}

#[tokio::test]
async fn an_end_that_comes_while_the_server_answers_wins() {
    let issuer = Issuer::start().await;
    let service = Service::up_to_date(&issuer).await;
    issuer.said.session("cloakroom=c1", "s1", "ada");
    issuer.said.answers.send_replace(false);
    let token = issuer.said.token("s1", "ada");
    let request = service.by_cookie("c1");
    let meanwhile = async {
        soon("it is asked", async || issuer.said.asked("/api/v1/session") > 0).await;
        issuer.said.tell(&row(2, '-', "session", "s1"));
        soon("the end is heard", async || service.by_token(&token).await == 401).await;
        issuer.said.answers.send_replace(true);
    };
    let (status, ()) = tokio::join!(request, meanwhile);
    assert_eq!(status, 401);
}

#[tokio::test]
async fn who_joins_a_question_from_before_a_change_is_told_what_is_so_after_it() {
    for (asked_at, kind, id) in [
        ("/api/v1/session", "user", "ada"),
        ("/api/v1/session", "session", "s1"),
        ("/introspect", "user", "ada"),
    ] {
        let issuer = Issuer::start().await;
        let service = Service::up_to_date(&issuer).await;
        let bearer = format!("Bearer {}", issuer.said.token("s1", "ada"));
        let headers = [match asked_at {
            "/introspect" => ("authorization", &*bearer),
            _ => ("cookie", "cloakroom=c1"),
        }];
        let are = |roles: &[&str]| {
            issuer.said.session_with("cloakroom=c1", "s1", "ada", roles);
            let roles = roles.iter().map(|role| (*role).to_owned()).collect();
            *issuer.said.roles.lock().unwrap() = Some(roles);
        };
        // The end of another session shows that what was told before it is heard.
        let changes = async |number: u64, kind: &str, id: &str| {
            let other = format!("other {number}");
            let token = issuer.said.token(&other, "bea");
            issuer.said.tell(&row(number, '~', kind, id));
            issuer.said.tell(&row(number + 1, '-', "session", &other));
            soon("the change is heard", async || service.by_token(&token).await == 401).await;
        };
        // A token of a user who changed is asked about.
        changes(2, "user", "ada").await;
        are(&["clerk"]);
        issuer.said.answers.send_replace(false);
        let first = service.get("/me", &headers);
        let second = async {
            soon("it is asked", async || issuer.said.asked(asked_at) > 0).await;
            are(&["staff"]);
            changes(4, kind, id).await;
            let second = service.get("/me", &headers);
            let answered = async { issuer.said.answers.send_replace(true) };
            tokio::join!(second, answered).0
        };
        let (_, second) = tokio::join!(first, second);
        assert_eq!(second.body["roles"], serde_json::json!(["staff"]), "{asked_at}, {kind}");
        assert_eq!(issuer.said.asked(asked_at), 2, "{asked_at}, {kind}");
    }
}

#[tokio::test]
async fn a_replaced_cookie_sends_a_navigation_to_itself_once_and_tells_a_script() {
    let issuer = Issuer::start().await;
    let service = Service::up_to_date(&issuer).await;
    issuer.said.refuses("cloakroom=old", "session_replaced");
    let cookie = ("cookie", "cloakroom=old");
    for path in ["/me?page=2", "/perhaps?page=2"] {
        let sent = service.get(path, &[cookie, NAVIGATES]).await;
        assert_eq!(
            (sent.status.as_u16(), &sent.headers["location"]),
            (303, &path.parse().unwrap())
        );
        let marking = sent.headers["set-cookie"].to_str().unwrap();
        let mark = marking.split(';').next().unwrap();
        let again =
            service.get(path, &[("cookie", &format!("cloakroom=old; {mark}")), NAVIGATES]).await;
        assert_eq!(again.status, 401, "once");
        let script = service.get(path, &[cookie, ("sec-fetch-mode", "cors")]).await;
        assert_eq!(
            (script.status.as_u16(), &script.body["code"]),
            (401, &"session_replaced".into())
        );
    }
}

#[tokio::test]
async fn a_cookie_of_nobody_is_asked_about_once_in_a_while() {
    let issuer = Issuer::start().await;
    let service = Service::up_to_date(&issuer).await;
    for _ in 0..5 {
        assert_eq!(service.by_cookie("nobody").await, 401);
    }
    assert_eq!(issuer.said.asked("/api/v1/session"), 1);
}

#[tokio::test]
async fn who_does_not_read_cookies_sees_nobody() {
    let issuer = Issuer::start().await;
    issuer.said.session("cloakroom=c1", "s1", "ada");
    let reading = Service::up_to_date(&issuer).await;
    assert_eq!(reading.by_cookie("c1").await, 200);
    let blind = cloakroom_guard::Settings::new(&issuer.url, "a");
    let blind = Service::start(blind);
    assert_eq!(blind.by_cookie("c1").await, 401);
}
