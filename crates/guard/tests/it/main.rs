//! A guard before a service: beside an issuer that is driven by hand (what it says, when, and whether it is there at all), and
//! beside the real server, in one process.

mod cookies;
mod feed;
mod issuer;
mod keys;
mod layer;
mod real_server;
mod relying_party;
mod same_clock;
mod service;
