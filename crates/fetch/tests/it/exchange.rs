//! What is sent, how much is read, and for how long.

use std::time::Duration;

use cloakroom_fetch::{Fetch as _, FetchError, Limits, Message};
use tokio::task::JoinSet;
use url::Url;

use crate::scene::{ANSWER, Names, Other, Then, Way};

const NAME: &str = "keys.example.com";

#[tokio::test]
async fn nothing_is_sent_along_but_what_is_needed() {
    let other = Other::answering(&[NAME], ANSWER, Then::Close).await;
    let way = way(&other);
    let fetched = way.fetch(&url(&other, "/a?b=c#d")).await.unwrap();
    assert_eq!(fetched.content_type.as_deref(), Some("application/json"));
    assert_eq!(fetched.document(&["application/json"]), Some(&b"{}"[..]));
    let asked = other.asked();
    let lines: Vec<&str> = asked[0].trim_end().lines().collect();
    let host = format!("host: {NAME}:{}", other.port());
    let program = format!("user-agent: cloakroom/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(lines, ["GET /a?b=c HTTP/1.1", &host, &program, "accept: */*"]);
}

#[tokio::test]
async fn a_message_is_posted_as_it_is_with_what_its_receiver_expects() {
    let taken = "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";
    let other = Other::answering(&[NAME], taken, Then::Close).await;
    let way = way(&other);
    let url = Url::parse(&url(&other, "/events")).unwrap();
    let message = Message {
        content_type: "application/secevent+jwt",
        accept: "application/json",
        authorization: None,
        body: "e30.e30.",
    };
    let secret = Message { authorization: Some("Bearer secret"), ..message };
    for message in [message, secret] {
        let answer = way.outbound.send(&url, message, Limits::default()).await.unwrap();
        assert_eq!((answer.status, &*answer.body), (202, &b""[..]));
    }
    let asked = other.asked();
    let lines: Vec<&str> = asked[0].lines().collect();
    let host = format!("host: {NAME}:{}", other.port());
    let program = format!("user-agent: cloakroom/{}", env!("CARGO_PKG_VERSION"));
    let (post, accept) = ("POST /events HTTP/1.1", "accept: application/json");
    let (kind, length) = ("content-type: application/secevent+jwt", "content-length: 8");
    assert_eq!(lines, [post, &host, &program, accept, kind, length, "", "e30.e30."]);
    let beside: Vec<&str> = asked[1].lines().filter(|line| !lines.contains(line)).collect();
    assert_eq!(beside, ["authorization: Bearer secret"]);
    let unfit = Message { authorization: Some("a\nb"), ..message };
    let refused = way.outbound.send(&url, unfit, Limits::default()).await;
    assert!(matches!(refused, Err(FetchError::Url(_))), "{refused:?}");
    assert_eq!(other.asked().len(), 2);
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit() {
    let limits = Limits { bytes: 1000, ..Limits::default() };
    for (length, fits) in [(1000, true), (1001, false), (1 << 30, false)] {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
        let answer = head + &"x".repeat(length.min(1001));
        let other = Other::answering(&[NAME], &answer, Then::Close).await;
        let fetched = way(&other).fetch_within(&url(&other, "/"), limits).await;
        match fetched {
            Ok(fetched) => assert!(fits && fetched.body.len() == length, "{length}"),
            Err(error) => assert!(!fits && error == FetchError::TooLarge, "{length}: {error:?}"),
        }
    }
}

#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = "5\r\nabcde\r\n";
    let ending = format!("{head}{chunk}0\r\n\r\n");
    let other = Other::answering(&[NAME], &ending, Then::Close).await;
    assert_eq!(&*way(&other).fetch(&url(&other, "/")).await.unwrap().body, b"abcde");
    let other = Other::answering(&[NAME], head, Then::Repeat(chunk)).await;
    let limits = Limits { bytes: 10, ..Limits::default() };
    let fetched = way(&other).fetch_within(&url(&other, "/"), limits).await;
    assert_eq!(fetched, Err(FetchError::TooLarge));
}

#[tokio::test]
async fn a_head_without_end_is_cut_off() {
    let other = Other::answering(&[NAME], "HTTP/1.1 200 OK\r\n", Then::Repeat("a: b\r\n")).await;
    let fetched = way(&other).fetch(&url(&other, "/")).await;
    assert!(matches!(fetched, Err(FetchError::Unreachable(_))), "{fetched:?}");
}

#[tokio::test]
async fn who_does_not_end_in_time_is_left() {
    let whole = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
    for (answer, ends) in [(whole, true), (&whole[..whole.len() - 1], false), ("", false)] {
        let time = if ends { Duration::from_secs(30) } else { Duration::from_millis(500) };
        let limits = Limits { time, ..Limits::default() };
        let other = Other::answering(&[NAME], answer, Then::Stall).await;
        let fetched = way(&other).fetch_within(&url(&other, "/"), limits).await;
        match fetched {
            Ok(_) => assert!(ends, "{answer}"),
            Err(error) => assert!(!ends && error == FetchError::TooSlow, "{answer}: {error:?}"),
        }
    }
}

#[tokio::test]
async fn no_more_are_asked_at_once_than_there_are_places() {
    let silent = Other::answering(&[NAME], "", Then::Stall).await;
    let way = way(&silent);
    let limits = Limits { time: Duration::from_mins(1), ..Limits::default() };
    let mut asking = JoinSet::new();
    for number in 0..64 {
        let outbound = way.outbound.clone();
        let url = url(&silent, &format!("/{number}")).parse().unwrap();
        asking.spawn(async move { outbound.fetch(&url, limits).await });
    }
    while silent.asked().len() < 64 {
        tokio::task::yield_now().await;
    }
    let brief = Limits { time: Duration::from_millis(500), ..Limits::default() };
    let one_more = url(&silent, "/one-more");
    assert_eq!(way.fetch_within(&one_more, brief).await, Err(FetchError::Busy));
    asking.shutdown().await;
    // It was not remembered, and with a place it is the other server's turn to be slow.
    assert_eq!(way.fetch_within(&one_more, brief).await, Err(FetchError::TooSlow));
}

fn way(other: &Other) -> Way {
    Way::to(other, Names::of(&[(NAME, &["127.0.0.1"])]))
}

fn url(other: &Other, path: &str) -> String {
    format!("https://{NAME}:{}{path}", other.port())
}
