//! OAuth, one module for each specification: what a message says, whether it may say it, and what the answer looks like.
//!
//! Rests on `jose` for base64url, signatures and strict JSON, and on `model` for the nouns. Nothing here waits, reads a
//! clock, draws a random number or asks storage: who the client is and what a token earns is for the engine to find out.

pub mod access_token;
pub mod authorization_details;
pub mod authorization_request;
pub mod authorization_response;
pub mod bearer;
pub mod claims;
pub mod client_assertion;
pub mod client_authentication;
pub mod client_certificate;
pub mod client_metadata_document;
pub mod consent;
pub mod device_authorization;
pub mod dpop;
pub mod error;
pub mod feed;
pub mod form;
pub mod id_token;
pub mod introspection;
pub mod logout_request;
pub mod logout_token;
pub mod metadata;
pub mod pkce;
pub mod profile;
pub mod prompt;
pub mod pushed_authorization;
pub mod redirect;
pub mod refresh_token;
pub mod registration_request;
pub mod registration_response;
pub mod replay;
pub mod request_object;
pub mod resource;
pub mod response_mode;
#[cfg(test)]
mod scene;
pub mod scope;
pub mod scopes;
pub mod set;
pub mod ssf;
pub mod status_list;
pub mod subject;
pub mod subject_id;
pub mod token_exchange;
pub mod token_in_question;
pub mod token_request;
pub mod token_response;
pub mod uri;
pub mod userinfo;
