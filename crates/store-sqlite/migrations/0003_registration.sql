-- The right to register clients.

-- `uses_left` is never 0: a token that is used up is gone. Without it a token registers as many as there is room for.
CREATE TABLE initial_tokens (
    id BLOB NOT NULL PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    note TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    uses_left INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX initial_tokens_by_end ON initial_tokens (expires_at);
