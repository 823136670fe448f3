-- What lies between a client's question and its tokens.
--
-- A program of version 1 may still be at work beside this schema and knows nothing of these tables. What must go with
-- a user, a session or a grant therefore goes by itself, or is found to hang from nothing.

ALTER TABLE grants ADD COLUMN details TEXT COLLATE "C" NOT NULL DEFAULT '{}';

CREATE TABLE pushed_requests (
    digest BYTEA NOT NULL PRIMARY KEY,
    client TEXT COLLATE "C" NOT NULL,
    request TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX pushed_requests_of_client ON pushed_requests (client);
CREATE INDEX pushed_requests_by_end ON pushed_requests (expires_at);

-- A spent code names what came of it, and is forgotten later than it would have expired.
CREATE TABLE codes (
    digest BYTEA NOT NULL PRIMARY KEY,
    client TEXT COLLATE "C" NOT NULL,
    user_id BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    session_id BYTEA NOT NULL,
    request TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    spent_by BYTEA
);

CREATE INDEX codes_of_user ON codes (user_id);
CREATE INDEX codes_of_session ON codes (session_id) WHERE spent_by IS NULL;
CREATE INDEX codes_of_client ON codes (client);
CREATE INDEX codes_by_end ON codes (expires_at);

-- `answer` is `pending`, `allowed` (then with whom and where) or `denied`.
CREATE TABLE device_requests (
    digest BYTEA NOT NULL PRIMARY KEY,
    user_code BYTEA NOT NULL UNIQUE,
    client TEXT COLLATE "C" NOT NULL,
    request TEXT COLLATE "C" NOT NULL,
    address TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    answer TEXT COLLATE "C" NOT NULL,
    user_id BYTEA REFERENCES users (id) ON DELETE CASCADE,
    session_id BYTEA,
    poll_interval BIGINT NOT NULL,
    polled_at BIGINT
) WITH (fillfactor = 85);

CREATE INDEX device_requests_of_user ON device_requests (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX device_requests_of_session ON device_requests (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX device_requests_of_client ON device_requests (client);
CREATE INDEX device_requests_by_end ON device_requests (expires_at);

CREATE TABLE consents (
    user_id BYTEA NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    claims TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (user_id, client)
);

CREATE INDEX consents_of_client ON consents (client);

-- `live` is the session while it is there. Without it the client is to be told.
CREATE TABLE relying_parties (
    session_id BYTEA NOT NULL,
    client TEXT COLLATE "C" NOT NULL,
    live BYTEA REFERENCES sessions (id) ON DELETE SET NULL,
    subject TEXT COLLATE "C" NOT NULL,
    failures BIGINT NOT NULL,
    try_at BIGINT NOT NULL,
    PRIMARY KEY (session_id, client)
) WITH (fillfactor = 85);

CREATE INDEX relying_parties_live ON relying_parties (live) WHERE live IS NOT NULL;
CREATE INDEX relying_parties_of_client ON relying_parties (client);
CREATE INDEX relying_parties_to_tell ON relying_parties (try_at) WHERE live IS NULL;

-- What may happen once only.
CREATE TABLE marks (
    mark BYTEA NOT NULL PRIMARY KEY,
    until BIGINT NOT NULL
);

CREATE INDEX marks_by_end ON marks (until);

-- Places in the token status list. `live` is the grant while it is there; a place without it says ended.
CREATE TABLE statuses (
    place BIGINT NOT NULL PRIMARY KEY,
    live BYTEA REFERENCES grants (id) ON DELETE SET NULL,
    until BIGINT NOT NULL
);

CREATE INDEX statuses_live ON statuses (live) WHERE live IS NOT NULL;
CREATE INDEX statuses_ended ON statuses (place) WHERE live IS NULL;
CREATE INDEX statuses_by_end ON statuses (until);

-- One row: the next place.
CREATE TABLE status_counter (
    "only" BIGINT NOT NULL PRIMARY KEY CHECK ("only" = 1),
    next BIGINT NOT NULL
) WITH (fillfactor = 10);

INSERT INTO status_counter ("only", next) VALUES (1, 0);
