//! Initial access tokens.

use super::{delete_what_is_free, statements};

statements! {
    INSERT = "INSERT INTO initial_tokens (id, digest, note, created_at, expires_at, uses_left)
        VALUES ($1, $2, $3, $4, $5, $6)";

    LIST = "SELECT id, digest, note, created_at, expires_at, uses_left FROM initial_tokens
        WHERE expires_at > $1 ORDER BY id";

    /// Asked by who spends one use of it: the second one waits, and may find it used up.
    WORKS_TO_CHANGE = "SELECT 1 FROM initial_tokens WHERE digest = $1 AND expires_at > $2", locking "FOR UPDATE";

    /// The last use.
    DELETE_USED_UP = "DELETE FROM initial_tokens WHERE digest = $1 AND uses_left = 1";

    SPEND = "UPDATE initial_tokens SET uses_left = uses_left - 1 WHERE digest = $1";

    DELETE = "DELETE FROM initial_tokens WHERE id = $1";

    DELETE_ENDED => delete_what_is_free!("initial_tokens", "id", "expires_at <= $1");

    DELETE_ALL = "DELETE FROM initial_tokens";
}
