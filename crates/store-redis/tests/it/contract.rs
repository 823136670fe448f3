//! The whole contract, with Redis beside the memory backend and beside PostgreSQL.

use super::scene::fresh;

cloakroom_store::contract!(fresh().await);

/// The same beside PostgreSQL, as it is used.
mod beside_postgres {
    use crate::scene::fresh_beside_postgres;

    cloakroom_store::contract!(fresh_beside_postgres().await);
}
