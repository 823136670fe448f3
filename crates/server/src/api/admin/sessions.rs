//! `/api/v1/admin/sessions`.

use axum::extract::State;
use axum::response::Response;

use crate::answer;
use crate::api::view::{DeviceView, DevicesView};
use crate::app::App;
use crate::caller::Administrator;
use crate::parameters::{Query, Segment};
use crate::problem::{Kind, Problem};

/// All signed-in sessions, in the order in which they began.
pub async fn list(
    State(app): State<App>,
    Administrator { caller, .. }: Administrator,
    query: Query,
) -> Result<Response, Problem> {
    let query = query.only(&["after", "limit"])?;
    let sessions = app.engine.list_all_sessions(query.read("after")?, query.limit()?).await?;
    let current = Some(caller.identity.sid());
    let sessions = sessions.iter().map(|session| DeviceView::new(session, current)).collect();
    Ok(answer::ok(&DevicesView { sessions }))
}

/// Ends any session, a guest's too.
pub async fn end(
    State(app): State<App>,
    Administrator { actor, .. }: Administrator,
    segment: Segment,
) -> Result<Response, Problem> {
    if app.engine.end_any_session(segment.read()?, actor).await? {
        Ok(answer::done())
    } else {
        Err(Problem::new(Kind::NotFound))
    }
}
