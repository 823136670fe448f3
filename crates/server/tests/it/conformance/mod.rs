//! What the OpenID Foundation's conformance suite looks at, module by module: a test of ours for each, by its name in
//! snake case, that does over HTTP what the module's summary says. `docs/conformance.md` lists them.

mod basic;
mod by_reference;
mod discovery;
mod dynamic;
mod fapi2;
mod logout;
mod ssf;
