//! Marks of what was used.

use super::{delete_what_is_free, statements};

statements! {
    /// Nothing where the mark lasts beyond `$3`.
    LEAVE = "INSERT INTO marks (mark, until) VALUES ($1, $2)
        ON CONFLICT (mark) DO UPDATE SET until = excluded.until WHERE marks.until <= $3";

    IS_LEFT = "SELECT 1 FROM marks WHERE mark = $1 AND until > $2";

    DELETE_ENDED => delete_what_is_free!("marks", "mark", "until <= $1");
}
