//! Devices that wait for a person.

use super::{delete_in_order, delete_what_is_free, statements};

/// As [`crate::device_requests`] reads them.
macro_rules! device_request_columns {
    () => {
        "digest, user_code, client, request, address, created_at, expires_at, answer, user_id, session_id, \
         poll_interval, polled_at"
    };
}

statements! {
    /// Exactly one of those that drew the same code.
    INSERT = concat!(
        "INSERT INTO device_requests (", device_request_columns!(), ")
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (user_code) DO NOTHING"
    );

    FIND = concat!(
        "SELECT ", device_request_columns!(), " FROM device_requests WHERE digest = $1 AND expires_at > $2"
    );

    /// To be told how it stands, which is written down, or to be redeemed: the second one that asks waits.
    FIND_TO_CHANGE = concat!(
        "SELECT ", device_request_columns!(), " FROM device_requests WHERE digest = $1 AND expires_at > $2"
    ), locking "FOR UPDATE";

    FIND_BY_USER_CODE = concat!(
        "SELECT ", device_request_columns!(), " FROM device_requests WHERE user_code = $1 AND expires_at > $2"
    );

    /// Of two that answer the second one waits, and sees the answer.
    FIND_BY_USER_CODE_TO_CHANGE = concat!(
        "SELECT ", device_request_columns!(), " FROM device_requests WHERE user_code = $1 AND expires_at > $2"
    ), locking "FOR UPDATE";

    ANSWER = "UPDATE device_requests SET answer = $1, user_id = $2, session_id = $3 WHERE user_code = $4";

    NOTE_POLL = "UPDATE device_requests SET poll_interval = $1, polled_at = $2 WHERE digest = $3";

    DELETE = "DELETE FROM device_requests WHERE digest = $1";

    /// Those that were allowed in it.
    DELETE_OF_SESSION => delete_in_order!("device_requests", "digest", "session_id = $1");

    DELETE_OF_USER_AT => delete_in_order!("device_requests", "digest", "user_id = $1 AND client = $2");

    DELETE_OF_CLIENT => delete_in_order!("device_requests", "digest", "client = $1");

    DELETE_ENDED => delete_what_is_free!("device_requests", "digest", "expires_at <= $1");

    DELETE_ALL = "DELETE FROM device_requests";
}
