//! A session's cookie or a signed token, by Cloakroom's guard: known from memory, and forgotten by the feed.

use anyhow::Result;
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use cloakroom_guard::{CookieName, Guard, Identity, Settings as GuardSettings};

use crate::{Settings, answer};

pub(crate) fn router(settings: &Settings) -> Result<Router> {
    let Settings { issuer, audience, client_id, client_secret, .. } = settings;
    let guard = GuardSettings::new(issuer, audience)
        .service(client_id, client_secret.as_str())
        .cookie(CookieName::SameHost);
    let guard = Guard::start(guard)?;
    Ok(Router::new().route("/who", get(who)).layer(guard.layer()))
}

async fn who(identity: Option<Identity>) -> Response {
    answer(identity.and_then(|it| it.user().map(str::to_owned)))
}
