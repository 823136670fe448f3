//! Where things are kept: the data folder and the database.

use std::path::PathBuf;

use super::takes::{Takes, Wrong};

/// Which database.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Database {
    /// A file on this machine.
    Sqlite(PathBuf),
    /// Nothing is kept when the process ends: for trying things out.
    Memory,
}

/// Reads [`Database`].
pub(super) struct DatabaseUrl;

impl Takes for DatabaseUrl {
    type Value = Database;

    fn expected(&self) -> String {
        "`sqlite:` and the path of a file, or `memory:`".to_owned()
    }

    fn read(&self, text: &str) -> Result<Database, Wrong> {
        match text.split_once(':') {
            Some(("memory", "")) => Ok(Database::Memory),
            // To SQLite this is no file, but a database of each connection's own.
            Some(("sqlite", ":memory:")) => Err(Wrong::Because("write `memory:` alone")),
            Some(("sqlite", path)) if !path.is_empty() => Ok(Database::Sqlite(PathBuf::from(path))),
            Some(("postgres" | "postgresql", _)) => {
                Err(Wrong::Because("PostgreSQL is not in this version"))
            }
            _ => Err(Wrong::Shape),
        }
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
    fn postgres_is_refused_for_now_and_says_so() {
        assert_eq!(
            DatabaseUrl.read("postgres://localhost/cloakroom"),
            Err(Wrong::Because("PostgreSQL is not in this version"))
        );
    }
}
