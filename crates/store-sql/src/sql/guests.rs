//! Sessions without a user.

use super::statements;

/// As [`crate::guests`] reads them.
macro_rules! guest_columns {
    () => {
        "g.id, g.client, g.carrier, g.device_name, g.device_address, g.created_at, g.expires_at, g.idle, \
         g.last_seen_at, g.remembered"
    };
}

statements! {
    FIND_BY_SECRET = concat!("SELECT ", guest_columns!(), " FROM guests g WHERE g.secret = $1");

    FIND = concat!("SELECT ", guest_columns!(), " FROM guests g WHERE g.id = $1");

    /// It may not end before what is about to hang from it does.
    IS_THERE_AS_PARENT = "SELECT 1 FROM guests WHERE id = $1", locking "FOR KEY SHARE";

    /// Who writes its data or uses its grant goes one after the other.
    IS_THERE_TO_CHANGE = "SELECT 1 FROM guests WHERE id = $1", locking "FOR NO KEY UPDATE";

    /// Of two sign-ins in one browser one goes on from it.
    IS_THERE_TO_END = "SELECT 1 FROM guests WHERE id = $1", locking "FOR UPDATE";

    SECRET_OF = "SELECT secret FROM guests WHERE id = $1";

    INSERT = "INSERT INTO guests (
            id, secret, client, carrier, device_name, device_address, created_at, expires_at, idle, last_seen_at,
            remembered, look_at
        ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

    TOUCH = "UPDATE guests SET last_seen_at = $1 WHERE id = $2 AND last_seen_at < $1";

    /// Each node that sweeps gets others.
    TO_LOOK_AT = "SELECT id, expires_at, idle, last_seen_at FROM guests WHERE look_at <= $1 ORDER BY look_at LIMIT $2",
        locking "FOR UPDATE SKIP LOCKED";

    LOOK_LATER = "UPDATE guests SET look_at = $1 WHERE id = $2";

    DELETE = "DELETE FROM guests WHERE id = $1";

    DELETE_ALL = "DELETE FROM guests";

    ALL_IDS = "SELECT id FROM guests ORDER BY id";
}
