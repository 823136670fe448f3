//! Nothing outlives the process that started it, even one that is killed and drops nothing.

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use cloakroom_testservers::{Nginx, PgBouncer, Postgres, Redis, eventually};

/// Set for the process that is to be killed, which is this test once more.
const IS_THE_OTHER: &str = "CLOAKROOM_TESTSERVERS_IS_THE_OTHER";

#[test]
fn servers_and_folders_are_gone_with_a_process_that_is_killed() {
    if std::env::var_os(IS_THE_OTHER).is_some() {
        return hold_servers();
    }
    let mut other = Command::new(std::env::current_exe().unwrap());
    other.args(["--exact", "--nocapture"]);
    other.arg("lifetime::servers_and_folders_are_gone_with_a_process_that_is_killed");
    let mut other = other.env(IS_THE_OTHER, "1").stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(other.stdout.take().unwrap()).lines();
    let held = lines.map(Result::unwrap).find_map(|line| {
        let (_, held) = line.split_once("held: ")?;
        Some(held.to_owned())
    });
    let held = held.unwrap();
    let mut words = held.split(' ');
    let file = Path::new(words.next().unwrap()).to_owned();
    let ports: Vec<u16> = words.map(|port| port.parse().unwrap()).collect();
    let listens = |port: &u16| TcpStream::connect(("127.0.0.1", *port)).is_ok();
    assert!(file.exists() && ports.len() == 4 && ports.iter().all(listens), "{held}");

    other.kill().unwrap();
    other.wait().unwrap();
    eventually("the end of all servers", || Ok((!ports.iter().any(listens)).then_some(())))
        .unwrap();
    // The authority's folder lies beside those of the servers.
    let folder = file.parent().unwrap().parent().unwrap();
    eventually("the end of all folders", || Ok((!folder.exists()).then_some(()))).unwrap();
}

/// Starts servers from a thread that ends before they do, as the first test of several does, and waits to be killed.
fn hold_servers() {
    let started = thread::spawn(|| {
        let postgres = Postgres::start().unwrap();
        let bouncer = PgBouncer::in_front_of(&postgres).unwrap();
        let (redis, nginx) = (Redis::start().unwrap(), Nginx::in_front_of(&[1]).unwrap());
        (postgres, bouncer, redis, nginx)
    });
    let (postgres, bouncer, redis, nginx) = started.join().unwrap();
    assert_eq!(postgres.sql("postgres", "SELECT 1").unwrap(), "1");
    let ports =
        [postgres.port(), bouncer.port(), redis.port(), nginx.port()].map(|it| it.to_string());
    println!("held: {} {}", postgres.ca().display(), ports.join(" "));
    loop {
        thread::park();
    }
}
