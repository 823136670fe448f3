use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use cloakroom_store_sql::Sql;
use rusqlite::Connection;

use crate::migrate;

#[test]
fn every_statement_is_valid_on_a_fresh_schema() {
    let connection = fresh();
    for (name, sql) in all() {
        let prepared = connection.prepare(sql.sqlite());
        assert!(prepared.is_ok(), "{name}: {}", prepared.unwrap_err());
    }
}

#[test]
fn parameters_are_numbered_in_the_order_in_which_they_first_stand() {
    let connection = fresh();
    for (name, sql) in all() {
        let statement = connection.prepare(sql.sqlite()).unwrap();
        for index in 1..=statement.parameter_count() {
            let expected = format!("${index}");
            assert_eq!(statement.parameter_name(index), Some(expected.as_str()), "{name}");
        }
    }
}

/// Those that read a whole table on purpose.
const WHOLE_TABLE: &[&str] = &[
    "clients::LIST",
    "codes::DELETE_ALL",
    "device_requests::DELETE_ALL",
    "grants::DELETE_ALL",
    "guests::ALL_IDS",
    "initial_tokens::LIST",
    "keys::LIST_DATA_KEYS",
    "keys::LIST_DATA_KEYS_TO_CHANGE",
    "keys::LIST_SIGNING_KEYS",
    "keys::FIND_CURRENT_TO_CHANGE",
    "links::DELETE_SET_UP",
    "links::DELETE_ALL",
    "log::COUNT_STREAMS",
    "log::STILL_CONCERNS",
    "log::LAST",
    "log::MARK_ALL",
    "sessions::DELETE_ALL",
    "sessions::ALL_IDS",
    "streams::LIST",
    "streams::TELL_ALL",
    "streams::TELL_ONE",
];

#[test]
fn no_other_statement_reads_a_whole_table() {
    let connection = fresh();
    let statements = all().into_iter().filter(|(name, _)| !name.starts_with("sqlite::"));
    let scanning: Vec<_> = statements
        .filter(|(_, sql)| {
            plan(&connection, *sql)
                .iter()
                .any(|step| step.starts_with("SCAN ") && step != "SCAN CONSTANT ROW")
        })
        .map(|(name, _)| name)
        .collect();
    assert_eq!(scanning, WHOLE_TABLE);
}

#[test]
fn the_latest_list_holds_what_the_program_runs() {
    let path = lists().join(format!("{:04}.txt", migrate::CURRENT));
    let mut list = String::new();
    for (name, sql) in all() {
        let text = sql.sqlite().split_whitespace().collect::<Vec<_>>().join(" ");
        writeln!(list, "{name}\t{text}").unwrap();
    }
    if std::env::var_os("CLOAKROOM_WRITE_STATEMENTS").is_some() {
        fs::write(&path, &list).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == list,
        "{} is not what the program runs; write it with CLOAKROOM_WRITE_STATEMENTS=1",
        path.display()
    );
}

#[test]
fn statements_of_earlier_versions_work_on_this_schema() {
    let connection = fresh();
    let mut lists: Vec<_> =
        fs::read_dir(lists()).unwrap().map(|entry| entry.unwrap().path()).collect();
    lists.sort();
    assert_eq!(lists.len(), migrate::CURRENT as usize, "one list for each version");
    for path in lists {
        for line in fs::read_to_string(&path).unwrap().lines() {
            let (name, text) = line.split_once('\t').unwrap();
            let prepared = connection.prepare(text);
            assert!(prepared.is_ok(), "{} {name}: {}", path.display(), prepared.unwrap_err());
        }
    }
}

/// A statement by its name, such as `users::FIND`.
pub(crate) fn named(name: &str) -> Sql {
    let found = all().into_iter().find(|(other, _)| other == name);
    found.expect("there is such a statement").1
}

fn all() -> Vec<(String, Sql)> {
    let own = [
        ("BEGIN", super::BEGIN),
        ("BEGIN_IMMEDIATE", super::BEGIN_IMMEDIATE),
        ("COMMIT", super::COMMIT),
        ("ROLLBACK", super::ROLLBACK),
        ("SAVEPOINT", super::SAVEPOINT),
        ("RELEASE", super::RELEASE),
        ("ROLLBACK_TO", super::ROLLBACK_TO),
        ("NOW", super::NOW),
        ("OPTIMIZE", super::OPTIMIZE),
        ("INTEGRITY_CHECK", super::INTEGRITY_CHECK),
    ];
    let mut all = cloakroom_store_sql::sql::all();
    all.extend(own.map(|(name, sql)| (format!("sqlite::{name}"), sql)));
    // By module, each in its own order.
    all.sort_by_key(|(name, _)| name.split("::").next().map(str::to_owned));
    all
}

fn plan(connection: &Connection, sql: Sql) -> Vec<String> {
    let mut statement =
        connection.prepare(&format!("EXPLAIN QUERY PLAN {}", sql.sqlite())).unwrap();
    // The plan is the same for every value.
    for index in 1..=statement.parameter_count() {
        statement.raw_bind_parameter(index, 1).unwrap();
    }
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get(3).unwrap());
    }
    steps
}

fn fresh() -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate::migrate(&mut connection).unwrap();
    connection
}

fn lists() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/statements")
}
