//! `/api/v1/admin/users`.

use axum::extract::State;
use axum::response::Response;
use cloakroom_engine::UserFilter;
use cloakroom_engine::users::{AddUser, Credential};
use cloakroom_model::event::{Actor, Reason};
use cloakroom_model::id::UserId;
use cloakroom_model::link::Purpose;
use cloakroom_model::password::Password;
use cloakroom_model::user::{Email, Lookup, Role, Username};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answer;
use crate::api::view::{AdminUserView, DeviceView, DevicesView, Ended};
use crate::app::App;
use crate::around::Around;
use crate::body::Json;
use crate::caller::Administrator;
use crate::pages::paths;
use crate::parameters::{Query, Segment};
use crate::problem::{Kind, Problem};

/// A list of users.
#[derive(Serialize, ToSchema)]
pub struct Users<'a> {
    /// In the order in which they were made.
    users: Vec<AdminUserView<'a>>,
}

/// A user whom an administrator adds.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewUser)]
pub struct New {
    #[schema(value_type = String, format = "email", max_length = 254)]
    email: Email,
    #[schema(value_type = Option<String>, min_length = 2, max_length = 64)]
    username: Option<Username>,
    /// Without one, a recovery link lets the user choose it.
    #[schema(value_type = Option<String>, format = "password", min_length = 8, max_length = 1024)]
    password: Option<Password>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    roles: Vec<Role>,
}

/// What a user may do.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// `admin` may use this API; other words are for the applications that read them in tokens.
    #[schema(value_type = Vec<String>)]
    roles: Vec<Role>,
}

/// A one-time link for a user who is locked out.
#[derive(Serialize, ToSchema)]
pub struct RecoveryLink {
    /// To be given to the user, and to nobody else.
    #[schema(format = "uri")]
    link: String,
    /// In seconds.
    expires_in: u64,
}

/// Users, in the order in which they were made.
pub async fn list(
    State(app): State<App>,
    _: Administrator,
    query: Query,
) -> Result<Response, Problem> {
    let query = query.only(&["after", "begins_with", "limit"])?;
    let filter = UserFilter {
        after: query.read("after")?,
        begins_with: query.text("begins_with").map(Lookup::of),
        limit: query.limit()?,
    };
    let users = app.engine.list_users(&filter).await?;
    let users = users.iter().map(AdminUserView::new).collect();
    Ok(answer::ok(&Users { users }))
}

/// Adds a user.
pub async fn add(
    State(app): State<App>,
    Administrator { actor, .. }: Administrator,
    around: Around,
    Json(New { email, username, password, roles }): Json<New>,
) -> Result<Response, Problem> {
    let credential = password.map_or(Credential::None, Credential::Password);
    let add = AddUser { email, username, roles, credential };
    let user = app.engine.add_user(add, actor, &around.visitor).await?;
    Ok(answer::json(StatusCode::CREATED, &AdminUserView::new(&user)))
}

/// One user.
pub async fn get(
    State(app): State<App>,
    _: Administrator,
    segment: Segment,
) -> Result<Response, Problem> {
    let user = app.engine.find_user(segment.read()?).await?;
    let user = user.ok_or_else(|| Problem::new(Kind::NotFound))?;
    Ok(answer::ok(&AdminUserView::new(&user)))
}

/// Deletes a user and everything that is theirs.
pub async fn delete(
    State(app): State<App>,
    administrator: Administrator,
    segment: Segment,
) -> Result<Response, Problem> {
    let (actor, id) = other(&administrator, &segment)?;
    app.engine.delete_user(id, actor).await?;
    Ok(answer::done())
}

/// Keeps a user out; every session and grant of theirs ends.
pub async fn disable(
    State(app): State<App>,
    administrator: Administrator,
    segment: Segment,
) -> Result<Response, Problem> {
    let (actor, id) = other(&administrator, &segment)?;
    app.engine.disable_user(id, actor).await?;
    Ok(answer::done())
}

/// Lets a user in again.
pub async fn enable(
    State(app): State<App>,
    Administrator { actor, .. }: Administrator,
    segment: Segment,
) -> Result<Response, Problem> {
    app.engine.enable_user(segment.read()?, actor).await?;
    Ok(answer::done())
}

/// Forgets the failures at a user's password.
pub async fn unlock(
    State(app): State<App>,
    Administrator { actor, .. }: Administrator,
    segment: Segment,
) -> Result<Response, Problem> {
    app.engine.unlock_user(segment.read()?, actor).await?;
    Ok(answer::done())
}

/// Replaces what a user may do.
pub async fn set_roles(
    State(app): State<App>,
    administrator: Administrator,
    segment: Segment,
    Json(Roles { roles }): Json<Roles>,
) -> Result<Response, Problem> {
    let (actor, id) = other(&administrator, &segment)?;
    app.engine.set_roles(id, roles, actor).await?;
    Ok(answer::done())
}

/// Makes a link by which a locked-out user chooses a new password.
pub async fn recovery_link(
    State(app): State<App>,
    Administrator { actor, .. }: Administrator,
    segment: Segment,
) -> Result<Response, Problem> {
    let id: UserId = segment.read()?;
    if app.engine.find_user(id).await?.is_none() {
        return Err(Problem::new(Kind::NotFound));
    }
    let secret = app.engine.recovery_link(id, actor).await?;
    let link = paths::one_time_link(app.address.origin(), paths::RECOVER, &secret).to_string();
    let expires_in = Purpose::Recover { user: id }.lives().as_secs();
    Ok(answer::json(StatusCode::CREATED, &RecoveryLink { link, expires_in }))
}

/// Where a user is signed in.
pub async fn sessions(
    State(app): State<App>,
    Administrator { caller, .. }: Administrator,
    segment: Segment,
) -> Result<Response, Problem> {
    let sessions = app.engine.list_sessions(segment.read()?).await?;
    let current = Some(caller.identity.sid());
    let sessions = sessions.iter().map(|session| DeviceView::new(session, current)).collect();
    Ok(answer::ok(&DevicesView { sessions }))
}

/// Signs a user out everywhere.
pub async fn end_sessions(
    State(app): State<App>,
    Administrator { actor, .. }: Administrator,
    segment: Segment,
) -> Result<Response, Problem> {
    let ended = app.engine.end_all_of(segment.read()?, Reason::Operator, actor).await?;
    Ok(answer::ok(&Ended { ended }))
}

/// Somebody else than the administrator who asks: nobody locks themselves out by a slip.
fn other(administrator: &Administrator, segment: &Segment) -> Result<(Actor, UserId), Problem> {
    let id = segment.read()?;
    if administrator.caller.identity.user_id() == Some(id) {
        return Err(Problem::because(
            Kind::Conflict,
            "An administrator cannot do this to themselves; another one can.",
        ));
    }
    Ok((administrator.actor, id))
}
