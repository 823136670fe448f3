//! Redis: what it keeps and what it loses, and who it lets in.

use cloakroom_testservers::redis::Settings;
use cloakroom_testservers::{Error, Redis, program};

#[test]
fn one_without_a_file_forgets_and_one_with_a_file_keeps() {
    for append_only in [false, true] {
        let redis = Redis::start_with(Settings { append_only, ..Settings::default() }).unwrap();
        redis.command(&["SET", "coat", "7"]).unwrap();
        redis.kill().unwrap();
        assert!(redis.command(&["PING"]).is_err());
        redis.start_again().unwrap();
        let expected = if append_only { "7" } else { "" };
        assert_eq!(redis.command(&["GET", "coat"]).unwrap(), expected);
        redis.start_empty().unwrap();
        assert_eq!(redis.command(&["DBSIZE"]).unwrap(), "0");
    }
}

#[test]
fn a_restored_snapshot_brings_back_what_was_deleted_and_loses_what_came_since() {
    for append_only in [false, true] {
        let redis = Redis::start_with(Settings { append_only, ..Settings::default() }).unwrap();
        redis.command(&["SET", "early", "1"]).unwrap();
        let snapshot = redis.snapshot().unwrap();
        redis.command(&["DEL", "early"]).unwrap();
        redis.command(&["SET", "late", "1"]).unwrap();
        redis.restore(&snapshot).unwrap();
        assert_eq!(redis.command(&["KEYS", "*"]).unwrap(), "early");
        // What it keeps from then on is what it kept before.
        redis.kill().unwrap();
        redis.start_again().unwrap();
        assert_eq!(redis.command(&["KEYS", "*"]).unwrap(), if append_only { "early" } else { "" });
    }
}

#[test]
fn a_password_and_tls_are_asked_for_where_they_are_set() {
    let both = Settings { password: true, tls: true, ..Settings::default() };
    let redis = Redis::start_with(both).unwrap();
    assert_eq!(redis.command(&["SET", "coat", "7"]).unwrap(), "OK");
    let (url, ca) = (redis.url(), redis.ca().unwrap());
    let ask = |url: &str, more: &[&str]| {
        let mut client = program::run(&program::find("redis-cli").unwrap());
        let output = client.args(["--no-auth-warning", "-e", "-u", url]).args(more);
        output.args(["GET", "coat"]).output().unwrap()
    };
    let ca = ca.to_str().unwrap();
    let asked = ask(&url, &["--cacert", ca]);
    assert_eq!(asked.stdout, b"7\n", "{asked:?}");
    assert!(!ask(&url, &[]).status.success(), "an authority that nobody knows");
    assert!(!ask(&url.replace("rediss", "redis"), &[]).status.success(), "in the clear");
    let without = url.replace("default:only-for-tests-on-loopback@", "");
    assert!(!ask(&without, &["--cacert", ca]).status.success(), "without a password");
}

#[test]
fn one_that_is_paused_answers_when_it_goes_on() {
    let redis = Redis::start().unwrap();
    redis.pause().unwrap();
    let address = ("127.0.0.1", redis.port());
    let mut connection = std::net::TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(std::time::Duration::from_millis(200))).unwrap();
    std::io::Write::write_all(&mut connection, b"PING\r\n").unwrap();
    let mut answer = [0; 7];
    assert!(std::io::Read::read(&mut connection, &mut answer).is_err());
    redis.go_on().unwrap();
    std::io::Read::read_exact(&mut connection, &mut answer).unwrap();
    assert_eq!(&answer, b"+PONG\r\n");
}

#[test]
fn one_that_cannot_come_up_says_why() {
    let more = vec![("maxmemory-policy", "none-such".to_owned())];
    let refused = Redis::start_with(Settings { more, ..Settings::default() }).unwrap_err();
    assert!(matches!(&refused, Error::Ended { log, .. } if log.contains("none-such")), "{refused}");
}
