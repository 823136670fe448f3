//! Session data.

use super::statements;

statements! {
    FIND = "SELECT value, etag FROM documents WHERE owner = $1 AND client = $2 AND namespace = $3";

    /// SQLite keeps them in this order.
    LIST_OF_OWNER = "SELECT client, namespace, value, etag FROM documents WHERE owner = $1",
        postgres "SELECT client, namespace, value, etag FROM documents WHERE owner = $1 ORDER BY client, namespace";

    /// How much the owner's other documents have in all. Right only while the owner is locked: a row that another
    /// writer is about to insert cannot be. A sum is a `NUMERIC` to PostgreSQL.
    BYTES_OF_OTHERS = "SELECT COALESCE(SUM(bytes), 0) FROM documents
        WHERE owner = $1 AND NOT (client = $2 AND namespace = $3)",
        postgres "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM documents
        WHERE owner = $1 AND NOT (client = $2 AND namespace = $3)";

    PUT = "INSERT INTO documents (owner, client, namespace, etag, bytes, value) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (owner, client, namespace)
        DO UPDATE SET etag = excluded.etag, bytes = excluded.bytes, value = excluded.value";

    DELETE = "DELETE FROM documents WHERE owner = $1 AND client = $2 AND namespace = $3";

    DELETE_OF_OWNER = "DELETE FROM documents WHERE owner = $1";

    /// Owners from `$1` on and before `$2`.
    DELETE_OF_OWNERS = "DELETE FROM documents WHERE owner >= $1 AND owner < $2";
}
