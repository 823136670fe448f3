//! The server, from the outside, in this process. Folders follow the paths of its addresses.

mod api;
mod pages;
