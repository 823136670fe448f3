use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Barrier;

use cloakroom_store_sql::copy::{Kind, TABLES};

use super::*;
use crate::open::connect;
use crate::{Options, Sqlite};

#[test]
fn every_earlier_schema_is_brought_to_the_present_one() {
    let fresh = schema(&migrated(Connection::open_in_memory().unwrap()));
    let dumps = dumps();
    assert_eq!(dumps.len(), CURRENT as usize, "one dump for each version");
    for (path, version) in dumps.iter().zip(1..) {
        let dump = load(path);
        assert_eq!(super::version(&dump).unwrap(), version, "{}", path.display());
        let before: u32 = rows(&dump);
        assert!(before > 0, "{} has rows that a step could lose", path.display());

        let dump = migrated(dump);

        assert_eq!(schema(&dump), fresh, "{}", path.display());
        assert_eq!(rows(&dump), before, "{}", path.display());
    }
}

#[test]
fn the_latest_dump_is_the_present_schema() {
    let fresh = migrated(Connection::open_in_memory().unwrap());
    let latest = load(&dumps()[CURRENT as usize - 1]);
    assert_eq!(schema(&latest), schema(&fresh));
}

#[test]
fn what_a_program_of_version_1_deletes_takes_along_what_it_knows_nothing_of() {
    let connection = load(&dumps()[1]);
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    let count = |what: &str| {
        let count = format!("SELECT COUNT(*) FROM {what}");
        connection.query_row(&count, [], |row| row.get::<_, u32>(0)).unwrap()
    };
    let of_the_user = ["codes", "consents"];
    let outliving = ["relying_parties WHERE live IS NULL", "statuses WHERE live IS NULL"];
    assert_eq!(of_the_user.map(count), [1, 1]);
    assert_eq!(outliving.map(count), [0, 0]);

    for table in ["grants", "sessions", "users"] {
        connection.execute(&format!("DELETE FROM {table}"), []).unwrap();
    }

    assert_eq!(of_the_user.map(count), [0, 0]);
    assert_eq!(outliving.map(count), [1, 1]);
}

#[test]
fn a_database_of_a_newer_program_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cloakroom.db");
    drop(Sqlite::open(&path, Options::default()).unwrap());
    set_version(&path, CURRENT + 1);
    let before = fs::read(&path).unwrap();

    let opened = Sqlite::open(&path, Options::default()).unwrap_err();
    let attached = Sqlite::attach(&path, Options::default()).unwrap_err();

    for error in [opened, attached] {
        let OpenError::Newer { found, expected } = error else { panic!("{error}") };
        assert_eq!((found, expected), (CURRENT + 1, CURRENT));
    }
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn the_command_line_never_migrates() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cloakroom.db");
    drop(Sqlite::open(&path, Options::default()).unwrap());
    assert!(Sqlite::attach(&path, Options::default()).is_ok());
    set_version(&path, CURRENT - 1);

    let attached = Sqlite::attach(&path, Options::default());

    assert!(matches!(attached, Err(OpenError::Older { found, .. }) if found == CURRENT - 1));
}

#[test]
fn the_command_line_never_makes_a_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cloakroom.db");
    assert!(matches!(
        Sqlite::attach(&path, Options::default()),
        Err(OpenError::Missing { path: missing }) if missing == path
    ));
    assert!(!path.exists());
}

#[test]
fn a_database_of_another_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cloakroom.db");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE notes (text TEXT)").unwrap();
    drop(other);
    assert!(matches!(Sqlite::open(&path, Options::default()), Err(OpenError::NotOurs)));
}

#[test]
fn a_step_that_fails_leaves_the_schema_as_it_was() {
    // The first step stumbles over a table that is in its way.
    let mut connection = Connection::open_in_memory().unwrap();
    connection.pragma_update(None, "application_id", APPLICATION).unwrap();
    connection.execute_batch("CREATE TABLE events (text TEXT)").unwrap();
    let before = schema(&connection);

    assert!(matches!(migrate(&mut connection), Err(OpenError::Sqlite(_))));

    assert_eq!(schema(&connection), before);
    assert_eq!(version(&connection).unwrap(), 0);
}

#[test]
fn two_starts_at_once_migrate_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cloakroom.db");
    let together = Barrier::new(4);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                together.wait();
                Sqlite::open(&path, Options::default()).unwrap();
            });
        }
    });
    let connection = Connection::open(&path).unwrap();
    assert_eq!(version(&connection).unwrap(), CURRENT);
}

#[test]
fn what_is_copied_is_the_whole_schema() {
    let fresh = migrated(Connection::open_in_memory().unwrap());
    let mut copied = Vec::new();
    for table in TABLES {
        let mut columns = Vec::new();
        for (place, (name, kind)) in (1..).zip(table.columns) {
            let key = if place <= table.key { u32::try_from(place).unwrap() } else { 0 };
            let kind = match kind {
                Kind::Integer => "INTEGER",
                Kind::Bytes => "BLOB",
                Kind::Text => "TEXT",
            };
            columns.push((name.trim_matches('"').to_owned(), kind.to_owned(), key));
        }
        columns.sort();
        // Whatever it refers to is there before it.
        let parents = "SELECT \"table\" FROM pragma_foreign_key_list($1)";
        let mut parents = fresh.prepare(parents).unwrap();
        let parents = parents.query_map([table.name], |row| row.get::<_, String>(0)).unwrap();
        for parent in parents.map(Result::unwrap) {
            assert!(
                copied.iter().any(|(name, _)| *name == parent),
                "{} before {parent}",
                table.name
            );
        }
        copied.push((table.name.to_owned(), columns));
    }
    copied.sort();
    assert_eq!(copied, columns(&fresh));
}

/// A column's name, type, and place in the primary key from 1.
type Column = (String, String, u32);

/// Tables with their columns.
fn columns(connection: &Connection) -> Vec<(String, Vec<Column>)> {
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let mut tables = connection.prepare(tables).unwrap();
    let tables = tables.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let columns = "SELECT name, type, pk FROM pragma_table_info($1) ORDER BY name";
    let mut columns = connection.prepare(columns).unwrap();
    tables
        .map(|table| {
            let table = table.unwrap();
            let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            let of_it = columns.query_map([&table], read).unwrap().map(Result::unwrap).collect();
            (table, of_it)
        })
        .collect()
}

fn migrated(mut connection: Connection) -> Connection {
    migrate(&mut connection).unwrap();
    connection
}

fn dumps() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas");
    let mut dumps: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    dumps.sort();
    dumps
}

fn load(path: &Path) -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(&fs::read_to_string(path).unwrap()).unwrap();
    connection
}

fn set_version(path: &Path, version: u32) {
    let connection =
        connect(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE, &Options::default()).unwrap();
    connection.pragma_update(None, "user_version", version).unwrap();
}

/// Tables and indices as they were declared, without regard to white space and comments.
fn schema(connection: &Connection) -> Vec<String> {
    let mut statement = connection
        .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name")
        .unwrap();
    let declared = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    declared
        .map(|sql| {
            let sql = sql.unwrap();
            let lines = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
            lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
        })
        .collect()
}

fn rows(connection: &Connection) -> u32 {
    let users = connection.query_row("SELECT COUNT(*) FROM users", [], |row| row.get::<_, u32>(0));
    let sessions =
        connection.query_row("SELECT COUNT(*) FROM sessions", [], |row| row.get::<_, u32>(0));
    users.unwrap() + sessions.unwrap()
}
