//! See the crate's part of ARCHITECTURE.md.

pub mod pages;
