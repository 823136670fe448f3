//! HTTP: parse, call the engine, render.
//!
//! The [`listener`] accepts connections, the [`layers`] let requests in or turn them away, a handler reads what the
//! request says, calls one use case of the engine, and writes its answer down. Nothing is decided here but what HTTP
//! itself asks: nobody in this crate reads a clock, draws a random number or knows a storage.

pub mod address;
pub mod body;
pub mod cookies;
pub mod device_name;
pub mod face;
pub mod layers;
pub mod listener;
pub mod pages;
pub mod problem;
