//! Events.

use super::statements;

statements! {
    RECORD = "INSERT INTO events (at, user_id, event) VALUES ($1, $2, $3)";

    LIST = "SELECT seq, event FROM events WHERE seq < $1 ORDER BY seq DESC LIMIT $2";

    LIST_OF_USER = "SELECT seq, event FROM events WHERE user_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3";

    /// Passes over what another node is forgetting.
    PRUNE = "DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE at < $1 ORDER BY at LIMIT $2)",
        postgres "DELETE FROM events WHERE seq IN (
            SELECT seq FROM events WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED
        )";
}
