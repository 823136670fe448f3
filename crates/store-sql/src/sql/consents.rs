//! Consents.

use super::{delete_in_order, statements};

statements! {
    FIND = "SELECT user_id, client, scope, claims, at FROM consents WHERE user_id = $1 AND client = $2";

    LIST_OF_USER = "SELECT user_id, client, scope, claims, at FROM consents WHERE user_id = $1 ORDER BY client";

    PUT = "INSERT INTO consents (user_id, client, scope, claims, at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (user_id, client)
        DO UPDATE SET scope = excluded.scope, claims = excluded.claims, at = excluded.at";

    DELETE = "DELETE FROM consents WHERE user_id = $1 AND client = $2";

    DELETE_OF_CLIENT => delete_in_order!("consents", "user_id, client", "client = $1");
}
