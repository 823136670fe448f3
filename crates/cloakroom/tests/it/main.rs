//! The real binary, run in a folder of its own.

mod backup;
mod beside;
mod commands;
mod compare;
mod config;
mod doctor;
mod first_minute;
mod following;
mod guarded;
mod many_nodes;
mod master_key;
mod moving;
mod person;
mod postgres;
mod program;
mod published_keys;
mod restored;
mod serve;
mod server;
mod strangers;
mod tls;
mod topologies;
