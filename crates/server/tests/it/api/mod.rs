//! `/api/v1/…`
mod session;
