//! Forgeries that worked somewhere once. Each starts from a token that is accepted.

mod algorithm;
mod form;
mod header;
mod key;
mod proof;
mod signature;
