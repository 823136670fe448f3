//! What a receiver is told, as a signed token (RFC 8417).

use cloakroom_model::client::Client;
use cloakroom_model::signal::{SignalNumber, Waiting};
use cloakroom_model::stream::Stream;
use cloakroom_oauth::set::{Claims, TYP};
use cloakroom_oauth::ssf::event::Event;
use cloakroom_oauth::subject_id::SubjectId;
use serde_json::Map;

use crate::Engine;
use crate::tokens::{MintError, seconds};

/// A token that tells of a signal, and its name.
pub(super) struct Set {
    pub(super) jti: String,
    pub(super) token: String,
}

impl Engine {
    /// Makes the token for a signal: each time one of the same name that says the same, under whichever key signs now.
    pub(super) fn set_of(
        &self,
        stream: &Stream,
        client: &Client,
        waiting: &Waiting,
    ) -> Result<Set, MintError> {
        let Waiting { number, at, signal } = waiting;
        let (stream_id, at) = (stream.id.to_string(), seconds(*at));
        let event = Event::of(signal, &stream_id, at, |signal| SubjectId::IssSub {
            iss: self.settings.issuer.clone(),
            sub: self.subject_for(client, signal.user),
        });
        let jti = name(stream, *number);
        let claims = Claims {
            iss: self.settings.issuer.clone(),
            aud: stream.client.clone(),
            iat: at,
            jti: jti.clone(),
            sub_id: event.subject,
            events: Map::new(),
        };
        let claims = claims.with_event(event.kind, event.says);
        // CAEP Interoperability Profile 1.0 §2.6 has RS256, which is the default where the profile allows it.
        let algorithm = self.algorithm_of(client.registration.signing.id_token.as_deref())?;
        Ok(Set { jti, token: self.sign_as(TYP, algorithm, &claims)? })
    }
}

/// The name of the token for a signal.
pub(super) fn name(stream: &Stream, number: SignalNumber) -> String {
    format!("{}.{number}", stream.id)
}

/// The signal of this stream whose token is called so.
pub(super) fn number_of(stream: &Stream, jti: &str) -> Option<SignalNumber> {
    jti.strip_prefix(&stream.id.to_string())?.strip_prefix('.')?.parse().ok()
}
