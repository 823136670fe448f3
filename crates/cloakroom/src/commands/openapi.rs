//! The OpenAPI document, as it is committed: that of a server with the default address, laid out to be read.

use cloakroom_model::policy::password::MinimumLength;
use cloakroom_server::{address::PublicAddress, openapi, routes};
use serde_json::Value;

use crate::{
    exit::Failure,
    output::Output,
    settings::{self, Given},
};

/// Prints the document.
pub(super) fn run() -> Result<(), Failure> {
    let public_url = settings::load(&Given::default())?.settings.public_url;
    let address = PublicAddress::new(&public_url);
    let shortest = MinimumLength::DEFAULT.code_points();
    let document = openapi::document(&routes::operations(), &address, shortest);
    let laid_out = serde_json::from_str::<Value>(&document)
        .and_then(|document| serde_json::to_string_pretty(&document));
    let text = laid_out.map_err(|error| Failure::Refused(format!("it is no JSON: {error}")))?;
    Output::text(&format!("{text}\n"))
}
