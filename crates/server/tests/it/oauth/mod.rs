//! `/oauth/…`

mod authorize;
mod client_credentials;
mod code;
mod relying_party;
mod revoke;
mod token;
mod userinfo;
