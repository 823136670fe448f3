//! One-time links.

use super::statements;

statements! {
    INSERT = "INSERT INTO links (digest, purpose, user_id, session_id, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)";

    FIND = "SELECT digest, purpose, user_id, session_id, created_at, expires_at FROM links
        WHERE digest = $1 AND expires_at > $2";

    DELETE = "DELETE FROM links WHERE digest = $1";

    DELETE_SET_UP = "DELETE FROM links WHERE purpose = 'set_up'";

    DELETE_OF_USER = "DELETE FROM links WHERE user_id = $1";

    DELETE_OF_SESSION = "DELETE FROM links WHERE session_id = $1";

    DELETE_ENDED = "DELETE FROM links WHERE expires_at <= $1";

    DELETE_ALL = "DELETE FROM links";
}
