//! The registry of clients.

use super::statements;

statements! {
    FIND = "SELECT client FROM clients WHERE id = $1";

    LIST = "SELECT client FROM clients ORDER BY id";

    INSERT = "INSERT INTO clients (id, client) VALUES ($1, $2) ON CONFLICT DO NOTHING";

    REPLACE = "UPDATE clients SET client = $1 WHERE id = $2";

    DELETE = "DELETE FROM clients WHERE id = $1";

    /// Whether anything hangs from it, or could come of what does.
    IS_IN_USE = "SELECT 1 FROM grants WHERE client = $1
        UNION ALL SELECT 1 FROM consents WHERE client = $1
        UNION ALL SELECT 1 FROM pushed_requests WHERE client = $1
        UNION ALL SELECT 1 FROM codes WHERE client = $1
        UNION ALL SELECT 1 FROM device_requests WHERE client = $1
        UNION ALL SELECT 1 FROM relying_parties WHERE client = $1
        LIMIT 1";
}
