//! `cloakroom healthcheck`: for probes of containers and supervisors, which look at the exit code.

use serde_json::json;

use crate::{
    exit::Failure,
    output::Output,
    probe,
    settings::{self, Given},
};

/// Asks the server that these settings are for.
pub(super) fn run(given: &Given, output: &Output) -> Result<(), Failure> {
    let settings = settings::load(given)?.settings;
    match probe::ask(&settings) {
        Ok(answer) if answer.healthy => {
            output.say("The server answers.", &json!({ "healthy": true }))
        }
        Ok(_) => {
            Err(Failure::Unavailable("something answers there, but not this server".to_owned()))
        }
        Err(error) => Err(Failure::Unavailable(format!("the server does not answer: {error}"))),
    }
}
