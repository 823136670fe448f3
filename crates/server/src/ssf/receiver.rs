//! Who asks: a service, by its own access token, which stands in the header and nowhere else.

use cloakroom_engine::service::Service;
use cloakroom_oauth::ssf::{MANAGE, READ};
use http::request::Parts;

use super::refusal::Refused;
use crate::app::App;
use crate::presented::Presented;

/// What a request needs.
#[derive(Clone, Copy)]
pub(super) enum Right {
    /// To look at a stream and to receive what waits in it.
    Read,
    /// To do with a stream whatever can be done.
    Manage,
}

/// Finds out who asks, and that they may.
pub(super) async fn receiver(app: &App, parts: &Parts, right: Right) -> Result<Service, Refused> {
    let presented = Presented::of(app, parts, None, None);
    let presented = presented.map_err(|error| Refused::token(app, Some(&error)))?;
    let presented = presented.ok_or_else(|| Refused::token(app, None))?;
    let key = presented.key();
    let service = app.engine.check_service(presented.token, key.as_ref()).await;
    let service = service.map_err(|why| Refused::service(app, why))?;
    let may = |scope| service.scope.contains(scope);
    match right {
        Right::Read if !may(READ) && !may(MANAGE) => return Err(Refused::scope(app, READ)),
        Right::Manage if !may(MANAGE) => return Err(Refused::scope(app, MANAGE)),
        _ => {}
    }
    presented.spend_proof(app).await.map_err(|why| Refused::proof(app, why))?;
    Ok(service)
}
