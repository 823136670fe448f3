//! Users.

use super::statements;

/// As [`crate::users::user`] reads them.
macro_rules! user_columns {
    () => {
        "u.id, u.email, u.username, u.roles, u.disabled_at, u.generation, u.created_at"
    };
}
pub(super) use user_columns;

macro_rules! insert {
    () => {
        "INSERT INTO users (
            id, email, email_lookup, username, username_lookup, roles, is_admin, disabled_at, generation, password,
            created_at
        ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    };
}

statements! {
    FIND = concat!("SELECT ", user_columns!(), " FROM users u WHERE u.id = $1");

    /// What is decided by the user and changes the user, or counts what the user has: sign-ins under a limit, documents,
    /// consents. They follow each other; what only names the user goes on.
    FIND_TO_CHANGE = concat!("SELECT ", user_columns!(), " FROM users u WHERE u.id = $1"),
        locking "FOR NO KEY UPDATE OF u";

    /// The user may neither be deleted nor disabled before what is about to hang from them is there.
    FIND_AS_PARENT = concat!("SELECT ", user_columns!(), " FROM users u WHERE u.id = $1"), locking "FOR SHARE OF u";

    FIND_LOGIN = concat!(
        "SELECT ", user_columns!(), ", u.password FROM users u
         WHERE u.email_lookup = $1 OR u.username_lookup = $1"
    );

    FIND_LOGIN_OF = concat!("SELECT ", user_columns!(), ", u.password FROM users u WHERE u.id = $1");

    LIST = concat!("SELECT ", user_columns!(), " FROM users u WHERE u.id > $1 ORDER BY u.id LIMIT $2");

    /// From `$2` to `$3`, which is `$2` and the last character there is. Two indices answer it, whatever the order.
    LIST_BEGINNING_WITH = concat!(
        "SELECT ", user_columns!(), " FROM users u
         WHERE u.id > $1 AND u.id IN (
            SELECT e.id FROM users e WHERE e.email_lookup >= $2 AND e.email_lookup < $3
            UNION
            SELECT n.id FROM users n WHERE n.username_lookup >= $2 AND n.username_lookup < $3
         )
         ORDER BY u.id LIMIT $4"
    );

    HAS_ADMIN = "SELECT 1 FROM users WHERE is_admin = 1 AND disabled_at IS NULL LIMIT 1";

    /// Two are enough to know that neither is the last. Both stay until it is decided: of two that leave at once the
    /// second one waits, and is alone then. Always in the same order, and before any other user is locked.
    TWO_ADMINS_TO_CHANGE = "SELECT id FROM users WHERE is_admin = 1 AND disabled_at IS NULL LIMIT 2",
        postgres "SELECT id FROM users WHERE is_admin = 1 AND disabled_at IS NULL ORDER BY id LIMIT 2
        FOR NO KEY UPDATE";

    /// Whose an email is. Asked before a name is given away, so that the answer can say which one is taken.
    OWNER_OF_EMAIL = "SELECT id FROM users WHERE email_lookup = $1";

    OWNER_OF_USERNAME = "SELECT id FROM users WHERE username_lookup = $1";

    /// Nothing where somebody else took a name meanwhile. An error would cost PostgreSQL the transaction.
    INSERT = insert!(), locking "ON CONFLICT DO NOTHING";

    SET_PASSWORD = "UPDATE users SET password = $1, generation = generation + 1 WHERE id = $2 AND generation = $3";

    UPGRADE_PASSWORD = "UPDATE users SET password = $1 WHERE id = $2 AND password = $3";

    SET_DISABLED_AT = "UPDATE users SET disabled_at = $1, generation = generation + 1 WHERE id = $2";

    SET_ROLES = "UPDATE users SET roles = $1, is_admin = $2 WHERE id = $3";

    SET_NAMES =
        "UPDATE users SET email = $1, email_lookup = $2, username = $3, username_lookup = $4 WHERE id = $5";

    DELETE = "DELETE FROM users WHERE id = $1";
}
