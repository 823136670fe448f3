//! Grants.

use super::{delete_in_order, statements};

/// As [`crate::grants`] reads them.
macro_rules! grant_columns {
    () => {
        "g.id, g.user_id, g.session_id, g.client, g.scope, g.audience, g.created_at, g.expires_at, g.idle, \
         g.last_used_at, g.data_key, g.counter, g.rotations, g.bound, g.details"
    };
}

statements! {
    FIND = concat!("SELECT ", grant_columns!(), " FROM grants g WHERE g.id = $1");

    LIST_OF_SESSION = concat!("SELECT ", grant_columns!(), " FROM grants g WHERE g.session_id = $1 ORDER BY g.id");

    LIST_OF_USER = concat!("SELECT ", grant_columns!(), " FROM grants g WHERE g.user_id = $1 ORDER BY g.id");

    LIST_OF_USER_AT = concat!(
        "SELECT ", grant_columns!(), " FROM grants g WHERE g.user_id = $1 AND g.client = $2 ORDER BY g.id"
    );

    INSERT = "INSERT INTO grants (
            id, user_id, session_id, client, scope, audience, created_at, expires_at, idle, last_used_at, data_key,
            counter, rotations, bound, details, look_at
        ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";

    /// What it hangs from, which never changes: known first, so that it can be locked before the grant is.
    PARENTS_OF = "SELECT user_id, session_id FROM grants WHERE id = $1";

    /// Exactly one of those that saw the same counter: the second one waits for the first, and finds another counter.
    ROTATE = "UPDATE grants SET
            counter = $1,
            rotations = $2,
            last_used_at = CASE WHEN last_used_at < $3 THEN $3 ELSE last_used_at END
        WHERE id = $4 AND counter = $5
        RETURNING session_id";

    /// Each node that sweeps gets others.
    TO_LOOK_AT = "SELECT id, expires_at, idle, last_used_at FROM grants
        WHERE look_at <= $1 ORDER BY look_at LIMIT $2", locking "FOR UPDATE SKIP LOCKED";

    LOOK_LATER = "UPDATE grants SET look_at = $1 WHERE id = $2";

    DELETE = "DELETE FROM grants WHERE id = $1 RETURNING id, user_id, session_id";

    DELETE_OF_SESSION => delete_in_order!("grants", "id", "session_id = $1", "id, user_id, session_id");

    /// The user's own: those that hang from no session.
    DELETE_OWN_OF_USER => delete_in_order!(
        "grants", "id", "user_id = $1 AND session_id IS NULL", "id, user_id, session_id"
    );

    DELETE_OF_USER_AT => delete_in_order!(
        "grants", "id", "user_id = $1 AND client = $2", "id, user_id, session_id"
    );

    DELETE_OF_CLIENT => delete_in_order!("grants", "id", "client = $1", "id, user_id, session_id");

    DELETE_ALL = "DELETE FROM grants RETURNING id, user_id, session_id";
}
