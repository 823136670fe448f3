//! Every promise of the store's contract, each over a database of its own.

use cloakroom_store::contract::Fresh;
use cloakroom_store_postgres::Postgres;

use crate::scene::{QUICK, quick, quick_database};

cloakroom_store::contract!(Fresh::new(
    Postgres::open(&QUICK.url(&quick_database().await).parse().unwrap(), quick()).await.unwrap()
));
