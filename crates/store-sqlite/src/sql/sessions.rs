//! Signed-in sessions and replaced secrets.

use super::statements;
use super::users::user_columns;

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

    USER_OF = "SELECT user_id FROM sessions WHERE id = $1";

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
    TO_LOOK_AT = "SELECT id, expires_at, idle, last_seen_at FROM sessions
        WHERE look_at <= $1 ORDER BY look_at LIMIT $2";

    LOOK_LATER = "UPDATE sessions SET look_at = $1 WHERE id = $2";

    DELETE = "DELETE FROM sessions WHERE id = $1 RETURNING user_id";

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

    FORGET_REPLACED_BEFORE = "DELETE FROM replaced_secrets WHERE replaced_at < $1";

    FORGET_ALL_REPLACED = "DELETE FROM replaced_secrets";
}
