//! Sealed keys.

use super::statements;

statements! {
    LIST_DATA_KEYS = "SELECT number, sealed, created_at FROM data_keys ORDER BY number";

    INSERT_DATA_KEY = "INSERT INTO data_keys (number, sealed, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

    RESEAL_DATA_KEY = "UPDATE data_keys SET sealed = $1 WHERE number = $2";

    FIND_SIGNING_KEY = "SELECT id, algorithm, audience, public, sealed, data_key, stage, since, created_at
        FROM signing_keys WHERE id = $1";

    LIST_SIGNING_KEYS = "SELECT id, algorithm, audience, public, sealed, data_key, stage, since, created_at
        FROM signing_keys ORDER BY created_at, id";

    INSERT_SIGNING_KEY = "INSERT INTO signing_keys (
            id, algorithm, audience, public, sealed, data_key, stage, since, created_at
        ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";

    /// The key that signs for the same algorithm and audience.
    FIND_CURRENT = "SELECT id FROM signing_keys
        WHERE algorithm = $1 AND COALESCE(audience, '') = COALESCE($2, '') AND stage = 'current'";

    SET_STAGE = "UPDATE signing_keys SET stage = $1, since = $2 WHERE id = $3";

    DELETE_SIGNING_KEY = "DELETE FROM signing_keys WHERE id = $1 AND stage IN ('retired', 'compromised')";
}
