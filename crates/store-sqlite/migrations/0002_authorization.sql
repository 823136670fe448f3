-- What lies between a client's question and its tokens.
--
-- A program of version 1 may still be at work beside this schema and knows nothing of these tables. What must go with
-- a user, a session or a grant therefore goes by itself, or is found to hang from nothing.

ALTER TABLE grants ADD COLUMN details TEXT NOT NULL DEFAULT '{}';

CREATE TABLE pushed_requests (
    digest BLOB NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    request TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX pushed_requests_of_client ON pushed_requests (client);
CREATE INDEX pushed_requests_by_end ON pushed_requests (expires_at);

-- A spent code names what came of it, and is forgotten later than it would have expired.
CREATE TABLE codes (
    digest BLOB NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    session_id BLOB NOT NULL,
    request TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    spent_by BLOB
) STRICT, WITHOUT ROWID;

CREATE INDEX codes_of_user ON codes (user_id);
CREATE INDEX codes_of_session ON codes (session_id) WHERE spent_by IS NULL;
CREATE INDEX codes_of_client ON codes (client);
CREATE INDEX codes_by_end ON codes (expires_at);

-- `answer` is `pending`, `allowed` (then with whom and where) or `denied`.
CREATE TABLE device_requests (
    digest BLOB NOT NULL PRIMARY KEY,
    user_code BLOB NOT NULL UNIQUE,
    client TEXT NOT NULL,
    request TEXT NOT NULL,
    address TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    answer TEXT NOT NULL,
    user_id BLOB REFERENCES users (id) ON DELETE CASCADE,
    session_id BLOB,
    poll_interval INTEGER NOT NULL,
    polled_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX device_requests_of_user ON device_requests (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX device_requests_of_session ON device_requests (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX device_requests_of_client ON device_requests (client);
CREATE INDEX device_requests_by_end ON device_requests (expires_at);

CREATE TABLE consents (
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client TEXT NOT NULL,
    scope TEXT NOT NULL,
    claims TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (user_id, client)
) STRICT, WITHOUT ROWID;

CREATE INDEX consents_of_client ON consents (client);

-- `live` is the session while it is there. Without it the client is to be told.
CREATE TABLE relying_parties (
    session_id BLOB NOT NULL,
    client TEXT NOT NULL,
    live BLOB REFERENCES sessions (id) ON DELETE SET NULL,
    subject TEXT NOT NULL,
    failures INTEGER NOT NULL,
    try_at INTEGER NOT NULL,
    PRIMARY KEY (session_id, client)
) STRICT, WITHOUT ROWID;

CREATE INDEX relying_parties_live ON relying_parties (live) WHERE live IS NOT NULL;
CREATE INDEX relying_parties_of_client ON relying_parties (client);
CREATE INDEX relying_parties_to_tell ON relying_parties (try_at) WHERE live IS NULL;

-- What may happen once only.
CREATE TABLE marks (
    mark BLOB NOT NULL PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX marks_by_end ON marks (until);

-- Places in the token status list. `live` is the grant while it is there; a place without it says ended.
CREATE TABLE statuses (
    place INTEGER NOT NULL PRIMARY KEY,
    live BLOB REFERENCES grants (id) ON DELETE SET NULL,
    until INTEGER NOT NULL
) STRICT;

CREATE INDEX statuses_live ON statuses (live) WHERE live IS NOT NULL;
CREATE INDEX statuses_ended ON statuses (place) WHERE live IS NULL;
CREATE INDEX statuses_by_end ON statuses (until);

-- One row: the next place.
CREATE TABLE status_counter (
    only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    next INTEGER NOT NULL
) STRICT;

INSERT INTO status_counter (only, next) VALUES (1, 0);
