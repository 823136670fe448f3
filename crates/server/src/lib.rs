//! HTTP: parse, call the engine, render.
//!
//! The [`listener`] accepts connections, the [`edge`] passes requests through the [`layers`] or turns them away, a
//! handler reads what the request says, calls one use case of the engine, and writes its answer down. Nothing is
//! decided here but what HTTP itself asks: nobody in this crate reads a clock, draws a random number or knows a
//! storage.

pub mod address;
pub mod answer;
pub mod api;
pub mod app;
pub mod around;
pub mod body;
pub mod caller;
pub mod cookies;
pub mod device_name;
pub mod dpop;
pub mod edge;
pub mod face;
pub mod forward_auth;
pub mod layers;
pub mod listener;
pub mod oauth;
pub mod openapi;
pub mod operation;
pub mod operators;
pub mod pages;
pub mod parameters;
pub mod place;
pub mod presented;
pub mod problem;
pub mod refusals;
pub mod routes;
pub mod session_cookies;
mod ssf;
pub mod timestamp;
pub mod tls;
