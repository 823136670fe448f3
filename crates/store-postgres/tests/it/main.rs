//! The backend over real servers: the contract of all backends, and what only several nodes and a network can do.

mod contract;
mod copying;
mod failover;
mod migrations;
mod news;
mod outages;
mod pooler;
mod scene;
mod statements;
mod transactions;
mod trust;
