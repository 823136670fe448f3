//! Followers of the feed at two processes on one PostgreSQL, with a Redis beside it: what ends at one node is told at the other,
//! and whoever was at one goes on at the other.

use std::time::Duration;

use cloakroom_engine::clock::{Clock as _, SystemClock};
use cloakroom_model::log::Subject;
use cloakroom_oauth::feed;
use cloakroom_testservers::Redis;
use reqwest::{Response, StatusCode};
use serde_json::Value;
use tokio::time::timeout;

use crate::{
    many_nodes::{GENEROUS, on, url},
    person::Person,
    server::Server,
};

/// Longer than any honest machine takes.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn what_ends_at_one_node_is_told_at_the_other_and_a_follower_goes_on_at_either() {
    let redis = Redis::start().unwrap();
    let (place, database) = (redis.url(), url());
    let [mut first, mut second] = [(); 2].map(|()| on(&database).with("CLOAKROOM_REDIS", &place));
    let (here, there) = (first.serve(), second.serve());
    let line = ["client", "add", "billing", "--template=service", "--scope=revocations", "--json"];
    let secret = first.run(&line).json()["secret"].as_str().unwrap().to_owned();

    let mut people = Vec::new();
    for name in ["ada", "bea", "cy"] {
        let mut person = Person::at(&here);
        person.sign_up(&format!("{name}@example.com")).await;
        people.push(person);
    }
    let [ada, bea, cy] = &people[..] else { unreachable!() };
    let mut follower = Follower::at(&there, &secret, None).await;
    assert_eq!(follower.next().await, "event: begin\nid:\ndata: snapshot");
    follower.until("event: heard").await;

    let clock = SystemClock::new();
    ada.signs_out().await;
    let acknowledged = clock.steady();
    let told = follower.until(&ended(ada)).await;
    let delay = clock.steady().saturating_sub(acknowledged);
    println!("what ended at one node was told at the other {delay:?} later");
    assert!(delay < GENEROUS, "{delay:?}");
    let place = told.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().to_owned();
    drop(follower);

    // While nobody listens something ends, and the follower comes to the node where it has not been.
    bea.signs_out().await;
    let mut follower = Follower::at(&here, &secret, Some(&place)).await;
    assert_eq!(follower.next().await, "event: begin\ndata: resumed");
    let told = follower.until(&ended(bea)).await;
    assert!(!told.contains(&ended(ada)), "what was heard before is told again: {told}");

    // And that node is killed: at the other, it goes on from what it heard here.
    let place = told.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().to_owned();
    cy.signs_out().await;
    here.kill();
    let mut follower = Follower::at(&there, &secret, Some(&place)).await;
    assert_eq!(follower.next().await, "event: begin\ndata: resumed");
    follower.until(&ended(cy)).await;
}

/// A service that listens.
struct Follower {
    answer: Response,
    text: String,
}

impl Follower {
    /// Follows at this node, from a place or from the beginning, as soon as the node knows the service.
    async fn at(server: &Server, secret: &str, place: Option<&str>) -> Self {
        let client = reqwest::Client::new();
        let token = async {
            loop {
                let form = [("grant_type", "client_credentials"), ("scope", feed::SCOPE)];
                let asked = client.post(format!("{}/oauth/token", server.url())).form(&form);
                let answer = asked.basic_auth("billing", Some(secret)).send().await.unwrap();
                if answer.status() == StatusCode::OK {
                    break answer.json::<Value>().await.unwrap();
                }
            }
        };
        let token = timeout(PATIENCE, token).await.expect("the node knows the service");
        let mut asked = client
            .get(format!("{}/api/v1/revocations", server.url()))
            .bearer_auth(token["access_token"].as_str().unwrap());
        if let Some(place) = place {
            asked = asked.header("last-event-id", place);
        }
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        Self { answer, text: String::new() }
    }

    /// The next event, as it was written.
    async fn next(&mut self) -> String {
        let reading = async {
            loop {
                if let Some(end) = self.text.find("\n\n") {
                    let event = self.text.drain(..end + 2).collect::<String>();
                    break event.trim_end().to_owned();
                }
                let piece = self.answer.chunk().await.unwrap().expect("the stream goes on");
                self.text.push_str(std::str::from_utf8(&piece).unwrap());
            }
        };
        timeout(PATIENCE, reading).await.expect("an event")
    }

    /// Everything up to the event in which this stands.
    async fn until(&mut self, what: &str) -> String {
        let mut told = String::new();
        while !told.contains(what) {
            told.push_str(&self.next().await);
            told.push('\n');
        }
        told
    }
}

/// How the feed says that somebody's session has ended.
fn ended(person: &Person) -> String {
    let subject = Subject::Session(person.sid().parse().unwrap());
    format!("-{}", cloakroom_jose::base64url::encode(&feed::digest(&subject)))
}
