//! The real binary, run in a folder of its own.

mod backup;
mod beside;
mod commands;
mod config;
mod doctor;
mod first_minute;
mod master_key;
mod person;
mod program;
mod published_keys;
mod serve;
mod server;
mod strangers;
mod tls;
