-- A database of schema version 6, with a row or two in it. Frozen when version 7 is made; until then it follows
-- the migrations.
PRAGMA application_id = 1131178866;
PRAGMA user_version = 6;

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
, details TEXT NOT NULL DEFAULT '{}') STRICT, WITHOUT ROWID;

CREATE INDEX grants_of_user ON grants (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX grants_of_session ON grants (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX grants_of_client ON grants (client);
CREATE INDEX grants_to_look_at ON grants (look_at);

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

CREATE UNIQUE INDEX signing_keys_one_of_a_stage ON signing_keys (algorithm, COALESCE(audience, ''), stage)
    WHERE stage IN ('next', 'current');

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

CREATE TABLE log_counter (
    only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    seq INTEGER NOT NULL,
    forgotten INTEGER NOT NULL
, streams INTEGER NOT NULL DEFAULT 0) STRICT;

INSERT INTO log_counter (only, seq, forgotten, streams) VALUES (1, 0, 0, 1);

CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    user_id BLOB,
    event TEXT NOT NULL
) STRICT;

CREATE INDEX events_by_time ON events (at);
CREATE INDEX events_of_user ON events (user_id, seq) WHERE user_id IS NOT NULL;

CREATE TABLE pushed_requests (
    digest BLOB NOT NULL PRIMARY KEY,
    client TEXT NOT NULL,
    request TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX pushed_requests_of_client ON pushed_requests (client);
CREATE INDEX pushed_requests_by_end ON pushed_requests (expires_at);

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

CREATE TABLE marks (
    mark BLOB NOT NULL PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX marks_by_end ON marks (until);

CREATE TABLE statuses (
    place INTEGER NOT NULL PRIMARY KEY,
    live BLOB REFERENCES grants (id) ON DELETE SET NULL,
    until INTEGER NOT NULL
) STRICT;

CREATE INDEX statuses_live ON statuses (live) WHERE live IS NOT NULL;
CREATE INDEX statuses_ended ON statuses (place) WHERE live IS NULL;
CREATE INDEX statuses_by_end ON statuses (until);

CREATE TABLE status_counter (
    only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    next INTEGER NOT NULL
) STRICT;

CREATE TABLE initial_tokens (
    id BLOB NOT NULL PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    note TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    uses_left INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX initial_tokens_by_end ON initial_tokens (expires_at);

INSERT INTO status_counter (only, next) VALUES (1, 0);

CREATE TABLE status_series (
    only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    series INTEGER NOT NULL
) STRICT;

INSERT INTO status_series (only, series) VALUES (1, 0);

CREATE TABLE failures_of_nobody (
    name BLOB NOT NULL PRIMARY KEY,
    in_a_row INTEGER NOT NULL,
    last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX failures_of_nobody_by_last ON failures_of_nobody (last_at);

CREATE TABLE streams (
    id BLOB NOT NULL PRIMARY KEY,
    client TEXT NOT NULL UNIQUE,
    stream TEXT NOT NULL,
    takes INTEGER NOT NULL,
    pushed INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    try_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX streams_to_push ON streams (try_at) WHERE pushed = 1;

CREATE TABLE signals (
    stream_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    part INTEGER NOT NULL,
    nonce INTEGER NOT NULL,
    at INTEGER NOT NULL,
    signal TEXT NOT NULL,
    PRIMARY KEY (stream_id, seq, part, nonce)
) STRICT, WITHOUT ROWID;

CREATE TABLE left_out (
    stream_id BLOB NOT NULL,
    user_id BLOB NOT NULL,
    PRIMARY KEY (stream_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX left_out_of_user ON left_out (user_id);

INSERT INTO users VALUES (
    x'0198c2a47a5e7c3d9f102b6c8d4e1f00', 'Ada@example.com', 'ada@example.com', 'ada', 'ada', '["admin"]', 1, NULL, 3,
    '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$c29tZWhhc2g', 1755300000000
);
INSERT INTO sessions VALUES (
    x'0198c2a47a5e7c3d9f102b6c8d4e1f01', x'0198c2a47a5e7c3d9f102b6c8d4e1f00',
    x'00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff', 'cloakroom', 'cookie', 'Firefox on Linux',
    '192.0.2.1', 1755300000000, 'aal1', '["pwd"]', 1755300000000, 1757892000000, 86400000, 1755300000000, 0,
    1755386400000
);
INSERT INTO grants VALUES (
    x'0198c2a47a5e7c3d9f102b6c8d4e1f02', x'0198c2a47a5e7c3d9f102b6c8d4e1f00', NULL, 'shop', '["openid"]', '[]',
    1755300000000, 1757892000000, 86400000, 1755300000000, 1, 0, '[]', 0, 1755386400000, '{"status":0}'
);
INSERT INTO codes VALUES (
    x'00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff',
    'shop', x'0198c2a47a5e7c3d9f102b6c8d4e1f00', x'0198c2a47a5e7c3d9f102b6c8d4e1f01', '{}', 1755300000000,
    1755303600000, x'0198c2a47a5e7c3d9f102b6c8d4e1f02'
);
INSERT INTO consents VALUES (x'0198c2a47a5e7c3d9f102b6c8d4e1f00', 'shop', '["openid"]', '[]', 1755300000000);
INSERT INTO relying_parties VALUES (
    x'0198c2a47a5e7c3d9f102b6c8d4e1f01', 'shop', x'0198c2a47a5e7c3d9f102b6c8d4e1f01',
    '0198c2a4-7a5e-7c3d-9f10-2b6c8d4e1f00', 0, 1755300000000
);
INSERT INTO statuses VALUES (0, x'0198c2a47a5e7c3d9f102b6c8d4e1f02', 1757895720000);
INSERT INTO failures_of_nobody VALUES (
    x'00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff', 7, 1755300000000
);
INSERT INTO streams VALUES (
    x'0198c2a47a5e7c3d9f102b6c8d4e1f05', 'warehouse',
    '{"id":"0198c2a4-7a5e-7c3d-9f10-2b6c8d4e1f05","client":"warehouse","delivery":{"by":"poll"},"wants":63,"status":"enabled","created_at":1755300000000}',
    63, 0, 0, 1755300000000
);
INSERT INTO signals VALUES (
    x'0198c2a47a5e7c3d9f102b6c8d4e1f05', 1, 4294967295, 7, 1755300000000, '{"is":"verification"}'
);
INSERT INTO left_out VALUES (x'0198c2a47a5e7c3d9f102b6c8d4e1f05', x'0198c2a47a5e7c3d9f102b6c8d4e1f00');
