//! Sealed keys.

use super::statements;

statements! {
    LIST_DATA_KEYS = "SELECT number, sealed, created_at FROM data_keys ORDER BY number";

    /// All of them are as they were seen, until they are sealed anew.
    LIST_DATA_KEYS_TO_CHANGE = "SELECT number, sealed, created_at FROM data_keys ORDER BY number", locking "FOR UPDATE";

    INSERT_DATA_KEY = "INSERT INTO data_keys (number, sealed, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

    RESEAL_DATA_KEY = "UPDATE data_keys SET sealed = $1 WHERE number = $2";

    /// Of two nodes that move it on the second one waits, and finds it elsewhere.
    FIND_SIGNING_KEY_TO_CHANGE = "SELECT id, algorithm, audience, public, sealed, data_key, stage, since, created_at
        FROM signing_keys WHERE id = $1", locking "FOR UPDATE";

    LIST_SIGNING_KEYS = "SELECT id, algorithm, audience, public, sealed, data_key, stage, since, created_at
        FROM signing_keys ORDER BY created_at, id";

    INSERT_SIGNING_KEY = "INSERT INTO signing_keys (
            id, algorithm, audience, public, sealed, data_key, stage, since, created_at
        ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";

    /// The key that signs for the same algorithm and audience. It may be moved on elsewhere at this moment.
    FIND_CURRENT_TO_CHANGE = "SELECT id FROM signing_keys
        WHERE algorithm = $1 AND COALESCE(audience, '') = COALESCE($2, '') AND stage = 'current'",
        locking "FOR UPDATE";

    SET_STAGE = "UPDATE signing_keys SET stage = $1, since = $2 WHERE id = $3";

    DELETE_SIGNING_KEY = "DELETE FROM signing_keys WHERE id = $1 AND stage IN ('retired', 'compromised')";
}
