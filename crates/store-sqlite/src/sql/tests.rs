use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;

use super::{
    Sql, clients, codes, consents, device_requests, documents, events, grants, guests,
    initial_tokens, keys, links, log, marks, pushed_requests, relying_parties, sessions, sqlite,
    statuses, throttles, users,
};
use crate::migrate;

#[test]
fn every_statement_is_valid_on_a_fresh_schema() {
    let connection = fresh();
    for (name, sql) in all() {
        let prepared = connection.prepare(sql.text());
        assert!(prepared.is_ok(), "{name}: {}", prepared.unwrap_err());
    }
}

#[test]
fn parameters_are_numbered_in_the_order_in_which_they_first_stand() {
    let connection = fresh();
    for (name, sql) in all() {
        let statement = connection.prepare(sql.text()).unwrap();
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
    "keys::LIST_SIGNING_KEYS",
    "keys::FIND_CURRENT",
    "links::DELETE_SET_UP",
    "links::DELETE_ALL",
    "log::STILL_CONCERNS",
    "log::LAST",
    "log::MARK_ALL",
    "sessions::DELETE_ALL",
    "sessions::ALL_IDS",
];

#[test]
fn no_other_statement_reads_a_whole_table() {
    let connection = fresh();
    let statements = all().into_iter().filter(|(name, _)| !name.starts_with("sqlite::"));
    let scanning: Vec<_> = statements
        .filter(|(_, sql)| plan(&connection, *sql).iter().any(|step| step.starts_with("SCAN ")))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(scanning, WHOLE_TABLE);
}

#[test]
fn the_latest_list_holds_what_the_program_runs() {
    let path = lists().join(format!("{:04}.txt", migrate::CURRENT));
    let mut list = String::new();
    for (name, sql) in all() {
        let text = sql.text().split_whitespace().collect::<Vec<_>>().join(" ");
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

fn all() -> Vec<(String, Sql)> {
    let modules = [
        ("clients", clients::ALL),
        ("codes", codes::ALL),
        ("consents", consents::ALL),
        ("device_requests", device_requests::ALL),
        ("documents", documents::ALL),
        ("events", events::ALL),
        ("grants", grants::ALL),
        ("guests", guests::ALL),
        ("initial_tokens", initial_tokens::ALL),
        ("keys", keys::ALL),
        ("links", links::ALL),
        ("log", log::ALL),
        ("marks", marks::ALL),
        ("pushed_requests", pushed_requests::ALL),
        ("relying_parties", relying_parties::ALL),
        ("sessions", sessions::ALL),
        ("sqlite", sqlite::ALL),
        ("statuses", statuses::ALL),
        ("throttles", throttles::ALL),
        ("users", users::ALL),
    ];
    let named = |module, (name, sql): &(&str, Sql)| (format!("{module}::{name}"), *sql);
    modules
        .into_iter()
        .flat_map(|(module, all)| all.iter().map(move |it| named(module, it)))
        .collect()
}

fn plan(connection: &Connection, sql: Sql) -> Vec<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", sql.text())).unwrap();
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
