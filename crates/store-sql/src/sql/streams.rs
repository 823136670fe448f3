//! Streams of signals.

use super::{delete_in_order, statements};

macro_rules! claim {
    ($locking:literal) => {
        concat!(
            "UPDATE streams SET try_at = $1 WHERE id IN (
            SELECT id FROM streams WHERE pushed = 1 AND try_at <= $2
                AND EXISTS (SELECT 1 FROM signals WHERE signals.stream_id = streams.id)
            ORDER BY try_at LIMIT $3",
            $locking,
            " ) RETURNING stream, failures"
        )
    };
}

statements! {
    FIND_OF_CLIENT = "SELECT stream FROM streams WHERE client = $1";

    FIND_TO_CHANGE = "SELECT stream FROM streams WHERE id = $1", locking "FOR UPDATE";

    IS_THERE_AS_PARENT = "SELECT 1 FROM streams WHERE id = $1", locking "FOR KEY SHARE";

    /// With how many signals wait, and since when.
    LIST = "SELECT stream, failures,
            (SELECT COUNT(*) FROM signals WHERE signals.stream_id = streams.id),
            (SELECT signals.at FROM signals WHERE signals.stream_id = streams.id ORDER BY seq, part, nonce LIMIT 1)
        FROM streams ORDER BY id";

    INSERT = "INSERT INTO streams (id, client, stream, takes, pushed, failures, try_at)
        VALUES ($1, $2, $3, $4, $5, 0, $6) ON CONFLICT DO NOTHING";

    REPLACE = "UPDATE streams SET stream = $1, takes = $2, pushed = $3, failures = 0, try_at = $4 WHERE id = $5";

    DELETE = "DELETE FROM streams WHERE id = $1 AND client = $2";

    /// Of a client that goes.
    DELETE_OF_CLIENT = "DELETE FROM streams WHERE client = $1 RETURNING id";

    /// Exactly one of those that ask gets each: who asks at the same time gets others.
    CLAIM = claim!(""), postgres claim!(" FOR UPDATE SKIP LOCKED");

    IS_CLAIMED = "SELECT 1 FROM streams WHERE id = $1 AND try_at = $2";

    RELEASE = "UPDATE streams SET failures = $1, try_at = $2 WHERE id = $3 AND try_at = $4";

    /// Puts a signal about a user into every stream that takes it. It comes after the log's counter was taken: every stream
    /// that was there before is seen.
    TELL_ALL = "INSERT INTO signals (stream_id, seq, part, nonce, at, signal)
        SELECT id, CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS BIGINT), CAST($5 AS TEXT)
        FROM streams WHERE (takes & CAST($6 AS BIGINT)) <> 0 AND NOT EXISTS (
            SELECT 1 FROM left_out WHERE left_out.stream_id = streams.id AND left_out.user_id = $7
        )";

    /// Puts one about a stream itself behind the last number of the log that was given.
    TELL_ONE = "INSERT INTO signals (stream_id, seq, part, nonce, at, signal)
        SELECT CAST($1 AS BLOB), seq, CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS BIGINT), CAST($5 AS TEXT)
        FROM log_counter",
        postgres "INSERT INTO signals (stream_id, seq, part, nonce, at, signal)
        SELECT CAST($1 AS BYTEA), seq, CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS BIGINT), CAST($5 AS TEXT)
        FROM log_counter";

    COUNT_BESIDES = "SELECT COUNT(*) FROM signals WHERE stream_id = $1 AND part = $2";

    LIST_SIGNALS = "SELECT seq, part, nonce, at, signal FROM signals WHERE stream_id = $1
        ORDER BY seq, part, nonce LIMIT $2";

    FORGET_SIGNAL = "DELETE FROM signals WHERE stream_id = $1 AND seq = $2 AND part = $3 AND nonce = $4";

    DELETE_SIGNALS => delete_in_order!("signals", "stream_id, seq, part, nonce", "stream_id = $1");

    COUNT_LEFT_OUT = "SELECT COUNT(*) FROM left_out WHERE stream_id = $1 AND user_id <> $2";

    LEAVE_OUT = "INSERT INTO left_out (stream_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";

    TAKE_IN = "DELETE FROM left_out WHERE stream_id = $1 AND user_id = $2";

    DELETE_LEFT_OUT => delete_in_order!("left_out", "stream_id, user_id", "stream_id = $1");

    TAKE_IN_EVERYWHERE => delete_in_order!("left_out", "stream_id, user_id", "user_id = $1");
}
