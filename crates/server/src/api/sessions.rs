//! `/api/v1/sessions`: my devices.

use axum::extract::State;
use axum::response::Response;
use cloakroom_model::id::SessionId;

use crate::answer;
use crate::api::view::{DeviceView, DevicesView, Ended};
use crate::app::App;
use crate::caller::{Account, not_ended};
use crate::parameters::{Query, Segment};
use crate::problem::{Kind, Problem};

/// Where I am signed in.
pub async fn list(State(app): State<App>, account: Account) -> Result<Response, Problem> {
    let sessions = app.engine.list_sessions(account.user_id()?).await?;
    let current = Some(account.0.identity.sid());
    let sessions = sessions.iter().map(|session| DeviceView::new(session, current)).collect();
    Ok(answer::ok(&DevicesView { sessions }))
}

/// Ends one of mine.
pub async fn end(
    State(app): State<App>,
    Account(caller): Account,
    segment: Segment,
) -> Result<Response, Problem> {
    let sid: SessionId = segment.read()?;
    let ended = app.engine.end_my_session(&caller.identity, sid).await;
    if !ended.map_err(|error| not_ended(&app, error))? {
        return Err(Problem::new(Kind::NotFound));
    }
    let mut response = answer::done();
    if sid == caller.identity.sid() && caller.by_cookie() {
        app.take_cookie(&mut response);
    }
    Ok(response)
}

/// Ends all others of mine; with `?all=true` this one too.
pub async fn end_all(
    State(app): State<App>,
    Account(caller): Account,
    query: Query,
) -> Result<Response, Problem> {
    let all = match query.only(&["all"])?.text("all") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Problem::field("all", "true or false")),
    };
    let ended = app.engine.end_my_sessions(&caller.identity, all).await;
    let ended = ended.map_err(|error| not_ended(&app, error))?;
    let mut response = answer::ok(&Ended { ended });
    if all && caller.by_cookie() {
        app.take_cookie(&mut response);
    }
    Ok(response)
}
