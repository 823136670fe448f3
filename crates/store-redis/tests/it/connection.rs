//! Every wait has an end, nothing queues without one, and the connection comes back by itself.

use std::fs;
use std::time::Duration;

use cloakroom_store::Error;
use cloakroom_store_redis::{Connection, Script, Settings};
use cloakroom_testservers::redis::PASSWORD;
use futures_util::future::join_all;
use tokio::time::timeout;

use super::server::Server;

const GENEROUS: Duration = Duration::from_secs(20);

fn open(server: &Server) -> Connection {
    Connection::open(Settings::parse(&server.url()).unwrap())
}

async fn ping(connection: &Connection) -> Result<String, Error> {
    connection.ask(&redis::cmd("PING")).await
}

async fn comes_back(connection: &Connection) {
    timeout(GENEROUS, connection.there()).await.expect("the connection comes back by itself");
    ping(connection).await.unwrap();
}

#[tokio::test]
async fn a_first_question_waits_for_the_connection() {
    let server = Server::start();
    assert_eq!(ping(&open(&server)).await.unwrap(), "PONG");
}

#[tokio::test]
async fn a_script_is_known_by_name_or_told() {
    let server = Server::start();
    let connection = open(&server);
    let script = Script::new("return {KEYS[1], ARGV[1], ARGV[2]}");
    for _ in 0..2 {
        let answer: Vec<String> = connection.run(&script, &["{k}"], ("a", 7)).await.unwrap();
        assert_eq!(answer, ["{k}", "a", "7"]);
        let flushed: String = connection.ask(redis::cmd("SCRIPT").arg("FLUSH")).await.unwrap();
        assert_eq!(flushed, "OK");
    }
    let wrong = Script::new("return redis.call('NONSENSE')");
    let answer = connection.run::<i64>(&wrong, &["{k}"], "").await;
    assert!(matches!(answer, Err(Error::OutOfReach(_))), "{answer:?}");
    let of_another_shape = connection.run::<i64>(&script, &["{k}"], ("a", 7)).await;
    assert!(matches!(of_another_shape, Err(Error::Corrupt(_))), "{of_another_shape:?}");
}

#[tokio::test]
async fn a_server_that_was_started_again_is_found_by_the_next_question() {
    let mut server = Server::start();
    let connection = open(&server);
    ping(&connection).await.unwrap();
    server.stop();
    server.start_again();
    ping(&connection).await.unwrap();
}

#[tokio::test]
async fn while_redis_is_away_questions_are_refused_and_afterwards_answered() {
    let mut server = Server::start();
    let connection = open(&server);
    ping(&connection).await.unwrap();
    server.stop();
    for _ in 0..50 {
        let refused = timeout(Duration::from_secs(5), ping(&connection)).await;
        assert!(matches!(refused.unwrap(), Err(Error::OutOfReach(_))));
    }
    assert!(!connection.is_there());
    server.start_again();
    comes_back(&connection).await;
    assert!(connection.is_there());
}

#[tokio::test]
async fn a_server_that_is_silent_is_not_waited_for() {
    let server = Server::start();
    let connection = open(&server);
    ping(&connection).await.unwrap();
    server.pause();
    for _ in 0..50 {
        let refused = timeout(Duration::from_secs(5), ping(&connection)).await;
        assert!(matches!(refused.unwrap(), Err(Error::OutOfReach(_))));
    }
    server.go_on();
    comes_back(&connection).await;
}

#[tokio::test]
async fn one_question_too_many_is_told_that_storage_is_busy() {
    let server = Server::start();
    let mut settings = Settings::parse(&server.url()).unwrap();
    settings.waiting = 3;
    let connection = Connection::open(settings);
    ping(&connection).await.unwrap();
    server.pause();
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let connection = connection.clone();
            tokio::spawn(async move { ping(&connection).await })
        })
        .collect();
    tokio::task::yield_now().await;
    assert!(matches!(ping(&connection).await, Err(Error::Busy)));
    server.go_on();
    for one in waiting {
        let _answered_or_too_late = one.await.unwrap();
    }
    comes_back(&connection).await;
}

#[tokio::test]
async fn who_is_not_let_in_is_told_without_the_password() {
    let server = Server::start();
    let url = server.url().replace(PASSWORD, "guess");
    let connection = Connection::open(Settings::parse(&url).unwrap());
    let refused = ping(&connection).await.unwrap_err();
    let told = format!("{refused} {refused:?} {connection:?}");
    assert!(matches!(refused, Error::OutOfReach(_)) && !told.contains("guess"), "{told}");
}

/// A single worker, so that what is asked at once is ready at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_asked_at_once_goes_together_and_each_has_its_own_answer() {
    const ASKING: u64 = 200;
    let server = Server::start();
    let connection = open(&server);
    ping(&connection).await.unwrap();
    let asking = connection.clone();
    let (answers, writes) = tokio::spawn(async move {
        let before = writes();
        let asked = (0..ASKING).map(|number| {
            let connection = asking.clone();
            tokio::spawn(async move {
                let mut question = redis::cmd("ECHO");
                if number % 10 == 0 {
                    question = redis::cmd("NONSENSE");
                }
                connection.ask::<u64>(question.arg(number)).await
            })
        });
        let answers = join_all(asked.collect::<Vec<_>>()).await;
        (answers, writes() - before)
    })
    .await
    .unwrap();
    for (number, answer) in (0..).zip(answers) {
        match answer.unwrap() {
            Ok(echoed) => assert_eq!(echoed, number),
            Err(error) => assert!(number % 10 == 0 && matches!(error, Error::OutOfReach(_))),
        }
    }
    assert!(writes < ASKING / 4, "it took {writes} writes");
}

/// How often this thread has written anything anywhere.
fn writes() -> u64 {
    let told = fs::read_to_string("/proc/thread-self/io").unwrap();
    let writes = told.lines().find_map(|line| line.strip_prefix("syscw: "));
    writes.unwrap().parse().unwrap()
}
