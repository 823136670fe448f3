//! The token status list. `only` is a word of PostgreSQL's.

use super::{delete_what_is_free, statements};

statements! {
    TAKE = "UPDATE status_counter SET next = next + 1 WHERE only = 1 RETURNING next - 1",
        postgres "UPDATE status_counter SET next = next + 1 WHERE \"only\" = 1 RETURNING next - 1";

    FIND_LISTS = "SELECT s.series, c.next FROM status_series s
        JOIN status_counter c ON c.only = s.only WHERE s.only = 1",
        postgres "SELECT s.series, c.next FROM status_series s
        JOIN status_counter c ON c.\"only\" = s.\"only\" WHERE s.\"only\" = 1";

    BEGIN_SERIES = "UPDATE status_series SET series = $1 WHERE only = 1",
        postgres "UPDATE status_series SET series = $1 WHERE \"only\" = 1";

    PUT = "INSERT INTO statuses (place, live, until) VALUES ($1, $2, $3)";

    LIST_ENDED = "SELECT place FROM statuses
        WHERE live IS NULL AND place >= $1 AND place < $2 AND until > $3 ORDER BY place";

    DELETE_ENDED => delete_what_is_free!("statuses", "place", "until <= $1");
}
