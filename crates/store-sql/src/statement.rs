//! A statement: constant text, the same for both dialects or one for each.

/// A statement that stands in this crate. A database takes nothing else.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Sql {
    sqlite: &'static str,
    postgres: &'static str,
}

impl Sql {
    /// A statement that both dialects share.
    #[must_use]
    pub const fn shared(text: &'static str) -> Self {
        Self { sqlite: text, postgres: text }
    }

    /// A statement that each dialect has its own words for: where PostgreSQL must lock a row that SQLite's one writer
    /// has to itself.
    #[must_use]
    pub const fn of_each(sqlite: &'static str, postgres: &'static str) -> Self {
        Self { sqlite, postgres }
    }

    /// The text for SQLite.
    #[must_use]
    pub const fn sqlite(self) -> &'static str {
        self.sqlite
    }

    /// The text for PostgreSQL.
    #[must_use]
    pub const fn postgres(self) -> &'static str {
        self.postgres
    }
}
