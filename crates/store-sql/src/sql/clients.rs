//! The registry of clients.

use super::statements;

statements! {
    FIND = "SELECT client FROM clients WHERE id = $1";

    /// As somebody saw it, until it is another.
    FIND_TO_CHANGE = "SELECT client FROM clients WHERE id = $1", locking "FOR UPDATE";

    /// Whatever comes of a client locks it first, so that its removal finds it. One that is not in the registry locks
    /// nothing: the built-in client is not removed.
    IS_THERE_AS_PARENT = "SELECT 1 FROM clients WHERE id = $1", locking "FOR KEY SHARE";

    /// Whoever asks what hangs from it waits for those that make something hang from it, and keeps others from it.
    IS_THERE_TO_END = "SELECT 1 FROM clients WHERE id = $1", locking "FOR UPDATE";

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
        UNION ALL SELECT 1 FROM streams WHERE client = $1
        LIMIT 1";
}
