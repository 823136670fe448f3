//! Signed-in sessions and replaced secrets.

use super::users::user_columns;
use super::{delete_what_is_free, statements};

/// As [`crate::sessions::session`] reads them.
macro_rules! session_columns {
    () => {
        "s.id, s.user_id, s.client, s.carrier, s.device_name, s.device_address, s.authenticated_at, s.acr, s.amr, \
         s.created_at, s.expires_at, s.idle, s.last_seen_at, s.remembered"
    };
}

statements! {
    FIND_BY_SECRET = concat!(
        "SELECT ", session_columns!(), ", ", user_columns!(), ", s.secret",
        " FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.secret = $1"
    );

    FIND = concat!(
        "SELECT ", session_columns!(), ", ", user_columns!(), ", s.secret",
        " FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1"
    );

    /// With everything that gives it a new secret: who comes second remembers the secret that the first one gave. Its
    /// user is locked before ([`USER_AS_PARENT`]).
    FIND_TO_CHANGE = concat!(
        "SELECT ", session_columns!(), ", ", user_columns!(), ", s.secret",
        " FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1"
    ), locking "FOR UPDATE OF s";

    /// Its user stays as they are: the generation must be the one that a proof was checked against.
    USER_AS_PARENT = "SELECT u.id FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = $1",
        locking "FOR SHARE OF u";

    /// It may not end before what is about to hang from it does. Uses of it go on.
    USER_OF_AS_PARENT = "SELECT user_id FROM sessions WHERE id = $1", locking "FOR KEY SHARE";

    /// Who writes its data or uses its grant goes one after the other.
    USER_OF_TO_CHANGE = "SELECT user_id FROM sessions WHERE id = $1", locking "FOR NO KEY UPDATE";

    /// Of two sign-ins in one browser one goes on from it.
    USER_OF_TO_END = "SELECT user_id FROM sessions WHERE id = $1", locking "FOR UPDATE";

    SECRET_OF = "SELECT secret FROM sessions WHERE id = $1";

    LIST_OF_USER = concat!(
        "SELECT ", session_columns!(), " FROM sessions s WHERE s.user_id = $1 ORDER BY s.last_seen_at DESC, s.id DESC"
    );

    IDS_OF_USER = "SELECT id FROM sessions WHERE user_id = $1 ORDER BY id";

    LIST_ALL = concat!("SELECT ", session_columns!(), " FROM sessions s WHERE s.id > $1 ORDER BY s.id LIMIT $2");

    INSERT = "INSERT INTO sessions (
            id, user_id, secret, client, carrier, device_name, device_address, authenticated_at, acr, amr, created_at,
            expires_at, idle, last_seen_at, remembered, look_at
        ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";

    SET_SECRET = "UPDATE sessions SET secret = $1 WHERE id = $2";

    SET_AUTHENTICATION = "UPDATE sessions SET authenticated_at = $1, acr = $2, amr = $3 WHERE id = $4";

    TOUCH = "UPDATE sessions SET last_seen_at = $1 WHERE id = $2 AND last_seen_at < $1";

    /// Those that the sweep has to look at: some of them were used since, and are only moved on.
    /// Each node that sweeps gets others.
    TO_LOOK_AT = "SELECT id, expires_at, idle, last_seen_at FROM sessions
        WHERE look_at <= $1 ORDER BY look_at LIMIT $2", locking "FOR UPDATE SKIP LOCKED";

    LOOK_LATER = "UPDATE sessions SET look_at = $1 WHERE id = $2";

    DELETE = "DELETE FROM sessions WHERE id = $1 RETURNING user_id";

    /// Nothing begins between the list of all that there is and its deletion: it would go without a row in the log, and
    /// live on in memory. Who writes waits until the end, and finds nothing. In the order in which acts come by them.
    LOCK_EVERYBODYS = "SELECT 1", postgres "LOCK TABLE users, guests, sessions, clients, replaced_secrets, documents,
        pushed_requests, codes, device_requests, links, grants IN EXCLUSIVE MODE";

    DELETE_ALL = "DELETE FROM sessions";

    ALL_IDS = "SELECT id, user_id FROM sessions ORDER BY id";

    REMEMBER_REPLACED = "INSERT INTO replaced_secrets (secret, was_guest, session_id, successor, replaced_at)
        VALUES ($1, $2, $3, $4, $5)";

    FIND_REPLACED = "SELECT session_id, successor, replaced_at FROM replaced_secrets
        WHERE secret = $1 AND was_guest = $2 AND replaced_at >= $3";

    /// Who goes on from a session that is gone, the latest first.
    SUCCESSOR_OF = "SELECT successor FROM replaced_secrets
        WHERE session_id = $1 AND replaced_at >= $2 ORDER BY replaced_at DESC LIMIT 1";

    /// Secrets that named `$2` name `$1` from now on.
    HAND_OVER_REPLACED = "UPDATE replaced_secrets SET successor = $1 WHERE successor = $2";

    FORGET_REPLACED_BY = "DELETE FROM replaced_secrets WHERE successor = $1";

    FORGET_REPLACED_BEFORE => delete_what_is_free!("replaced_secrets", "secret", "replaced_at < $1");

    FORGET_ALL_REPLACED = "DELETE FROM replaced_secrets";
}
