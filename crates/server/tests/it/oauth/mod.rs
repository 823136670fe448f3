//! `/oauth/…`

mod authorize;
mod back_channel;
mod client_credentials;
mod code;
mod consent;
mod device;
mod discovery;
mod dpop;
mod front_channel;
mod jwks_uri;
mod keys;
mod logout;
mod mtls;
mod par;
mod private_key_jwt;
pub(crate) mod relying_party;
mod request_object;
mod revoke;
mod step_up;
mod token;
mod userinfo;
