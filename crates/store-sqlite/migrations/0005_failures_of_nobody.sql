-- Failures in a row at names that nobody has, by digests of the names under a key: counted like those of unknown devices
-- at a user, and forgotten after a while, because there is no end to such names.
CREATE TABLE failures_of_nobody (
    name BLOB NOT NULL PRIMARY KEY,
    in_a_row INTEGER NOT NULL,
    last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX failures_of_nobody_by_last ON failures_of_nobody (last_at);
