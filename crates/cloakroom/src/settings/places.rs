//! Where things are kept: the data folder and the database.

use std::path::PathBuf;

use cloakroom_store_postgres::Url as PostgresUrl;
use cloakroom_store_redis::Settings as RedisSettings;
use zeroize::Zeroizing;

use super::takes::{Takes, Wrong};

/// Which database.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Database {
    /// A file on this machine.
    Sqlite(PathBuf),
    /// A server, or several that stand in for each other.
    Postgres(Box<PostgresUrl>),
    /// Nothing is kept when the process ends: for trying things out.
    Memory,
}

/// Reads [`Database`].
pub(super) struct DatabaseUrl;

impl Takes for DatabaseUrl {
    type Value = Database;

    fn expected(&self) -> String {
        "`sqlite:` and the path of a file, `postgres://user@host/database`, or `memory:`".to_owned()
    }

    fn read(&self, text: &str) -> Result<Database, Wrong> {
        match text.split_once(':') {
            Some(("memory", "")) => Ok(Database::Memory),
            // To SQLite this is no file, but a database of each connection's own.
            Some(("sqlite", ":memory:")) => Err(Wrong::Because("write `memory:` alone")),
            Some(("sqlite", path)) if !path.is_empty() => Ok(Database::Sqlite(PathBuf::from(path))),
            Some(("postgres" | "postgresql", _)) => {
                PostgresPlace.read(text).map(|url| Database::Postgres(Box::new(url)))
            }
            _ => Err(Wrong::Shape),
        }
    }
}

/// Reads where a PostgreSQL is.
pub(super) struct PostgresPlace;

impl Takes for PostgresPlace {
    type Value = PostgresUrl;

    fn expected(&self) -> String {
        "`postgres://user@host/database`, with options after a `?`".to_owned()
    }

    fn read(&self, text: &str) -> Result<PostgresUrl, Wrong> {
        text.parse()
            .map_err(|wrong: cloakroom_store_postgres::UrlError| Wrong::Says(wrong.to_string()))
    }
}

/// Reads where a Redis is.
pub(super) struct RedisPlace;

impl Takes for RedisPlace {
    type Value = RedisSettings;

    fn expected(&self) -> String {
        "`redis://host`, `rediss://host`, `redis+sentinel://host,host/service` or `redis+cluster://host,host`"
            .to_owned()
    }

    fn read(&self, text: &str) -> Result<RedisSettings, Wrong> {
        RedisSettings::parse(text).map_err(|wrong| Wrong::Says(wrong.to_string()))
    }
}

/// Reads what the names of keys begin with. A brace in it would decide where a cluster puts them.
pub(super) struct KeyPrefix;

impl Takes for KeyPrefix {
    type Value = String;

    fn expected(&self) -> String {
        "up to 64 of the characters a-z A-Z 0-9 - _ . :".to_owned()
    }

    fn read(&self, text: &str) -> Result<String, Wrong> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
        let is_well = (1..=64).contains(&text.len()) && text.chars().all(is_plain);
        if is_well { Ok(text.to_owned()) } else { Err(Wrong::Shape) }
    }
}

/// A password that a server asks for.
#[derive(Clone)]
pub(crate) struct Password(pub(crate) Zeroizing<String>);

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password")
    }
}

/// Reads [`Password`].
pub(super) struct PasswordText;

impl Takes for PasswordText {
    type Value = Password;

    fn expected(&self) -> String {
        "a password".to_owned()
    }

    fn read(&self, text: &str) -> Result<Password, Wrong> {
        Ok(Password(Zeroizing::new(text.to_owned())))
    }
}

/// A folder.
pub(super) struct Folder;

impl Takes for Folder {
    type Value = PathBuf;

    fn expected(&self) -> String {
        "the path of a folder".to_owned()
    }

    fn read(&self, text: &str) -> Result<PathBuf, Wrong> {
        if text.is_empty() { Err(Wrong::Shape) } else { Ok(PathBuf::from(text)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_a_file_or_memory() {
        assert_eq!(DatabaseUrl.read("sqlite:/a/b.db"), Ok(Database::Sqlite("/a/b.db".into())));
        assert_eq!(DatabaseUrl.read("memory:"), Ok(Database::Memory));
        for text in ["", "sqlite:", "sqlite", "/a/b.db", "memory:x", "mysql://h/d"] {
            assert_eq!(DatabaseUrl.read(text), Err(Wrong::Shape), "{text}");
        }
    }

    #[test]
    fn what_sqlite_takes_for_memory_is_no_file() {
        assert!(matches!(DatabaseUrl.read("sqlite::memory:"), Err(Wrong::Because(_))));
    }

    #[test]
    fn a_redis_is_named_by_a_url_and_its_keys_by_a_plain_prefix() {
        assert_eq!(RedisPlace.read("redis://cache").unwrap().shown(), "redis://cache:6379");
        let Err(Wrong::Says(why)) = RedisPlace.read("http://:kestrel@h") else { panic!("read") };
        assert!(!why.contains("kestrel"), "{why}");
        assert_eq!(KeyPrefix.read("shop-1:eu"), Ok("shop-1:eu".to_owned()));
        for text in ["", "a b", "{a}", &"a".repeat(65)] {
            assert_eq!(KeyPrefix.read(text), Err(Wrong::Shape), "{text}");
        }
    }

    #[test]
    fn a_url_of_postgres_is_read_as_a_whole() {
        let url = "postgresql://u@db.example/c?schema=auth";
        let Ok(Database::Postgres(read)) = DatabaseUrl.read(url) else { panic!("not read") };
        assert_eq!((read.name(), read.schema()), ("c", "auth"));
        let refused = DatabaseUrl.read("postgres://u:kestrel@h/c?sslmode=x");
        let Err(Wrong::Says(why)) = refused else { panic!("not refused") };
        assert!(why.contains("sslmode") && !why.contains("kestrel"), "{why}");
    }
}
