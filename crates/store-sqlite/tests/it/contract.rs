//! Every promise of the store's contract, over a file on the disk with SQLite's own clock.

use cloakroom_store::contract::Fresh;
use cloakroom_store_sqlite::{Options, Sqlite};

cloakroom_store::contract!(Fresh::new(Sqlite::temporary(Options::default()).unwrap()));
