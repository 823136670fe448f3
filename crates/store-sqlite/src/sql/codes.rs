//! Codes.

use super::statements;

statements! {
    INSERT = "INSERT INTO codes (digest, client, user_id, session_id, request, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";

    FIND = "SELECT digest, client, user_id, session_id, request, created_at, expires_at, spent_by FROM codes
        WHERE digest = $1 AND expires_at > $2";

    SPEND = "UPDATE codes SET spent_by = $1, expires_at = $2 WHERE digest = $3";

    /// Not the spent ones: a second use of them is to be seen.
    DELETE_FRESH_OF_SESSION = "DELETE FROM codes WHERE session_id = $1 AND spent_by IS NULL";

    DELETE_FRESH_OF_USER_AT = "DELETE FROM codes WHERE user_id = $1 AND client = $2 AND spent_by IS NULL";

    DELETE_OF_CLIENT = "DELETE FROM codes WHERE client = $1";

    DELETE_ENDED = "DELETE FROM codes WHERE expires_at <= $1";

    DELETE_ALL = "DELETE FROM codes";
}
