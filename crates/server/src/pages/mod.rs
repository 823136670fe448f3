//! The pages: what a person sees of Cloakroom.
//!
//! Rendered on the server and complete without JavaScript. A page is a typed view in [`view`] and a template in
//! `templates/`; a view holds everything that its page shows and can be rendered without a server, which is how
//! they are looked at (`cargo run -p cloakroom-server --example preview`). The small pure parts beside it keep
//! forms ours ([`form_token`], [`cross_site`]), redirects local ([`local_path`]) and browsers strict
//! ([`headers`]); [`assets`] are the files that pages ask for.

pub mod assets;
pub mod cross_site;
pub mod form_token;
pub mod headers;
pub mod local_path;
pub mod view;
