//! Pushed authorization requests.

use super::{delete_in_order, delete_what_is_free, statements};

statements! {
    INSERT = "INSERT INTO pushed_requests (digest, client, request, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5)";

    FIND = "SELECT digest, client, request, created_at, expires_at FROM pushed_requests
        WHERE digest = $1 AND expires_at > $2";

    /// Exactly one of those that answer it.
    SPEND = "DELETE FROM pushed_requests WHERE digest = $1 AND client = $2 AND expires_at > $3";

    DELETE_OF_CLIENT => delete_in_order!("pushed_requests", "digest", "client = $1");

    DELETE_ENDED => delete_what_is_free!("pushed_requests", "digest", "expires_at <= $1");

    DELETE_ALL = "DELETE FROM pushed_requests";
}
