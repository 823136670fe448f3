//! RFC 8693 §1.1, §4.1: who may have a token exchanged, and what the new one says.
//!
//! Always delegation and never impersonation: the new token names whoever acts, and every one that acted before. It allows
//! no more than the one it came from, and does not outlive it; the caller sees to the latter. It is never for the issuer
//! itself: what a person may do with their account is for those who signed in, not for those who act for them.

use cloakroom_model::client::Client;
use serde::{Deserialize, Serialize};

use crate::access_token::{Claims, Subject};
use crate::error::{Code, Error};
use crate::scope::Scope;

/// How many may stand behind each other in `act`. A longer chain is a loop more often than an intention.
pub const MAX_ACTORS: usize = 4;

/// Who acts for the one a token is about, and who acted before (the claim `act`).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Actor {
    /// As it stands in a token's `sub`. Only an identity: RFC 8693 §4.1 gives it no other meaning.
    pub sub: String,
    /// Who acted before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Box<Self>>,
}

impl Actor {
    /// The first one to act.
    #[must_use]
    pub fn new(actor: &Subject) -> Self {
        Self { sub: actor.to_string(), act: None }
    }

    /// How many there are.
    #[must_use]
    pub fn depth(&self) -> usize {
        std::iter::successors(Some(self), |actor| actor.act.as_deref()).count()
    }
}

/// What the new token shall say beside what the old one said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Exchanged {
    /// Whom it is for.
    pub audience: String,
    /// What it allows.
    pub scope: Scope,
    /// Who acts.
    pub act: Actor,
}

/// Decides what `client` gets for the token `subject`, presented together with `actor`, for the audience and the scope
/// that it asks for; `own` is what its tokens may allow at all. Both tokens were verified. Whether either has ended is for
/// the caller to find out, and afterwards: who may not bring a token is not told what became of it.
pub fn decide(
    client: &Client,
    own: &Scope,
    subject: &Claims,
    actor: Option<&Claims>,
    audience: Option<&str>,
    scope: Option<&Scope>,
) -> Result<Exchanged, Error> {
    // Whoever finds a token cannot have it turned into another: it was made for this client, or sent to it.
    let reached = |token: &Claims| {
        token.client_id == client.id || token.aud.iter().any(|name| name == client.id.as_str())
    };
    if !reached(subject) {
        return Err(Error::new(
            Code::InvalidRequest,
            "subject_token is neither this client's nor for it",
        ));
    }
    // What a client says of another's doing is believed only if that one gave it a token for this.
    if !actor.is_none_or(reached) {
        return Err(Error::new(
            Code::InvalidRequest,
            "actor_token is neither this client's nor for it",
        ));
    }
    // It would name the one for whom somebody acts, and hide who that is.
    if actor.is_some_and(|actor| actor.act.is_some()) {
        return Err(Error::new(
            Code::InvalidRequest,
            "actor_token is one by which somebody acts for another",
        ));
    }
    let audience = audience_of(client, audience)?;
    if audience == subject.iss {
        return Err(Code::InvalidTarget.into());
    }
    let scope = match scope {
        Some(asked) if !asked.is_within(&subject.scope) => {
            let why = "the scope is more than subject_token allows";
            return Err(Error::new(Code::InvalidScope, why));
        }
        Some(asked) if !asked.is_within(own) => {
            let why = "the scope is more than this client's tokens may have";
            return Err(Error::new(Code::InvalidScope, why));
        }
        Some(asked) => asked.clone(),
        None => subject.scope.shared_with(own),
    };
    let acting =
        actor.map_or_else(|| Subject::Client(client.id.clone()), |actor| actor.sub.clone());
    let act = Actor { act: subject.act.clone().map(Box::new), ..Actor::new(&acting) };
    if act.depth() > MAX_ACTORS {
        return Err(Error::new(
            Code::InvalidRequest,
            "subject_token has passed through too many hands",
        ));
    }
    Ok(Exchanged { audience, scope, act })
}

/// The audience that is asked for, which the client's tokens must be allowed to name; its first where it asks for none.
/// That the old token was for another is the point of an exchange, and no obstacle.
fn audience_of(client: &Client, asked: Option<&str>) -> Result<String, Error> {
    let found = match asked {
        Some(asked) => client.audiences.iter().find(|name| *name == asked),
        None => client.audiences.first(),
    };
    found.cloned().ok_or_else(|| Code::InvalidTarget.into())
}

#[cfg(test)]
mod tests;
