//! Every statement, as constant text: no statement is ever put together while the program runs.
//!
//! They are written in what SQLite and PostgreSQL share (`$1`, `ON CONFLICT`, `RETURNING`), so that they can stand
//! once for both; what only SQLite understands is in [`sqlite`]. SQLite numbers `$1` by where it first stands, not
//! by its name, so parameters first stand in their order; a test holds that.

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
pub(crate) mod sqlite;
pub(crate) mod statuses;
pub(crate) mod throttles;
pub(crate) mod users;

/// A statement that stands in this module. The driver takes nothing else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sql(&'static str);

impl Sql {
    /// The text, for the driver.
    pub(crate) const fn text(self) -> &'static str {
        self.0
    }
}

/// Names statements, and lists them for the tests.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        $($(#[$doc])* pub(crate) const $name: $crate::sql::Sql = $crate::sql::Sql($text);)*

        /// Every statement of this module, with its name.
        #[cfg(test)]
        pub(super) const ALL: &[(&str, $crate::sql::Sql)] = &[$((stringify!($name), $name)),*];
    };
}
use statements;

#[cfg(test)]
mod tests;
