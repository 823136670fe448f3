//! `/oauth/…`

mod attacks;
mod authorize;
mod back_channel;
mod client_credentials;
mod client_document;
mod code;
mod consent;
mod device;
mod discovery;
mod dpop;
mod front_channel;
mod jwks_uri;
pub(crate) mod keys;
mod logout;
mod mtls;
mod par;
pub(crate) mod private_key_jwt;
mod profile;
pub(crate) mod register;
pub(crate) mod relying_party;
mod request_object;
mod request_uri;
mod revoke;
mod step_up;
mod token;
mod token_exchange;
mod userinfo;
