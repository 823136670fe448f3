//! `/api/v1/admin/events`.

use axum::extract::State;
use axum::response::Response;
use cloakroom_engine::{EventFilter, Page};
use cloakroom_model::event::{Actor, Kind as What, Recorded};
use cloakroom_model::id::{ClientId, GrantId, SessionId, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer;
use crate::app::App;
use crate::caller::Administrator;
use crate::parameters::Query;
use crate::problem::Problem;
use crate::timestamp::Rfc3339;

/// Something that happened.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
pub struct View<'a> {
    /// Its number; later events have higher ones.
    seq: u64,
    #[schema(value_type = String, format = "date-time")]
    at: Rfc3339,
    /// What happened: `signed_in`, `session_ended`, …
    #[schema(value_type = String)]
    kind: What,
    /// Who did it.
    #[schema(value_type = Object)]
    actor: Actor,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    user: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    session: Option<SessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    grant: Option<GrantId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    client: Option<&'a ClientId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    address: Option<&'a str>,
    /// A reason, a number, a role.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    detail: Option<&'a str>,
}

impl<'a> View<'a> {
    fn new(recorded: &'a Recorded) -> Self {
        let Recorded { seq, event } = recorded;
        Self {
            seq: *seq,
            at: Rfc3339(event.at),
            kind: event.kind,
            actor: event.actor,
            user: event.user,
            session: event.session,
            grant: event.grant,
            client: event.client.as_ref(),
            address: event.address.as_deref(),
            detail: event.detail.as_deref(),
        }
    }
}

/// A piece of the list.
#[derive(Serialize, ToSchema)]
pub struct Events<'a> {
    /// The latest first.
    events: Vec<View<'a>>,
}

/// What happened, the latest first.
pub async fn list(
    State(app): State<App>,
    _: Administrator,
    query: Query,
) -> Result<Response, Problem> {
    let query = query.only(&["before", "limit", "user"])?;
    let before = query.read::<u64>("before").map_err(|_| Problem::field("before", "a number"))?;
    let page = Page { before, limit: query.limit()? };
    let filter = EventFilter { user: query.read("user")?, page };
    let events = app.engine.list_events(&filter).await?;
    Ok(answer::ok(&Events { events: events.iter().map(View::new).collect() }))
}
