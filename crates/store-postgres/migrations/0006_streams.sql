-- Streams of signals: how a client that asked for it is told what happens to users.

-- `stream` says everything; `takes`, the kinds of signal that are put into it, and `pushed` are what statements look at.
CREATE TABLE streams (
    id BYTEA NOT NULL PRIMARY KEY,
    client TEXT COLLATE "C" NOT NULL UNIQUE,
    stream TEXT COLLATE "C" NOT NULL,
    takes BIGINT NOT NULL,
    pushed BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    try_at BIGINT NOT NULL
);

CREATE INDEX streams_to_push ON streams (try_at) WHERE pushed = 1;

-- What waits in each stream. It goes with the stream by a statement of its own, so that who puts something into a stream
-- locks nothing of it.
CREATE TABLE signals (
    stream_id BYTEA NOT NULL,
    seq BIGINT NOT NULL,
    part BIGINT NOT NULL,
    nonce BIGINT NOT NULL,
    at BIGINT NOT NULL,
    signal TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (stream_id, seq, part, nonce)
);

-- Users of whom a stream tells nothing.
CREATE TABLE left_out (
    stream_id BYTEA NOT NULL,
    user_id BYTEA NOT NULL,
    PRIMARY KEY (stream_id, user_id)
);

CREATE INDEX left_out_of_user ON left_out (user_id);

-- How many streams there are. Whoever appends to the log learns of it with the numbers, under the one lock by which
-- appends and the making of streams follow each other: without streams it costs nothing.
ALTER TABLE log_counter ADD COLUMN streams BIGINT NOT NULL DEFAULT 0;
