//! `/api/v1/…`
mod identifying_cookie;
mod session;
