-- The right to register clients.

-- `uses_left` is never 0: a token that is used up is gone. Without it a token registers as many as there is room for.
CREATE TABLE initial_tokens (
    id BYTEA NOT NULL PRIMARY KEY,
    digest BYTEA NOT NULL UNIQUE,
    note TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    uses_left BIGINT
);

CREATE INDEX initial_tokens_by_end ON initial_tokens (expires_at);
