//! `/account/apps`: what other applications may do, and taking it back.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use cloakroom_engine::StoreError;
use cloakroom_model::id::ClientId;
use http::StatusCode;

use crate::pages::failure::Failure;
use crate::pages::form_token::Purpose;
use crate::pages::member::Member;
use crate::pages::note::Note;
use crate::pages::view::apps::{App, Apps};
use crate::pages::view::consent::Want;
use crate::pages::view::form::Trouble;
use crate::pages::view::moment::Moment;
use crate::pages::view::site::Section;
use crate::pages::visit::{Visit, leave_note, read};
use crate::pages::{Pages, paths, reply, trouble};

/// The list.
pub(in crate::pages) async fn show(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
) -> Result<Response, Response> {
    let member = visit.member(&pages).await?;
    let mut view = list(&pages, &member).await.map_err(failed)?;
    if visit.note() == Some(Note::Withdrawn) {
        view = view.withdrawn();
    }
    Ok(visit.noted(&pages, reply::page(&pages, StatusCode::OK, &view)))
}

/// Back to the list, for who loads the address of the act.
pub(in crate::pages) async fn back() -> Response {
    reply::see_other(paths::APPS)
}

/// Takes back what one application may.
pub(in crate::pages) async fn withdraw(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
    request: Request,
) -> Result<Response, Response> {
    let form = read(request).await.map_err(Failure::into_response)?;
    let member = visit.member(&pages).await?;
    if !member.may_send(&pages, Purpose::Apps, &form) {
        let view = list(&pages, &member).await.map_err(failed)?.refused(Trouble::Expired);
        return Ok(reply::page(&pages, trouble::status(Trouble::Expired), &view));
    }
    let client = form.value("client_id").and_then(|text| ClientId::parse(text).ok());
    let client = client.ok_or_else(|| Failure::BadRequest.into_response())?;
    // Whether it was there or was taken back in another tab: it may do nothing now.
    pages.engine.withdraw(&member.identity, &client, &visit.visitor).await.map_err(failed)?;
    Ok(leave_note(&pages, reply::see_other(paths::APPS), Note::Withdrawn))
}

async fn list<'a>(pages: &'a Pages, member: &'a Member) -> Result<Apps<'a>, StoreError> {
    let consents = pages.engine.list_consents(member.user.id).await?;
    let apps = consents.into_iter().map(|(consent, client)| {
        let scopes = consent.scope.iter().map(|scope| Want::of_scope(scope));
        let claims = consent.claims.iter().filter(|name| *name != "sub").cloned().map(Want::Claim);
        App {
            name: client.map_or_else(|| consent.client.to_string(), |client| client.name.clone()),
            may: scopes.chain(claims).collect(),
            since: Moment::new(consent.at),
            client: consent.client,
        }
    });
    let token = member.token(pages, Purpose::Apps);
    Ok(Apps::new(member.room(pages, Section::Apps), token, apps.collect()))
}

fn failed(error: StoreError) -> Response {
    Failure::from(error).into_response()
}
