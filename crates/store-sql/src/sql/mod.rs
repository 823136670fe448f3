//! Every statement, as constant text: no statement is ever put together while the program runs.
//!
//! They are written in what SQLite and PostgreSQL share (`$1`, `ON CONFLICT`, `RETURNING`), so that they stand once for
//! both. SQLite numbers `$1` by where it first stands, not by its name, so parameters first stand in their order; a
//! test holds that. PostgreSQL says more where others write at the same time: `locking` adds it to the text, `postgres`
//! is a text of its own. Why each lock is there stands beside it; which there are, on the crate's front page.
//!
//! A name says what the rows are locked for: `…_AS_PARENT` so that they stay as they are until something hangs from
//! them, `…_TO_CHANGE` to be changed or counted under, `…_TO_END` to be deleted. Without it nothing is locked.

pub(crate) mod clients;
pub(crate) mod codes;
pub(crate) mod consents;
pub(crate) mod device_requests;
pub(crate) mod documents;
pub(crate) mod events;
pub(crate) mod grants;
pub(crate) mod guests;
pub(crate) mod initial_tokens;
pub(crate) mod keys;
pub(crate) mod links;
pub(crate) mod log;
pub(crate) mod marks;
pub(crate) mod pushed_requests;
pub(crate) mod relying_parties;
pub(crate) mod sessions;
pub(crate) mod statuses;
pub(crate) mod streams;
pub(crate) mod throttles;
pub(crate) mod users;

use crate::statement::Sql;

/// What appends to the revocation log: a database whose nodes wake each other looks out for it.
pub const APPEND_TO_LOG: Sql = log::APPEND;

/// Every statement by its name, such as `users::FIND`, so that a database's test can prepare each.
#[must_use]
pub fn all() -> Vec<(String, Sql)> {
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
        ("statuses", statuses::ALL),
        ("streams", streams::ALL),
        ("throttles", throttles::ALL),
        ("users", users::ALL),
    ];
    let named = |module, (name, sql): &(&str, Sql)| (format!("{module}::{name}"), *sql);
    modules
        .into_iter()
        .flat_map(|(module, all)| all.iter().map(move |it| named(module, it)))
        .collect()
}

/// Names statements, and lists them: `NAME = "text"` for both dialects, `, locking "FOR UPDATE"` for what PostgreSQL
/// adds to it, `, postgres "text"` for one of its own, `NAME => …` for what another macro makes.
macro_rules! statements {
    (@sql $text:expr) => { $crate::statement::Sql::shared($text) };
    (@sql $text:expr, locking $rows:expr) => {
        $crate::statement::Sql::of_each($text, concat!($text, " ", $rows))
    };
    (@sql $text:expr, postgres $own:expr) => { $crate::statement::Sql::of_each($text, $own) };
    ($(
        $(#[$doc:meta])* $name:ident
        $(= $text:expr $(, $dialect:ident $own:expr)?)?
        $(=> $made:expr)?;
    )*) => {
        $($(#[$doc])* pub(crate) const $name: $crate::statement::Sql =
            $(statements!(@sql $text $(, $dialect $own)?))? $($made)?;)*

        /// Every statement of this module, with its name.
        pub(super) const ALL: &[(&str, $crate::statement::Sql)] = &[$((stringify!($name), $name)),*];
    };
}
use statements;

/// A deletion of the rows of a table that have something in common. PostgreSQL locks them in the order of their key, so
/// that of two that delete some of the same rows one waits for the other, and never each for the other.
macro_rules! delete_in_order {
    ($table:literal, $key:literal, $which:literal $(, $answer:literal)?) => {
        $crate::statement::Sql::of_each(
            concat!("DELETE FROM ", $table, " WHERE ", $which $(, " RETURNING ", $answer)?),
            concat!(
                "DELETE FROM ", $table, " WHERE (", $key, ") IN (SELECT ", $key, " FROM ", $table, " WHERE ", $which,
                " ORDER BY ", $key, " FOR UPDATE)" $(, " RETURNING ", $answer)?
            ),
        )
    };
}
use delete_in_order;

/// A deletion of what is over. PostgreSQL passes over rows that somebody else has locked: another node's sweep, which
/// deletes them, or an act, after which the next sweep will.
macro_rules! delete_what_is_free {
    ($table:literal, $key:literal, $which:literal) => {
        $crate::statement::Sql::of_each(
            concat!("DELETE FROM ", $table, " WHERE ", $which),
            concat!(
                "DELETE FROM ",
                $table,
                " WHERE (",
                $key,
                ") IN (SELECT ",
                $key,
                " FROM ",
                $table,
                " WHERE ",
                $which,
                " FOR UPDATE SKIP LOCKED)"
            ),
        )
    };
}
use delete_what_is_free;

#[cfg(test)]
mod tests;
