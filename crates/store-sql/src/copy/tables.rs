//! What there is to copy: every table, in an order in which nothing comes before what it hangs from.

use crate::statement::Sql;

/// A table: its columns, those of its primary key first, and the statements that copy it.
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns, quoted where that is needed.
    pub columns: &'static [(&'static str, Kind)],
    /// How many of them are the primary key: the first ones.
    pub key: usize,
    /// Whether a new database has a row in it.
    pub is_born_with_a_row: bool,
    /// Inserts one row.
    pub insert: Sql,
    /// Takes rows as `PostgreSQL` reads them fastest.
    pub copy_in: &'static str,
    /// Has `PostgreSQL` look at what is in it.
    pub analyze: Sql,
    pub(super) count: Sql,
    pub(super) first: Sql,
    pub(super) next: Sql,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A whole number of 64 bits.
    Integer,
    /// Bytes.
    Bytes,
    /// Text.
    Text,
}

/// `$1, $2, …` up to a number.
macro_rules! numbers {
    (1) => {
        "$1"
    };
    (2) => {
        "$1, $2"
    };
    (3) => {
        "$1, $2, $3"
    };
    (4) => {
        "$1, $2, $3, $4"
    };
    (5) => {
        "$1, $2, $3, $4, $5"
    };
    (6) => {
        "$1, $2, $3, $4, $5, $6"
    };
    (7) => {
        "$1, $2, $3, $4, $5, $6, $7"
    };
    (8) => {
        "$1, $2, $3, $4, $5, $6, $7, $8"
    };
    (9) => {
        "$1, $2, $3, $4, $5, $6, $7, $8, $9"
    };
    (11) => {
        "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11"
    };
    (12) => {
        "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12"
    };
    (16) => {
        "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16"
    };
}

/// `$` and a number.
macro_rules! one {
    (2) => {
        "$2"
    };
    (3) => {
        "$3"
    };
    (4) => {
        "$4"
    };
    (5) => {
        "$5"
    };
}

/// A table by its name, whether it is born with a row, how many columns are its key, the number after that, how many
/// columns there are, and which.
macro_rules! table {
    (
        $name:literal, $born:literal, $keys:tt, $limit:tt, $all:tt,
        $first:literal $first_kind:ident $(, $key:literal $key_kind:ident)*;
        $($column:literal $kind:ident),*
    ) => {
        Table {
            name: $name,
            columns: &[
                ($first, Kind::$first_kind)
                $(, ($key, Kind::$key_kind))*
                $(, ($column, Kind::$kind))*
            ],
            key: $keys,
            is_born_with_a_row: $born,
            insert: Sql::shared(concat!(
                "INSERT INTO ", $name, " (", $first $(, ", ", $key)* $(, ", ", $column)*, ") VALUES (",
                numbers!($all), ")"
            )),
            copy_in: concat!(
                "COPY ", $name, " (", $first $(, ", ", $key)* $(, ", ", $column)*, ") FROM STDIN (FORMAT binary)"
            ),
            analyze: Sql::shared(concat!("ANALYZE ", $name)),
            count: Sql::shared(concat!("SELECT COUNT(*) FROM ", $name)),
            first: Sql::shared(concat!(
                "SELECT ", $first $(, ", ", $key)* $(, ", ", $column)*, " FROM ", $name,
                " ORDER BY ", $first $(, ", ", $key)*, " LIMIT $1"
            )),
            next: Sql::shared(concat!(
                "SELECT ", $first $(, ", ", $key)* $(, ", ", $column)*, " FROM ", $name,
                " WHERE (", $first $(, ", ", $key)*, ") > (", numbers!($keys), ")",
                " ORDER BY ", $first $(, ", ", $key)*, " LIMIT ", one!($limit)
            )),
        }
    };
}

/// Every table of the schema. Those that others refer to come first.
pub static TABLES: &[Table] = &[
    table!(
        "users", false, 1, 2, 11,
        "id" Bytes;
        "email" Text, "email_lookup" Text, "username" Text, "username_lookup" Text, "roles" Text, "is_admin"
        Integer, "disabled_at" Integer, "generation" Integer, "password" Text, "created_at" Integer
    ),
    table!(
        "sessions", false, 1, 2, 16,
        "id" Bytes;
        "user_id" Bytes, "secret" Bytes, "client" Text, "carrier" Text, "device_name" Text, "device_address"
        Text, "authenticated_at" Integer, "acr" Text, "amr" Text, "created_at" Integer, "expires_at" Integer,
        "idle" Integer, "last_seen_at" Integer, "remembered" Integer, "look_at" Integer
    ),
    table!(
        "guests", false, 1, 2, 12,
        "id" Bytes;
        "secret" Bytes, "client" Text, "carrier" Text, "device_name" Text, "device_address" Text, "created_at"
        Integer, "expires_at" Integer, "idle" Integer, "last_seen_at" Integer, "remembered" Integer, "look_at"
        Integer
    ),
    table!(
        "replaced_secrets", false, 1, 2, 5,
        "secret" Bytes;
        "was_guest" Integer, "session_id" Bytes, "successor" Bytes, "replaced_at" Integer
    ),
    table!(
        "grants", false, 1, 2, 16,
        "id" Bytes;
        "user_id" Bytes, "session_id" Bytes, "client" Text, "scope" Text, "audience" Text, "created_at"
        Integer, "expires_at" Integer, "idle" Integer, "last_used_at" Integer, "data_key" Integer, "counter"
        Integer, "rotations" Text, "bound" Integer, "look_at" Integer, "details" Text
    ),
    table!(
        "documents", false, 3, 4, 6,
        "owner" Bytes, "client" Text, "namespace" Text;
        "etag" Bytes, "bytes" Integer, "value" Text
    ),
    table!(
        "links", false, 1, 2, 6,
        "digest" Bytes;
        "purpose" Text, "user_id" Bytes, "session_id" Bytes, "created_at" Integer, "expires_at" Integer
    ),
    table!(
        "clients", false, 1, 2, 2,
        "id" Text;
        "client" Text
    ),
    table!(
        "data_keys", false, 1, 2, 3,
        "number" Integer;
        "sealed" Bytes, "created_at" Integer
    ),
    table!(
        "signing_keys", false, 1, 2, 9,
        "id" Text;
        "algorithm" Text, "audience" Text, "public" Text, "sealed" Bytes, "data_key" Integer, "stage" Text,
        "since" Integer, "created_at" Integer
    ),
    table!(
        "failures", false, 1, 2, 3,
        "user_id" Bytes;
        "in_a_row" Integer, "last_at" Integer
    ),
    table!(
        "failures_of_nobody", false, 1, 2, 3,
        "name" Bytes;
        "in_a_row" Integer, "last_at" Integer
    ),
    table!(
        "devices", false, 2, 3, 5,
        "user_id" Bytes, "device" Bytes;
        "seen_at" Integer, "in_a_row" Integer, "last_at" Integer
    ),
    table!(
        "log", false, 1, 2, 7,
        "seq" Integer;
        "nonce" Integer, "at" Integer, "kind" Text, "subject" Bytes, "change" Text, "until" Integer
    ),
    table!(
        "log_counter", true, 1, 2, 4,
        "\"only\"" Integer;
        "seq" Integer, "forgotten" Integer, "streams" Integer
    ),
    table!(
        "events", false, 1, 2, 4,
        "seq" Integer;
        "at" Integer, "user_id" Bytes, "event" Text
    ),
    table!(
        "pushed_requests", false, 1, 2, 5,
        "digest" Bytes;
        "client" Text, "request" Text, "created_at" Integer, "expires_at" Integer
    ),
    table!(
        "codes", false, 1, 2, 8,
        "digest" Bytes;
        "client" Text, "user_id" Bytes, "session_id" Bytes, "request" Text, "created_at" Integer, "expires_at"
        Integer, "spent_by" Bytes
    ),
    table!(
        "device_requests", false, 1, 2, 12,
        "digest" Bytes;
        "user_code" Bytes, "client" Text, "request" Text, "address" Text, "created_at" Integer, "expires_at"
        Integer, "answer" Text, "user_id" Bytes, "session_id" Bytes, "poll_interval" Integer, "polled_at"
        Integer
    ),
    table!(
        "consents", false, 2, 3, 5,
        "user_id" Bytes, "client" Text;
        "scope" Text, "claims" Text, "at" Integer
    ),
    table!(
        "relying_parties", false, 2, 3, 6,
        "session_id" Bytes, "client" Text;
        "live" Bytes, "subject" Text, "failures" Integer, "try_at" Integer
    ),
    table!(
        "marks", false, 1, 2, 2,
        "mark" Bytes;
        "until" Integer
    ),
    table!(
        "statuses", false, 1, 2, 3,
        "place" Integer;
        "live" Bytes, "until" Integer
    ),
    table!(
        "status_counter", true, 1, 2, 2,
        "\"only\"" Integer;
        "next" Integer
    ),
    table!(
        "initial_tokens", false, 1, 2, 6,
        "id" Bytes;
        "digest" Bytes, "note" Text, "created_at" Integer, "expires_at" Integer, "uses_left" Integer
    ),
    table!(
        "streams", false, 1, 2, 7,
        "id" Bytes;
        "client" Text, "stream" Text, "takes" Integer, "pushed" Integer, "failures" Integer, "try_at" Integer
    ),
    table!(
        "signals", false, 4, 5, 6,
        "stream_id" Bytes, "seq" Integer, "part" Integer, "nonce" Integer;
        "at" Integer, "signal" Text
    ),
    table!(
        "left_out", false, 2, 3, 2,
        "stream_id" Bytes, "user_id" Bytes;
    ),
    table!(
        "status_series", true, 1, 2, 2,
        "\"only\"" Integer;
        "series" Integer
    ),
];

/// Whether counters have moved that every new database has.
pub(super) const USED_COUNTERS: Sql = Sql::shared(
    "SELECT 1 FROM log_counter WHERE seq > 0 OR forgotten > 0
        UNION ALL SELECT 1 FROM status_counter WHERE next > 0
        UNION ALL SELECT 1 FROM status_series WHERE series <> 0",
);

/// Takes the rows away that every new database has.
pub(super) const FORGET_COUNTERS: [Sql; 3] = [
    Sql::shared("DELETE FROM log_counter"),
    Sql::shared("DELETE FROM status_counter"),
    Sql::shared("DELETE FROM status_series"),
];
