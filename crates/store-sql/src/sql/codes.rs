//! Codes.

use super::{delete_in_order, delete_what_is_free, statements};

statements! {
    INSERT = "INSERT INTO codes (digest, client, user_id, session_id, request, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";

    FIND = "SELECT digest, client, user_id, session_id, request, created_at, expires_at, spent_by FROM codes
        WHERE digest = $1 AND expires_at > $2";

    /// Of two that hold the same code the second one waits, and sees it spent.
    FIND_TO_CHANGE = "SELECT digest, client, user_id, session_id, request, created_at, expires_at, spent_by FROM codes
        WHERE digest = $1 AND expires_at > $2", locking "FOR UPDATE";

    SPEND = "UPDATE codes SET spent_by = $1, expires_at = $2 WHERE digest = $3";

    /// Not the spent ones: a second use of them is to be seen.
    DELETE_FRESH_OF_SESSION => delete_in_order!("codes", "digest", "session_id = $1 AND spent_by IS NULL");

    DELETE_FRESH_OF_USER_AT => delete_in_order!(
        "codes", "digest", "user_id = $1 AND client = $2 AND spent_by IS NULL"
    );

    DELETE_OF_CLIENT => delete_in_order!("codes", "digest", "client = $1");

    DELETE_ENDED => delete_what_is_free!("codes", "digest", "expires_at <= $1");

    DELETE_ALL = "DELETE FROM codes";
}
