//! What only SQLite understands.

use super::statements;

statements! {
    BEGIN = "BEGIN";
    BEGIN_IMMEDIATE = "BEGIN IMMEDIATE";
    COMMIT = "COMMIT";
    ROLLBACK = "ROLLBACK";
    SAVEPOINT = "SAVEPOINT act";
    RELEASE = "RELEASE act";
    ROLLBACK_TO = "ROLLBACK TO act";

    /// SQLite's clock, to the millisecond. It counts in a float, so that the last digit needs rounding.
    NOW = "SELECT CAST(ROUND(unixepoch('subsec') * 1000) AS INTEGER)";

    /// At the end of a process: refreshes the statistics where they are worth it.
    OPTIMIZE = "PRAGMA optimize";

    /// One row `ok`, or what is wrong.
    INTEGRITY_CHECK = "PRAGMA integrity_check";
}
