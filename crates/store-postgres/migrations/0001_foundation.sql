-- Ids are 16 bytes and digests 32, times are milliseconds since 1970, spans are milliseconds, lists are JSON.
--
-- `look_at` says when the sweep looks at a row again. It is set when the row is made and moved on by the sweep
-- alone, so that a use of the row writes no index.

CREATE TABLE users (
    id BYTEA NOT NULL PRIMARY KEY,
    email TEXT COLLATE "C" NOT NULL,
    email_lookup TEXT COLLATE "C" NOT NULL UNIQUE,
    username TEXT COLLATE "C",
    username_lookup TEXT COLLATE "C" UNIQUE,
    roles TEXT COLLATE "C" NOT NULL,
    is_admin BIGINT NOT NULL,
    disabled_at BIGINT,
    generation BIGINT NOT NULL,
    password TEXT COLLATE "C",
    created_at BIGINT NOT NULL
);

CREATE INDEX users_admins ON users (is_admin) WHERE is_admin = 1;

CREATE TABLE sessions (
    id BYTEA NOT NULL PRIMARY KEY,
    user_id BYTEA NOT NULL REFERENCES users (id),
    secret BYTEA UNIQUE,
    client TEXT COLLATE "C" NOT NULL,
    carrier TEXT COLLATE "C" NOT NULL,
    device_name TEXT COLLATE "C" NOT NULL,
    device_address TEXT COLLATE "C" NOT NULL,
    authenticated_at BIGINT,
    acr TEXT COLLATE "C",
    amr TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    idle BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    remembered BIGINT NOT NULL,
    look_at BIGINT NOT NULL
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05);

CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_to_look_at ON sessions (look_at);

CREATE TABLE guests (
    id BYTEA NOT NULL PRIMARY KEY,
    secret BYTEA UNIQUE,
    client TEXT COLLATE "C" NOT NULL,
    carrier TEXT COLLATE "C" NOT NULL,
    device_name TEXT COLLATE "C" NOT NULL,
    device_address TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    idle BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    remembered BIGINT NOT NULL,
    look_at BIGINT NOT NULL
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05);

CREATE INDEX guests_to_look_at ON guests (look_at);

-- Secrets that earn nothing any more and are told so for a while.
CREATE TABLE replaced_secrets (
    secret BYTEA NOT NULL PRIMARY KEY,
    was_guest BIGINT NOT NULL,
    session_id BYTEA NOT NULL,
    successor BYTEA NOT NULL,
    replaced_at BIGINT NOT NULL
);

CREATE INDEX replaced_secrets_of_session ON replaced_secrets (session_id);
CREATE INDEX replaced_secrets_of_successor ON replaced_secrets (successor);
CREATE INDEX replaced_secrets_by_time ON replaced_secrets (replaced_at);

CREATE TABLE grants (
    id BYTEA NOT NULL PRIMARY KEY,
    user_id BYTEA REFERENCES users (id),
    session_id BYTEA,
    client TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    audience TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    idle BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    data_key BIGINT NOT NULL,
    counter BIGINT NOT NULL,
    rotations TEXT COLLATE "C" NOT NULL,
    bound BIGINT NOT NULL,
    look_at BIGINT NOT NULL
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05);

CREATE INDEX grants_of_user ON grants (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX grants_of_session ON grants (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX grants_of_client ON grants (client);
CREATE INDEX grants_to_look_at ON grants (look_at);

-- An owner is a letter (u: user, s: session) and an id. What is in all is a sum over `bytes`.
CREATE TABLE documents (
    owner BYTEA NOT NULL,
    client TEXT COLLATE "C" NOT NULL,
    namespace TEXT COLLATE "C" NOT NULL,
    etag BYTEA NOT NULL,
    bytes BIGINT NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (owner, client, namespace)
) WITH (fillfactor = 85);

CREATE TABLE links (
    digest BYTEA NOT NULL PRIMARY KEY,
    purpose TEXT COLLATE "C" NOT NULL,
    user_id BYTEA REFERENCES users (id),
    session_id BYTEA,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX links_of_user ON links (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX links_of_session ON links (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX links_by_end ON links (expires_at);

CREATE TABLE clients (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    client TEXT COLLATE "C" NOT NULL
);

CREATE TABLE data_keys (
    number BIGINT NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE signing_keys (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    algorithm TEXT COLLATE "C" NOT NULL,
    audience TEXT COLLATE "C",
    public TEXT COLLATE "C",
    sealed BYTEA NOT NULL,
    data_key BIGINT NOT NULL,
    stage TEXT COLLATE "C" NOT NULL,
    since BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Two nodes that rotate at once make one key.
CREATE UNIQUE INDEX signing_keys_one_of_a_stage ON signing_keys (algorithm, COALESCE(audience, ''), stage)
    WHERE stage IN ('next', 'current');

-- Failures in a row by devices that are not known, and those of each known device.
CREATE TABLE failures (
    user_id BYTEA NOT NULL PRIMARY KEY REFERENCES users (id),
    in_a_row BIGINT NOT NULL,
    last_at BIGINT NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE devices (
    user_id BYTEA NOT NULL REFERENCES users (id),
    device BYTEA NOT NULL,
    seen_at BIGINT NOT NULL,
    in_a_row BIGINT NOT NULL,
    last_at BIGINT,
    PRIMARY KEY (user_id, device)
) WITH (fillfactor = 85);

CREATE INDEX devices_by_time ON devices (seen_at);

-- `subject` is the 16 bytes of an id, or the bytes of a text.
CREATE TABLE log (
    seq BIGINT NOT NULL PRIMARY KEY,
    nonce BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    subject BYTEA NOT NULL,
    change TEXT COLLATE "C" NOT NULL,
    until BIGINT NOT NULL
);

CREATE INDEX log_by_end ON log (until);

-- One row. `forgotten` is 0 until a row is forgotten; then nobody is at the place before the first row any more.
CREATE TABLE log_counter (
    "only" BIGINT NOT NULL PRIMARY KEY CHECK ("only" = 1),
    seq BIGINT NOT NULL,
    forgotten BIGINT NOT NULL
) WITH (fillfactor = 10);

INSERT INTO log_counter ("only", seq, forgotten) VALUES (1, 0, 0);

CREATE TABLE events (
    seq BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    at BIGINT NOT NULL,
    user_id BYTEA,
    event TEXT COLLATE "C" NOT NULL
);

CREATE INDEX events_by_time ON events (at);
CREATE INDEX events_of_user ON events (user_id, seq) WHERE user_id IS NOT NULL;
