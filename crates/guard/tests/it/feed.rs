//! The feed: heard, cut, held up, forged, gone on with. Never is a revoked identity accepted beyond the bound.

use std::time::Duration;

use cloakroom_guard::WhenUnheard;

use crate::issuer::{Issuer, PLACE};
use crate::service::{Service, row, settings, soon};

#[tokio::test]
async fn what_ends_is_refused_as_soon_as_the_row_is_here() {
    let issuer = Issuer::start().await;
    let service = Service::up_to_date(&issuer).await;
    issuer.said.session("cloakroom=c1", "s1", "ada");
    let (token, other) = (issuer.said.token("s1", "ada"), issuer.said.token("s2", "bea"));
    for _ in 0..2 {
        assert_eq!(service.by_token(&token).await, 200);
        assert_eq!(service.by_cookie("c1").await, 200);
    }
    assert_eq!(issuer.said.asked("/api/v1/session"), 1, "the second time from memory");

    issuer.said.refuses("cloakroom=c1", "session_unknown");
    issuer.said.tell(&row(2, '-', "session", "s1"));
    soon("the row is heard", async || service.by_token(&token).await == 401).await;
    assert_eq!(service.by_cookie("c1").await, 401);
    assert_eq!(service.by_token(&other).await, 200);
    assert_eq!(issuer.said.asked("/introspect"), 0, "nobody was asked");
}

#[tokio::test]
async fn everything_that_a_token_hangs_from_ends_it() {
    for (kind, id) in [("client", "shop"), ("key", "key-1"), ("user", "ada"), ("token", "s1-ada")] {
        let issuer = Issuer::start().await;
        let service = Service::up_to_date(&issuer).await;
        let token = issuer.said.token("s1", "ada");
        assert_eq!(service.by_token(&token).await, 200);
        issuer.said.tell(&row(2, '-', kind, id));
        soon(kind, async || service.by_token(&token).await == 401).await;
    }
}

#[tokio::test]
async fn beyond_the_bound_nothing_that_is_remembered_is_believed() {
    let issuer = Issuer::start().await;
    let service = Service::up_to_date(&issuer).await;
    issuer.said.session("cloakroom=c1", "s1", "ada");
    let token = issuer.said.token("s1", "ada");
    assert_eq!(service.by_token(&token).await, 200);
    assert_eq!(service.by_cookie("c1").await, 200);

    // The stream is held up: the server ended the session, and no word of it comes.
    issuer.said.refuses("cloakroom=c1", "session_unknown");
    *issuer.said.roles.lock().unwrap() = None;
    service.clock.go(Duration::from_secs(5));
    assert_eq!(service.by_token(&token).await, 200, "within the bound");
    assert_eq!(service.by_cookie("c1").await, 200, "within the bound");
    service.clock.go(Duration::from_millis(1));
    assert_eq!(service.by_token(&token).await, 401, "the server was asked");
    assert_eq!(service.by_cookie("c1").await, 401, "the server was asked");
}

#[tokio::test]
async fn a_word_that_was_held_up_does_not_prolong_belief() {
    let issuer = Issuer::start().await;
    let service = Service::up_to_date(&issuer).await;
    let token = issuer.said.token("s1", "ada");
    assert_eq!(service.by_token(&token).await, 200);
    service.clock.go(Duration::from_mins(1));
    // Said when ten seconds had passed, and here after sixty.
    issuer.said.tell("event: heard\ndata: 10000\n\n");
    soon("it is here", async || {
        service.guard.health().unheard_for == Some(Duration::from_secs(50))
    })
    .await;
    *issuer.said.roles.lock().unwrap() = None;
    assert_eq!(service.by_token(&token).await, 401, "the server was asked");
}

/// A server that is just being started takes connections in, and answers when it is ready. What it says then is counted from the
/// question, and would stay too old for as long as the stream lasts.
#[tokio::test]
async fn a_stream_that_was_answered_too_late_gives_way_to_another_one() {
    let issuer = Issuer::start().await;
    let mut service = Service::up_to_date(&issuer).await;
    let token = issuer.said.token("s1", "ada");
    assert_eq!(service.by_token(&token).await, 200);
    let late = Duration::from_secs(6);
    service.clock.go(late);
    for elapsed in [700, 800, 900] {
        issuer.said.tell(&format!("event: heard\ndata: {elapsed}\n\n"));
    }
    issuer.said.opened(2).await;
    service.opened_at(late);
    assert_eq!(*issuer.said.resumed_from.lock().unwrap(), [None, Some(PLACE.to_owned())]);
    service.hears(&issuer).await;
    assert_eq!(service.by_token(&token).await, 200);
    assert_eq!(issuer.said.asked("/introspect"), 0, "from memory");
}

#[tokio::test]
async fn who_would_rather_refuse_than_ask_answers_503() {
    let issuer = Issuer::start().await;
    let refusing = settings(&issuer).when_unheard(WhenUnheard::Refuse);
    let service = Service::with(&issuer, refusing).await;
    let token = issuer.said.token("s1", "ada");
    assert_eq!(service.by_token(&token).await, 200);
    service.clock.go(Duration::from_millis(5001));
    assert_eq!(service.by_token(&token).await, 503);
    assert_eq!(issuer.said.asked("/introspect"), 0);
    service.hears(&issuer).await;
    assert_eq!(service.by_token(&token).await, 200);
}

#[tokio::test]
async fn a_server_that_is_gone_leaves_503_beyond_the_bound_and_belief_within() {
    let mut issuer = Issuer::start().await;
    let service = Service::up_to_date(&issuer).await;
    let token = issuer.said.token("s1", "ada");
    assert_eq!(service.by_token(&token).await, 200);
    issuer.stop().await;
    service.clock.go(Duration::from_secs(5));
    assert_eq!(service.by_token(&token).await, 200);
    service.clock.go(Duration::from_millis(1));
    let answer = service.get("/me", &[("authorization", &format!("Bearer {token}"))]).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.headers["retry-after"], "1");
}

#[tokio::test]
async fn a_cut_stream_goes_on_where_it_was_and_misses_nothing() {
    let mut issuer = Issuer::start().await;
    let mut service = Service::up_to_date(&issuer).await;
    let token = issuer.said.token("s1", "ada");
    assert_eq!(service.by_token(&token).await, 200);
    service.clock.go(Duration::from_secs(2));
    issuer.stop().await;
    issuer.start_again().await;
    issuer.said.opened(2).await;
    service.opened_at(Duration::from_secs(2));
    assert_eq!(*issuer.said.resumed_from.lock().unwrap(), [None, Some(PLACE.to_owned())]);
    issuer.said.tell(&row(2, '-', "session", "s1"));
    service.hears(&issuer).await;
    assert_eq!(service.by_token(&token).await, 401);

    issuer.said.cut();
    issuer.said.opened(3).await;
    let last = issuer.said.resumed_from.lock().unwrap().last().cloned().unwrap();
    assert_eq!(last.as_deref(), Some("2.00000000000000aa"));
}

#[tokio::test]
async fn a_recording_of_another_stream_is_not_believed() {
    let issuer = Issuer::start().await;
    let service = Service::up_to_date(&issuer).await;
    issuer.said.tell("event: heard\ndata: 240000\n\n");
    // It is closed, and the next one begins with a snapshot.
    issuer.said.opened(2).await;
    assert_eq!(*issuer.said.resumed_from.lock().unwrap(), [None, None]);
    soon("nothing is believed", async || !service.guard.health().believes).await;
}

#[tokio::test]
async fn a_user_who_changed_is_asked_about_once_and_the_answer_is_remembered() {
    let issuer = Issuer::start().await;
    let service = Service::up_to_date(&issuer).await;
    let token = issuer.said.token("s1", "ada");
    let bearer = format!("Bearer {token}");
    let roles =
        async || service.get("/me", &[("authorization", &bearer)]).await.body["roles"].clone();
    assert_eq!(roles().await, serde_json::json!(["clerk"]));
    issuer.said.tell(&row(2, '~', "user", "ada"));
    soon("the change is heard", async || roles().await == serde_json::json!(["staff"])).await;
    // So old that a question may name the place.
    service.clock.go(Duration::from_millis(300));
    assert_eq!(roles().await, serde_json::json!(["staff"]));
    let asked = issuer.said.asked("/introspect");
    for _ in 0..5 {
        assert_eq!(roles().await, serde_json::json!(["staff"]));
    }
    assert_eq!(issuer.said.asked("/introspect"), asked, "from memory");

    *issuer.said.roles.lock().unwrap() = Some(vec![]);
    issuer.said.tell(&row(3, '~', "user", "ada"));
    soon("the next change is heard", async || roles().await == serde_json::json!([])).await;
}
