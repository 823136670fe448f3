//! `/oauth/…`

mod authorize;
mod client_credentials;
mod code;
mod consent;
mod logout;
mod par;
pub(crate) mod relying_party;
mod revoke;
mod token;
mod userinfo;
