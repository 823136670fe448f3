//! The real binary, run in a folder of its own.

mod config;
mod doctor;
mod program;
