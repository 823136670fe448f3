//! The server, from the outside, in this process. Folders follow the paths of its addresses.

mod api;
mod bad_input;
mod conformance;
mod edge;
mod forward_auth;
mod html;
mod oauth;
mod openapi;
mod operators;
mod pages;
mod ssf;
mod throttling;
mod tls;
mod well_known;
