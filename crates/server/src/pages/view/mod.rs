//! What each page shows, as types: a file for each page, and its template of the same name.
//!
//! A view is made from facts (who is signed in, what was typed, what was wrong with it) and knows nothing of
//! requests or of the engine. Every sentence a person reads stands in a template or beside the problem it is
//! about.

pub mod again;
pub mod apps;
pub mod authorize;
pub mod choose;
pub mod consent;
pub mod delete;
pub mod device;
pub mod devices;
pub mod error;
pub mod field;
pub mod form;
pub mod link;
pub mod logout;
pub mod moment;
pub mod not_let_in;
pub mod password;
pub mod profile;
pub mod recover;
pub mod says;
pub mod sentence;
pub mod set_up;
pub mod sign_in;
pub mod sign_out;
pub mod sign_up;
pub mod site;
