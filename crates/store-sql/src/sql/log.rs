//! The revocation log and its counter. `only` is a word of PostgreSQL's.

use super::statements;

macro_rules! prune {
    ($locking:literal) => {
        concat!(
            "DELETE FROM log WHERE seq IN (
        SELECT seq FROM log WHERE until <= $1 AND seq < (SELECT MAX(seq) FROM log) ORDER BY until LIMIT $2",
            $locking,
            " ) RETURNING seq"
        )
    };
}

statements! {
    /// The act's last statement before its rows: who holds the counter is the next to commit. Takes how many
    /// numbers; answers the last of them, and how many streams there are to be told.
    COUNT_ON = "UPDATE log_counter SET seq = seq + $1 WHERE only = 1 RETURNING seq, streams",
        postgres "UPDATE log_counter SET seq = seq + $1 WHERE \"only\" = 1 RETURNING seq, streams";

    /// By who made or removed one, and holds the counter.
    COUNT_STREAMS = "UPDATE log_counter SET streams = (SELECT COUNT(*) FROM streams) WHERE only = 1",
        postgres "UPDATE log_counter SET streams = (SELECT COUNT(*) FROM streams) WHERE \"only\" = 1";

    APPEND = "INSERT INTO log (seq, nonce, at, kind, subject, change, until) VALUES ($1, $2, $3, $4, $5, $6, $7)";

    /// From a place on, its own row first.
    READ = "SELECT seq, nonce, at, kind, subject, change, until FROM log WHERE seq >= $1 ORDER BY seq LIMIT $2";

    STILL_CONCERNS = "SELECT seq, nonce, at, kind, subject, change, until FROM log WHERE until > $1 ORDER BY seq";

    LAST = "SELECT seq, nonce FROM log ORDER BY seq DESC LIMIT 1";

    FORGOTTEN = "SELECT forgotten FROM log_counter WHERE only = 1",
        postgres "SELECT forgotten FROM log_counter WHERE \"only\" = 1";

    /// At most `$2` rows that concern nothing any more, never the last one. Passes over what another node is forgetting.
    PRUNE = prune!(""), postgres prune!(" FOR UPDATE SKIP LOCKED");

    FORGET_TO = "UPDATE log_counter SET forgotten = $1 WHERE only = 1 AND forgotten < $1",
        postgres "UPDATE log_counter SET forgotten = $1 WHERE \"only\" = 1 AND forgotten < $1";

    /// Tells this log from the one that it was before.
    MARK_ALL = "UPDATE log SET nonce = $1";
}
