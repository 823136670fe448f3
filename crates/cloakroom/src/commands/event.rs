//! `cloakroom event`: what happened.

use cloakroom_model::event::{Actor, Recorded};
use cloakroom_store::{EventFilter, Page};
use serde::Serialize;
use serde_json::Value;

use crate::{
    arguments::EventCommand,
    exit::Failure,
    offline::{self, Keys},
    output::{Listed, Output},
    settings::Given,
    when::When,
};

/// Runs one of the commands below `event`.
pub(super) fn run(command: &EventCommand, given: &Given, output: &Output) -> Result<(), Failure> {
    let EventCommand::List { user, limit, before } = command;
    offline::run(given, Keys::NotNeeded, async |offline| {
        let user = match user {
            Some(user) => Some(offline.user(user).await?.id),
            None => None,
        };
        let page = Page { before: *before, limit: *limit };
        let events = offline.engine.list_events(&EventFilter { user, page }).await?;
        output.list("events", &events.into_iter().map(Shown::from).collect::<Vec<_>>())
    })
}

/// An event as commands show it.
#[derive(Serialize)]
struct Shown {
    seq: u64,
    at: When,
    /// Kind, actor, and whom and what it happened to; what there is not is left out.
    #[serde(flatten)]
    rest: Value,
    #[serde(skip)]
    actor: Actor,
}

impl From<Recorded> for Shown {
    fn from(recorded: Recorded) -> Self {
        let Recorded { seq, event } = recorded;
        let (at, actor) = (When(event.at), event.actor);
        let mut rest = serde_json::to_value(event).unwrap_or_default();
        if let Value::Object(members) = &mut rest {
            members.remove("at");
        }
        Self { seq, at, rest, actor }
    }
}

impl Listed for Shown {
    const COLUMNS: &'static [&'static str] =
        &["", "time", "what", "by", "user", "session", "client", "from", "detail"];

    fn cells(&self) -> Vec<String> {
        let text = |key: &str| self.rest[key].as_str().unwrap_or_default().to_owned();
        let by = match self.actor {
            Actor::Anybody => "anybody".to_owned(),
            Actor::User(id) => id.to_string(),
            Actor::Operator => "operator".to_owned(),
            Actor::Server => "server".to_owned(),
        };
        let what = text("kind").replace('_', " ");
        let rest = ["user", "session", "client", "address", "detail"].map(text);
        let first = [self.seq.to_string(), self.at.to_minute(), what, by];
        first.into_iter().chain(rest).collect()
    }
}
