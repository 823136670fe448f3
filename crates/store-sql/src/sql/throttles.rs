//! Failures in a row, and known devices.

use super::{delete_what_is_free, statements};

statements! {
    FIND_DEVICE = "SELECT in_a_row, last_at FROM devices WHERE user_id = $1 AND device = $2";

    FIND_UNKNOWN = "SELECT in_a_row, last_at FROM failures WHERE user_id = $1";

    KNOW_DEVICE = "INSERT INTO devices (user_id, device, seen_at, in_a_row, last_at) VALUES ($1, $2, $3, 0, NULL)
        ON CONFLICT (user_id, device) DO UPDATE SET seen_at = excluded.seen_at";

    FORGET_OLDEST_DEVICES = "DELETE FROM devices WHERE user_id = $1 AND device NOT IN (
            SELECT device FROM devices WHERE user_id = $1 ORDER BY seen_at DESC, device LIMIT $2
        )";

    COUNT_OF_DEVICE = "UPDATE devices SET in_a_row = in_a_row + 1, last_at = $1 WHERE user_id = $2 AND device = $3
        RETURNING in_a_row, last_at";

    /// Nothing where the user is gone, or is being deleted: that is waited for. Begins anew where the last was at `$3` or
    /// before. PostgreSQL asks what type a parameter has that is only selected.
    COUNT_OF_UNKNOWN = "INSERT INTO failures (user_id, in_a_row, last_at)
        SELECT id, 1, $1 FROM users WHERE id = $2
        ON CONFLICT (user_id) DO UPDATE SET
            in_a_row = CASE WHEN failures.last_at <= $3 THEN 1 ELSE failures.in_a_row + 1 END,
            last_at = excluded.last_at
        RETURNING in_a_row, last_at",
        postgres "INSERT INTO failures (user_id, in_a_row, last_at)
        SELECT id, 1, CAST($1 AS BIGINT) FROM users WHERE id = $2 FOR KEY SHARE
        ON CONFLICT (user_id) DO UPDATE SET
            in_a_row = CASE WHEN failures.last_at <= $3 THEN 1 ELSE failures.in_a_row + 1 END,
            last_at = excluded.last_at
        RETURNING in_a_row, last_at";

    FORGET_OF_DEVICE = "UPDATE devices SET in_a_row = 0, last_at = NULL WHERE user_id = $1 AND device = $2";

    FORGET_OF_UNKNOWN = "DELETE FROM failures WHERE user_id = $1";

    FORGET_OF_ALL_DEVICES = "UPDATE devices SET in_a_row = 0, last_at = NULL WHERE user_id = $1";

    FIND_OF_NOBODY = "SELECT in_a_row, last_at FROM failures_of_nobody WHERE name = $1";

    /// What [`COUNT_OF_UNKNOWN`] does at a user.
    COUNT_OF_NOBODY = "INSERT INTO failures_of_nobody (name, in_a_row, last_at) VALUES ($1, 1, $2)
        ON CONFLICT (name) DO UPDATE SET
            in_a_row = CASE WHEN failures_of_nobody.last_at <= $3 THEN 1 ELSE failures_of_nobody.in_a_row + 1 END,
            last_at = excluded.last_at
        RETURNING in_a_row, last_at";

    EXPIRE_OF_NOBODY => delete_what_is_free!("failures_of_nobody", "name", "last_at <= $1");

    EXPIRE_DEVICES => delete_what_is_free!("devices", "user_id, device", "seen_at < $1");

    DELETE_DEVICES_OF_USER = "DELETE FROM devices WHERE user_id = $1";
}
