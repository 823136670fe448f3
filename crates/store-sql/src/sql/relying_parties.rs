//! Clients that must be told that a session has ended.

use super::{delete_in_order, statements};

macro_rules! claim {
    ($locking:literal) => {
        concat!(
            "UPDATE relying_parties SET try_at = $1 WHERE (session_id, client) IN (
            SELECT session_id, client FROM relying_parties WHERE live IS NULL AND try_at <= $2 ORDER BY try_at LIMIT $3",
            $locking,
            " ) RETURNING session_id, client, subject, failures, try_at"
        )
    };
}

statements! {
    /// Of a session that is there.
    NOTE = "INSERT INTO relying_parties (session_id, client, live, subject, failures, try_at)
        VALUES ($1, $2, $1, $3, $4, $5)
        ON CONFLICT (session_id, client)
        DO UPDATE SET subject = excluded.subject, failures = excluded.failures, try_at = excluded.try_at";

    LIST_OF_SESSION = "SELECT session_id, client, subject, failures, try_at FROM relying_parties
        WHERE session_id = $1 ORDER BY client";

    /// Exactly one of those that ask gets each: who asks at the same time gets others.
    CLAIM = claim!(""), postgres claim!(" FOR UPDATE SKIP LOCKED");

    FORGET = "DELETE FROM relying_parties WHERE session_id = $1 AND client = $2";

    PUT_OFF = "UPDATE relying_parties SET failures = failures + 1, try_at = $1 WHERE session_id = $2 AND client = $3";

    DELETE_OF_CLIENT => delete_in_order!("relying_parties", "session_id, client", "client = $1");
}
