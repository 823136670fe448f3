//! What is asked again and what is not.

use std::time::Duration;

use cloakroom_fetch::{Fetch as _, Limits};

use crate::scene::{ANSWER, Names, Other, Then, Way};

const NAME: &str = "keys.example.com";

#[tokio::test]
async fn an_answer_is_good_for_as_long_as_it_says() {
    let answer = ANSWER.replace("\r\n\r\n", "\r\ncache-control: max-age=3600\r\n\r\n");
    let other = Other::answering(&[NAME], &answer, Then::Close).await;
    let way = way(&other);
    let first = way.fetch(&url(&other, "/")).await.unwrap();
    assert_eq!(first.fresh_for, Duration::from_hours(1));
    way.clock.go(Duration::from_mins(59));
    assert_eq!(way.fetch(&url(&other, "/#again")).await.unwrap(), first);
    assert_eq!(other.asked().len(), 1);
    way.clock.go(Duration::from_mins(1));
    way.fetch(&url(&other, "/")).await.unwrap();
    assert_eq!(other.asked().len(), 2);
    way.fetch(&url(&other, "/?other")).await.unwrap();
    assert_eq!(other.asked().len(), 3);
}

#[tokio::test]
async fn a_failure_is_known_for_half_a_minute() {
    let failures = [
        "HTTP/1.1 503 Service Unavailable\r\ncache-control: max-age=3600\r\ncontent-length: 0\r\n\r\n",
        "not http\r\n\r\n",
    ];
    for answer in failures {
        let other = Other::answering(&[NAME], answer, Then::Close).await;
        let way = way(&other);
        let first = way.fetch(&url(&other, "/")).await;
        assert!(first.as_ref().map_or(true, |fetched| fetched.status == 503), "{first:?}");
        way.clock.go(Duration::from_secs(29));
        assert_eq!(way.fetch(&url(&other, "/")).await, first);
        assert_eq!(other.asked().len(), 1, "{answer}");
        way.clock.go(Duration::from_secs(1));
        assert_eq!(way.fetch(&url(&other, "/")).await, first);
        assert_eq!(other.asked().len(), 2, "{answer}");
    }
}

#[tokio::test]
async fn many_who_want_the_same_ask_once() {
    let other = Other::answering(&[NAME], ANSWER, Then::Close).await;
    let way = way(&other);
    let asking: Vec<_> = (0..20)
        .map(|_| {
            let (outbound, url) = (way.outbound.clone(), url(&other, "/").parse().unwrap());
            tokio::spawn(async move { outbound.fetch(&url, Limits::default()).await })
        })
        .collect();
    for one in asking {
        assert_eq!(one.await.unwrap().unwrap().status, 200);
    }
    assert_eq!(other.asked().len(), 1);
}

#[tokio::test]
async fn what_is_wanted_anew_is_asked_for_and_remembered() {
    let answer = ANSWER.replace("\r\n\r\n", "\r\ncache-control: max-age=3600\r\n\r\n");
    let other = Other::answering(&[NAME], &answer, Then::Close).await;
    let way = way(&other);
    way.fetch(&url(&other, "/")).await.unwrap();
    way.clock.go(Duration::from_secs(1));
    way.fetch_anew(&url(&other, "/")).await.unwrap();
    assert_eq!(other.asked().len(), 2);
    way.clock.go(Duration::from_mins(59));
    way.fetch(&url(&other, "/")).await.unwrap();
    assert_eq!(other.asked().len(), 2);
}

#[tokio::test]
async fn many_who_want_the_same_anew_ask_once_and_a_failure_stands() {
    let answer = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
    for (answer, after_a_second) in [(ANSWER, 2), (answer, 1)] {
        let other = Other::answering(&[NAME], answer, Then::Close).await;
        let way = way(&other);
        let asking: Vec<_> = (0..20)
            .map(|_| {
                let (outbound, url) = (way.outbound.clone(), url(&other, "/").parse().unwrap());
                tokio::spawn(async move { outbound.fetch_anew(&url, Limits::default()).await })
            })
            .collect();
        for one in asking {
            one.await.unwrap().unwrap();
        }
        assert_eq!(other.asked().len(), 1, "{answer}");
        way.clock.go(Duration::from_secs(1));
        way.fetch_anew(&url(&other, "/")).await.unwrap();
        assert_eq!(other.asked().len(), after_a_second, "{answer}");
    }
}

#[tokio::test]
async fn a_smaller_limit_is_another_question() {
    let other = Other::answering(&[NAME], ANSWER, Then::Close).await;
    let way = way(&other);
    way.fetch(&url(&other, "/")).await.unwrap();
    let small = Limits { bytes: 1, ..Limits::default() };
    assert!(way.fetch_within(&url(&other, "/"), small).await.is_err());
    assert!(way.fetch(&url(&other, "/")).await.is_ok(), "and spoils nothing");
}

#[tokio::test]
async fn forms_are_posted_each_time() {
    let other = Other::answering(&[NAME], ANSWER, Then::Close).await;
    let way = way(&other);
    let to = url(&other, "/").parse().unwrap();
    for _ in 0..2 {
        way.outbound.post(&to, &[("a", "b")], Limits::default()).await.unwrap();
    }
    assert_eq!(other.asked().len(), 2);
}

fn way(other: &Other) -> Way {
    Way::to(other, Names::of(&[(NAME, &["127.0.0.1"])]))
}

fn url(other: &Other, path: &str) -> String {
    format!("https://{NAME}:{}{path}", other.port())
}
