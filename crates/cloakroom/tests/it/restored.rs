//! A database is put back from a backup, and the Redis beside it stays as it is: the guests there are of another log.

use std::fs;

use cloakroom_testservers::Redis;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    many_nodes::{POSTGRES, on},
    person::{PASSWORD, Person},
    postgres::run_of_postgres,
    program::Program,
    server::Server,
};

/// What a server says when it forgets guests.
const FORGOTTEN: &str = "are of another log than the database's";

#[tokio::test]
async fn a_restored_postgres_forgets_the_guests_of_its_redis() {
    let redis = Redis::start().unwrap();
    let place = POSTGRES.url(&POSTGRES.create_database().unwrap());
    let mut program = beside(&redis, on(&place));
    let dump = program.folder().join("then.dump");
    let (to, schema) = (format!("--file={}", dump.display()), "--schema=cloakroom");
    let back_up = |_: &Program| {
        run_of_postgres("pg_dump", &["--format=custom", schema, &to, &place]);
    };
    let mut people = People::since(&mut program, back_up).await;

    let into = format!("--dbname={place}");
    run_of_postgres("pg_restore", &["--clean", "--if-exists", &into, &dump.to_string_lossy()]);
    let restored = program.run(&["restore", "--yes", "--json"]).json();
    assert_eq!(restored["ended"], 2, "the two who were signed in then");
    people.are_all_forgotten(&mut program).await;
}

#[tokio::test]
async fn a_restored_file_forgets_the_guests_of_its_redis() {
    let redis = Redis::start().unwrap();
    let mut program = beside(&redis, Program::new());
    let mut people = People::since(&mut program, back_up).await;

    let restored = program.run(&["restore", "then.db", "--yes", "--json"]).json();
    assert_eq!(restored["ended"], 2, "the two who were signed in then");
    people.are_all_forgotten(&mut program).await;
}

/// As with a base backup, of which the program cannot know. Who was signed in then is so again, and no guest is.
#[tokio::test]
async fn a_database_that_was_put_back_behind_our_back_revives_no_guest_of_its_redis() {
    let redis = Redis::start().unwrap();
    let mut program = beside(&redis, Program::new());
    let mut people = People::since(&mut program, back_up).await;

    let file = program.folder().join("cloakroom-data/cloakroom.db");
    fs::copy(program.folder().join("then.db"), &file).unwrap();
    for companion in ["cloakroom.db-wal", "cloakroom.db-shm"] {
        // Of the database that was there; not every stop leaves them.
        let _ = fs::remove_file(file.with_file_name(companion));
    }
    let server = program.serve();
    people.everybody_goes_to(&server);
    for (who, person) in people.guests() {
        assert_eq!(person.is_known().await, StatusCode::UNAUTHORIZED, "{who}");
    }
    assert_eq!(people.signed_in.is_known().await, StatusCode::OK);
    assert_eq!(people.signed_out.is_known().await, StatusCode::OK, "`cloakroom restore` ends them");
    assert_told(&program);
}

/// Who was there when the backup was made, and came or went since.
struct People {
    signed_in: Person,
    /// Since the backup.
    signed_out: Person,
    guest: Person,
    /// Since the backup.
    ended_guest: Person,
    /// Since the backup.
    late_guest: Person,
}

impl People {
    /// They come, a backup is made, and they go on; then the server is stopped.
    async fn since(program: &mut Program, back_up: impl FnOnce(&Program)) -> Self {
        let server = program.serve();
        let mut people = Self::come(&server).await;
        back_up(program);
        people.go_on(program, &server).await;
        server.stop();
        people
    }

    async fn come(server: &Server) -> Self {
        let mut signed_in = Person::at(server);
        signed_in.sign_up("ada@example.com").await;
        let mut signed_out = Person::at(server);
        signed_out.sign_in("ada@example.com").await;
        let (mut guest, mut ended_guest) = (Person::at(server), Person::at(server));
        for guest in [&mut guest, &mut ended_guest] {
            guest.comes_as_guest().await;
            guest.puts("hat").await;
        }
        Self { signed_in, signed_out, guest, ended_guest, late_guest: Person::at(server) }
    }

    async fn go_on(&mut self, program: &Program, server: &Server) {
        self.signed_out.signs_out().await;
        program.run(&["session", "end", self.ended_guest.sid()]).text();
        self.late_guest.comes_as_guest().await;
        self.late_guest.puts("coat").await;
        self.everybody_goes_to(server);
        assert_eq!(self.guest.is_known().await, StatusCode::OK);
        assert_eq!(self.late_guest.is_known().await, StatusCode::OK);
    }

    async fn are_all_forgotten(&mut self, program: &mut Program) {
        let server = program.serve();
        self.everybody_goes_to(&server);
        let signed = [("signed in", &self.signed_in), ("signed out", &self.signed_out)];
        for (who, person) in self.guests().into_iter().chain(signed) {
            assert_eq!(person.is_known().await, StatusCode::UNAUTHORIZED, "{who}");
        }
        assert_told(program);
        // What lies there of then is in nobody's way, and in nobody's cart.
        self.guest.sign_in("ada@example.com").await;
        assert_eq!(self.guest.finds_in_the_cart().await, Value::Null);
        let mut guest = Person::at(&server);
        guest.comes_as_guest().await;
        guest.puts("scarf").await;
        assert_eq!(guest.finds_in_the_cart().await, json!({ "scarf": true }));
        assert_eq!(guest.tries("ada@example.com", PASSWORD).await, StatusCode::OK);
    }

    fn guests(&self) -> [(&'static str, &Person); 3] {
        [
            ("a guest of then", &self.guest),
            ("a guest who ended since", &self.ended_guest),
            ("a guest who came since", &self.late_guest),
        ]
    }

    fn everybody_goes_to(&mut self, server: &Server) {
        let signed = [&mut self.signed_in, &mut self.signed_out];
        let guests = [&mut self.guest, &mut self.ended_guest, &mut self.late_guest];
        for person in signed.into_iter().chain(guests) {
            person.goes_to(server);
        }
    }
}

fn beside(redis: &Redis, program: Program) -> Program {
    program.with("CLOAKROOM_REDIS", &redis.url()).with("CLOAKROOM_DANGER_NO_THROTTLE", "true")
}

/// Of SQLite, by the program itself.
fn back_up(program: &Program) {
    program.run(&["backup", "then.db"]).text();
}

fn assert_told(program: &Program) {
    let log = fs::read_to_string(program.folder().join("server.log")).unwrap();
    assert!(log.contains(FORGOTTEN), "{log}");
}
