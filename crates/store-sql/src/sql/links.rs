//! One-time links.

use super::{delete_what_is_free, statements};

statements! {
    /// Makes those who have to do with set-up links follow each other: there is no row yet whose lock could. It happens
    /// once in a server's life. Links for a user or a session are under its lock.
    LOCK_ALL = "SELECT 1", postgres "LOCK TABLE links IN SHARE ROW EXCLUSIVE MODE";

    INSERT = "INSERT INTO links (digest, purpose, user_id, session_id, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)";

    FIND = "SELECT digest, purpose, user_id, session_id, created_at, expires_at FROM links
        WHERE digest = $1 AND expires_at > $2";

    DELETE = "DELETE FROM links WHERE digest = $1";

    DELETE_SET_UP = "DELETE FROM links WHERE purpose = 'set_up'";

    DELETE_OF_USER = "DELETE FROM links WHERE user_id = $1";

    DELETE_OF_SESSION = "DELETE FROM links WHERE session_id = $1";

    DELETE_ENDED => delete_what_is_free!("links", "digest", "expires_at <= $1");

    DELETE_ALL = "DELETE FROM links";
}
