//! Checks about the repository itself: who imports whom, how sources are written, what is depended on.
//!
//! They read files and `cargo metadata` and call nothing of ours. What the code does is tested beside the code.

mod clock;
mod dependencies;
mod deploy;
mod documents;
mod fetch;
mod layout;
mod prose;
mod sources;
mod tree;
