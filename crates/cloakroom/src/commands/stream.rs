//! `cloakroom stream`: which services are told of what happens to users, and how far behind they are.

use cloakroom_engine::StreamBacklog;
use cloakroom_model::id::{ClientId, StreamId};
use cloakroom_model::stream::Stream;
use serde::Serialize;

use crate::{
    arguments::StreamCommand,
    exit::Failure,
    offline::{self, Keys},
    output::{Listed, Output},
    settings::Given,
    when::When,
};

/// Runs one of the commands below `stream`.
pub(super) fn run(command: &StreamCommand, given: &Given, output: &Output) -> Result<(), Failure> {
    let StreamCommand::List = command;
    offline::run(given, Keys::NotNeeded, async |offline| {
        let streams = offline.engine.list_streams().await?;
        output.list("streams", &streams.into_iter().map(Shown::from).collect::<Vec<_>>())
    })
}

/// A stream as commands show it.
#[derive(Serialize)]
struct Shown {
    id: StreamId,
    client_id: ClientId,
    delivery: &'static str,
    /// Null where it is polled.
    endpoint_url: Option<String>,
    status: &'static str,
    reason: Option<String>,
    description: Option<String>,
    created_at: When,
    waiting: usize,
    waiting_since: Option<When>,
    failures: u32,
}

impl From<StreamBacklog> for Shown {
    fn from(behind: StreamBacklog) -> Self {
        let StreamBacklog { stream, waiting, since, failures } = behind;
        let Stream { id, client, delivery, status, reason, description, created_at, .. } = stream;
        Self {
            id,
            client_id: client,
            delivery: delivery.as_str(),
            endpoint_url: delivery.endpoint().map(str::to_owned),
            status: status.as_str(),
            reason,
            description,
            created_at: When(created_at),
            waiting,
            waiting_since: since.map(When),
            failures,
        }
    }
}

impl Listed for Shown {
    const COLUMNS: &'static [&'static str] =
        &["client", "delivery", "status", "waiting", "since", "failures", "to", "reason"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.client_id.to_string(),
            self.delivery.to_owned(),
            self.status.to_owned(),
            self.waiting.to_string(),
            self.waiting_since.map(When::to_minute).unwrap_or_default(),
            self.failures.to_string(),
            self.endpoint_url.clone().unwrap_or_default(),
            self.reason.clone().unwrap_or_default(),
        ]
    }
}
