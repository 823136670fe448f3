//! `/api/v1/admin/streams`: which services are told of what happens to users, and how far behind they are.

use axum::extract::State;
use axum::response::Response;
use cloakroom_engine::StreamBacklog;
use cloakroom_model::id::StreamId;
use cloakroom_model::stream::Stream;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer;
use crate::app::App;
use crate::caller::Administrator;
use crate::problem::Problem;
use crate::timestamp::Rfc3339;

/// A stream of signals, and how far behind its receiver is.
#[derive(Serialize, ToSchema)]
#[schema(as = Stream)]
pub struct View<'a> {
    #[schema(value_type = String, format = "uuid")]
    id: StreamId,
    /// Whose it is.
    #[schema(value_type = String)]
    client_id: &'a str,
    /// `push` (RFC 8935) or `poll` (RFC 8936).
    #[schema(value_type = String)]
    delivery: &'static str,
    /// Where it is pushed to; null where it is polled.
    #[schema(value_type = Option<String>)]
    endpoint_url: Option<&'a str>,
    /// `enabled`, `paused` or `disabled`.
    #[schema(value_type = String)]
    status: &'static str,
    /// Why, in the words of whoever set the status; null where nothing was said.
    #[schema(value_type = Option<String>)]
    reason: Option<&'a str>,
    /// What the client says of it; null where it says nothing.
    #[schema(value_type = Option<String>)]
    description: Option<&'a str>,
    #[schema(value_type = String, format = "date-time")]
    created_at: Rfc3339,
    /// How many signals wait in it.
    waiting: usize,
    /// When the first of them happened; null where none waits.
    #[schema(value_type = Option<String>, format = "date-time")]
    waiting_since: Option<Rfc3339>,
    /// How often in a row it could not be pushed.
    failures: u32,
}

impl<'a> View<'a> {
    fn new(behind: &'a StreamBacklog) -> Self {
        let StreamBacklog { stream, waiting, since, failures } = behind;
        let Stream { id, client, delivery, status, reason, description, created_at, .. } = stream;
        Self {
            id: *id,
            client_id: client.as_str(),
            // What is sent along in `Authorization` is shown to nobody.
            delivery: delivery.as_str(),
            endpoint_url: delivery.endpoint(),
            status: status.as_str(),
            reason: reason.as_deref(),
            description: description.as_deref(),
            created_at: Rfc3339(*created_at),
            waiting: *waiting,
            waiting_since: since.map(Rfc3339),
            failures: *failures,
        }
    }
}

/// All streams of signals.
#[derive(Serialize, ToSchema)]
pub struct Streams<'a> {
    /// The oldest first.
    streams: Vec<View<'a>>,
}

/// All streams of signals.
pub async fn list(State(app): State<App>, _: Administrator) -> Result<Response, Problem> {
    let streams = app.engine.list_streams().await?;
    Ok(answer::ok(&Streams { streams: streams.iter().map(View::new).collect() }))
}
