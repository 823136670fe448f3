//! The token status list.

use super::statements;

statements! {
    TAKE = "UPDATE status_counter SET next = next + 1 WHERE only = 1 RETURNING next - 1";

    FIND_LISTS = "SELECT s.series, c.next FROM status_series s
        JOIN status_counter c ON c.only = s.only WHERE s.only = 1";

    BEGIN_SERIES = "UPDATE status_series SET series = $1 WHERE only = 1";

    PUT = "INSERT INTO statuses (place, live, until) VALUES ($1, $2, $3)";

    LIST_ENDED = "SELECT place FROM statuses
        WHERE live IS NULL AND place >= $1 AND place < $2 AND until > $3 ORDER BY place";

    DELETE_ENDED = "DELETE FROM statuses WHERE until <= $1";
}
