//! `cloakroom token inspect`: what an access token says, and whether it would be accepted.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use cloakroom_engine::inspect::TokenState;
use cloakroom_jose::Error;
use serde::Serialize;
use serde_json::Value;

use crate::{
    arguments::TokenCommand,
    asking,
    exit::Failure,
    offline::{self, Keys},
    output::Output,
    settings::Given,
};

/// Runs one of the commands below `token`.
pub(super) fn run(command: &TokenCommand, given: &Given, output: &Output) -> Result<(), Failure> {
    let TokenCommand::Inspect = command;
    offline::run(given, Keys::Needed, async |offline| {
        let token = asking::secret("the token")?;
        let state = offline.engine.inspect_token(&token).await?;
        let inspected = Inspected::new(&token, state, &offline.engine.settings().issuer);
        let claims = serde_json::to_string_pretty(&inspected.claims).unwrap_or_default();
        let text = format!("{}: {}\n{claims}", inspected.state, inspected.because);
        output.say(&text, &inspected)?;
        match state {
            TokenState::Live => Ok(()),
            _ => {
                Err(Failure::Refused(format!("the token would be refused: {}", inspected.because)))
            }
        }
    })
}

/// A token, looked at.
#[derive(Serialize)]
struct Inspected {
    /// `live`, `revoked`, `expired` or `refused`.
    state: &'static str,
    because: String,
    /// Whether the signature is ours, so that the rest can be believed.
    verified: bool,
    /// As it stands in the token, believed or not; null where it cannot be read.
    header: Value,
    /// The same.
    claims: Value,
}

impl Inspected {
    fn new(token: &str, state: TokenState, issuer: &str) -> Self {
        let (word, because, verified) = match state {
            TokenState::Live => ("live", "its session and its key are there".to_owned(), true),
            TokenState::Revoked => (
                "revoked",
                "it, its session, its grant, its client or its key has ended".to_owned(),
                true,
            ),
            // Time is looked at after the signature.
            TokenState::Refused(error @ Error::Expired) => ("expired", error.to_string(), true),
            // The likeliest reason is a command that was not told what its server is called.
            TokenState::Refused(error @ Error::Issuer) => {
                ("refused", format!("{error} than {issuer}, which public_url says"), false)
            }
            TokenState::Refused(error) => ("refused", error.to_string(), false),
        };
        let mut parts = token.split('.').map(read);
        let header = parts.next().unwrap_or_default();
        let claims = parts.next().unwrap_or_default();
        Self { state: word, because, verified, header, claims }
    }
}

fn read(part: &str) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_ours_is_shown_and_not_believed() {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let token =
            format!("{}.{}.x", part(json!({"alg": "none"})), part(json!({"sub": "somebody"})));
        let read = |token: &str, error| {
            Inspected::new(token, TokenState::Refused(error), "https://id.example.com")
        };
        let inspected = read(&token, Error::AlgorithmUnknown);
        assert!(!inspected.verified);
        assert_eq!((inspected.state, &inspected.claims["sub"]), ("refused", &json!("somebody")));
        let nothing = read("nothing", Error::NotCompact);
        assert_eq!((nothing.header, nothing.claims), (Value::Null, Value::Null));
    }
}
