//! What only SQLite understands. All other statements are in [`cloakroom_store_sql::sql`].

use cloakroom_store_sql::Sql;

pub(crate) const BEGIN: Sql = Sql::shared("BEGIN");
pub(crate) const BEGIN_IMMEDIATE: Sql = Sql::shared("BEGIN IMMEDIATE");
pub(crate) const COMMIT: Sql = Sql::shared("COMMIT");
pub(crate) const ROLLBACK: Sql = Sql::shared("ROLLBACK");
pub(crate) const SAVEPOINT: Sql = Sql::shared("SAVEPOINT act");
pub(crate) const RELEASE: Sql = Sql::shared("RELEASE act");
pub(crate) const ROLLBACK_TO: Sql = Sql::shared("ROLLBACK TO act");

/// SQLite's clock, to the millisecond. It counts in a float, so that the last digit needs rounding.
pub(crate) const NOW: Sql =
    Sql::shared("SELECT CAST(ROUND(unixepoch('subsec') * 1000) AS INTEGER)");

/// At the end of a process: refreshes the statistics where they are worth it.
pub(crate) const OPTIMIZE: Sql = Sql::shared("PRAGMA optimize");

/// One row `ok`, or what is wrong.
pub(crate) const INTEGRITY_CHECK: Sql = Sql::shared("PRAGMA integrity_check");

#[cfg(test)]
pub(crate) mod tests;
