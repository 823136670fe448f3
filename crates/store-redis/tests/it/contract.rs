//! The whole contract, with Redis beside the memory backend.

use super::scene::fresh;

cloakroom_store::contract!(fresh().await);
