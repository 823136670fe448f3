//! `/api/v1/account` and `/api/v1/password`: my own account.
//!
//! Each change asks for the password again: an open browser is not its owner.

use axum::extract::State;
use axum::response::Response;
use cloakroom_model::password::Password;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answer;
use crate::api::view::{IdentityView, UserView};
use crate::app::App;
use crate::around::Around;
use crate::body::Json;
use crate::caller::Account;
use crate::problem::Problem;

/// A new password for somebody who knows the old one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    #[schema(value_type = String, format = "password", max_length = 1024)]
    current_password: Password,
    #[schema(value_type = String, format = "password", min_length = 8, max_length = 1024)]
    new_password: Password,
    /// Whether all my other sessions end; they do where nothing is said.
    #[serde(default = "yes")]
    end_others: bool,
}

/// New names for somebody who knows the password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeNames {
    #[schema(format = "email", max_length = 254)]
    email: String,
    /// None where it is absent or null.
    #[schema(min_length = 2, max_length = 64)]
    username: Option<String>,
    #[schema(value_type = String, format = "password", max_length = 1024)]
    current_password: Password,
}

/// The end of an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteAccount {
    #[schema(value_type = String, format = "password", max_length = 1024)]
    current_password: Password,
}

/// A user alone.
#[derive(Serialize, ToSchema)]
#[schema(as = UserAnswer)]
pub struct OneUser<'a> {
    user: UserView<'a>,
}

/// Changes the password. This session gets a new secret.
pub async fn change_password(
    State(app): State<App>,
    Account(caller): Account,
    around: Around,
    Json(change): Json<ChangePassword>,
) -> Result<Response, Problem> {
    let ChangePassword { current_password, new_password, end_others } = change;
    let changed = app
        .engine
        .change_my_password(
            &caller.identity,
            &current_password,
            &new_password,
            end_others,
            &around.browser,
            &around.visitor,
        )
        .await?;
    let view = IdentityView::of(&changed.session, caller.identity.carrier);
    let mut response = answer::ok(&view);
    app.give_cookies(&changed, &mut response);
    Ok(response)
}

/// Changes email and username.
pub async fn change_names(
    State(app): State<App>,
    Account(caller): Account,
    around: Around,
    Json(change): Json<ChangeNames>,
) -> Result<Response, Problem> {
    let user = app
        .engine
        .change_my_names(
            &caller.identity,
            &change.current_password,
            &change.email,
            change.username.as_deref(),
            &around.browser,
            &around.visitor,
        )
        .await?;
    Ok(answer::ok(&OneUser { user: UserView::new(&user) }))
}

/// Deletes the account and everything that is its.
pub async fn delete(
    State(app): State<App>,
    Account(caller): Account,
    around: Around,
    Json(DeleteAccount { current_password }): Json<DeleteAccount>,
) -> Result<Response, Problem> {
    let Around { visitor, browser } = around;
    app.engine.delete_me(&caller.identity, &current_password, &browser, &visitor).await?;
    let mut response = answer::done();
    if caller.by_cookie() {
        app.take_cookie(&mut response);
    }
    Ok(response)
}

const fn yes() -> bool {
    true
}
