//! `/ssf/…`

mod management;
mod polling;
mod pushing;
pub(crate) mod receiver;
mod subjects;
mod watching;
