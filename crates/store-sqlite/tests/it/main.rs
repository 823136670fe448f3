//! The backend from outside: the contract of all backends, and what only a file can do.

mod attach;
mod backup;
mod contract;
mod restore;
mod scene;
mod sweep;
