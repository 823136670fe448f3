-- Ids are 16 bytes and digests 32, times are milliseconds since 1970, spans are milliseconds, lists are JSON.
--
-- `look_at` says when the sweep looks at a row again. It is set when the row is made and moved on by the sweep
-- alone, so that a use of the row writes no index.

CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    email_lookup TEXT NOT NULL UNIQUE,
    username TEXT,
    username_lookup TEXT UNIQUE,
    roles TEXT NOT NULL,
    is_admin INTEGER NOT NULL,
    disabled_at INTEGER,
    generation INTEGER NOT NULL,
    password TEXT,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX users_admins ON users (is_admin) WHERE is_admin = 1;

CREATE TABLE sessions (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    secret BLOB UNIQUE,
    client TEXT NOT NULL,
    carrier TEXT NOT NULL,
    device_name TEXT NOT NULL,
    device_address TEXT NOT NULL,
    authenticated_at INTEGER,
    acr TEXT,
    amr TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    idle INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    remembered INTEGER NOT NULL,
    look_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_to_look_at ON sessions (look_at);

CREATE TABLE guests (
    id BLOB NOT NULL PRIMARY KEY,
    secret BLOB UNIQUE,
    client TEXT NOT NULL,
    carrier TEXT NOT NULL,
    device_name TEXT NOT NULL,
    device_address TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    idle INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    remembered INTEGER NOT NULL,
    look_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX guests_to_look_at ON guests (look_at);

-- Secrets that earn nothing any more and are told so for a while.
CREATE TABLE replaced_secrets (
    secret BLOB NOT NULL PRIMARY KEY,
    was_guest INTEGER NOT NULL,
    session_id BLOB NOT NULL,
    successor BLOB NOT NULL,
    replaced_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX replaced_secrets_of_session ON replaced_secrets (session_id);
CREATE INDEX replaced_secrets_of_successor ON replaced_secrets (successor);
CREATE INDEX replaced_secrets_by_time ON replaced_secrets (replaced_at);

CREATE TABLE grants (
    id BLOB NOT NULL PRIMARY KEY,
    user_id BLOB REFERENCES users (id),
    session_id BLOB,
    client TEXT NOT NULL,
    scope TEXT NOT NULL,
    audience TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    idle INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    data_key INTEGER NOT NULL,
    counter INTEGER NOT NULL,
    rotations TEXT NOT NULL,
    bound INTEGER NOT NULL,
    look_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX grants_of_user ON grants (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX grants_of_session ON grants (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX grants_of_client ON grants (client);
CREATE INDEX grants_to_look_at ON grants (look_at);

-- An owner is a letter (u: user, s: session) and an id. What is in all is a sum over `bytes`.
CREATE TABLE documents (
    owner BLOB NOT NULL,
    client TEXT NOT NULL,
    namespace TEXT NOT NULL,
    etag BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (owner, client, namespace)
) STRICT;

CREATE TABLE links (
    digest BLOB NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    user_id BLOB REFERENCES users (id),
    session_id BLOB,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX links_of_user ON links (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX links_of_session ON links (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX links_by_end ON links (expires_at);

CREATE TABLE clients (
    id TEXT NOT NULL PRIMARY KEY,
    client TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE data_keys (
    number INTEGER NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE signing_keys (
    id TEXT NOT NULL PRIMARY KEY,
    algorithm TEXT NOT NULL,
    audience TEXT,
    public TEXT,
    sealed BLOB NOT NULL,
    data_key INTEGER NOT NULL,
    stage TEXT NOT NULL,
    since INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Two nodes that rotate at once make one key.
CREATE UNIQUE INDEX signing_keys_one_of_a_stage ON signing_keys (algorithm, COALESCE(audience, ''), stage)
    WHERE stage IN ('next', 'current');

-- Failures in a row by devices that are not known, and those of each known device.
CREATE TABLE failures (
    user_id BLOB NOT NULL PRIMARY KEY REFERENCES users (id),
    in_a_row INTEGER NOT NULL,
    last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE devices (
    user_id BLOB NOT NULL REFERENCES users (id),
    device BLOB NOT NULL,
    seen_at INTEGER NOT NULL,
    in_a_row INTEGER NOT NULL,
    last_at INTEGER,
    PRIMARY KEY (user_id, device)
) STRICT, WITHOUT ROWID;

CREATE INDEX devices_by_time ON devices (seen_at);

-- `subject` is the 16 bytes of an id, or the bytes of a text.
CREATE TABLE log (
    seq INTEGER NOT NULL PRIMARY KEY,
    nonce INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject BLOB NOT NULL,
    change TEXT NOT NULL,
    until INTEGER NOT NULL
) STRICT;

CREATE INDEX log_by_end ON log (until);

-- One row. `forgotten` is 0 until a row is forgotten; then nobody is at the place before the first row any more.
CREATE TABLE log_counter (
    only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    seq INTEGER NOT NULL,
    forgotten INTEGER NOT NULL
) STRICT;

INSERT INTO log_counter (only, seq, forgotten) VALUES (1, 0, 0);

CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    user_id BLOB,
    event TEXT NOT NULL
) STRICT;

CREATE INDEX events_by_time ON events (at);
CREATE INDEX events_of_user ON events (user_id, seq) WHERE user_id IS NOT NULL;
