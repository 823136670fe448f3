//! What every request passes on its way in and out. Each layer is a function that looks and decides, and they are
//! called one after another in one place, so that a request costs no boxes but the router's.

pub mod client_address;
pub mod client_certificate;
pub mod cors;
pub mod host;
pub mod origin_check;
pub mod panic;
pub mod security_headers;
