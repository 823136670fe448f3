//! Initial access tokens.

use super::statements;

statements! {
    INSERT = "INSERT INTO initial_tokens (id, digest, note, created_at, expires_at, uses_left)
        VALUES ($1, $2, $3, $4, $5, $6)";

    LIST = "SELECT id, digest, note, created_at, expires_at, uses_left FROM initial_tokens
        WHERE expires_at > $1 ORDER BY id";

    WORKS = "SELECT 1 FROM initial_tokens WHERE digest = $1 AND expires_at > $2";

    /// The last use.
    DELETE_USED_UP = "DELETE FROM initial_tokens WHERE digest = $1 AND uses_left = 1";

    SPEND = "UPDATE initial_tokens SET uses_left = uses_left - 1 WHERE digest = $1";

    DELETE = "DELETE FROM initial_tokens WHERE id = $1";

    DELETE_ENDED = "DELETE FROM initial_tokens WHERE expires_at <= $1";

    DELETE_ALL = "DELETE FROM initial_tokens";
}
