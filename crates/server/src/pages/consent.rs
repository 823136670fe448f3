//! `/consent`: the person allows a client what it asks for, or does not.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use cloakroom_engine::authorize::Question;
use cloakroom_model::registration::RegisteredBy;
use http::StatusCode;
use serde_json::Value;

use super::authorize::{behind, go_on, unanswered};
use super::failure::Failure;
use super::form_token::Purpose;
use super::local_path::LocalPath;
use super::member::Member;
use super::view::consent::{Asked, Consent, Want};
use super::view::form::Trouble;
use super::visit::{Visit, read, return_to};
use super::{Pages, reply, says, trouble};

/// The question.
pub(super) async fn show(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
) -> Result<Response, Response> {
    let member = visit.member(&pages).await?;
    let onward = visit.return_to().ok_or_else(|| Failure::BadRequest.into_response())?;
    ask(&pages, &visit, &member, &onward, None).await.map_err(Failure::into_response)
}

/// The answer.
pub(super) async fn send(
    State(pages): State<Arc<Pages>>,
    visit: Visit,
    request: Request,
) -> Result<Response, Response> {
    let form = read(request).await.map_err(Failure::into_response)?;
    let member = visit.member(&pages).await?;
    let onward = return_to(&form).ok_or_else(|| Failure::BadRequest.into_response())?;
    if !member.may_send(&pages, Purpose::Consent, &form) {
        let why = Some(Trouble::Expired);
        let asked = ask(&pages, &visit, &member, &onward, why).await;
        return asked.map_err(Failure::into_response);
    }
    let allowed = match form.value("answer") {
        Some("allow") => true,
        Some("deny") => false,
        _ => return Err(Failure::BadRequest.into_response()),
    };
    answer(&pages, &visit, &member, &onward, allowed).await.map_err(Failure::into_response)
}

async fn answer(
    pages: &Pages,
    visit: &Visit,
    member: &Member,
    onward: &LocalPath,
    allowed: bool,
) -> Result<Response, Failure> {
    let Some(question) = behind(pages, visit, onward).await? else {
        return Ok(reply::see_other(onward.as_str()));
    };
    if !allowed {
        return unanswered(pages, pages.engine.deny(&question));
    }
    if let Err(why) = pages.engine.allow(&question, &member.identity, &visit.visitor).await {
        return unanswered(pages, why);
    }
    // Whoever allowed it for this account chose the account.
    go_on(pages, &question, Some(member), true).await
}

async fn ask(
    pages: &Pages,
    visit: &Visit,
    member: &Member,
    onward: &LocalPath,
    why: Option<Trouble>,
) -> Result<Response, Failure> {
    let Some(question) = behind(pages, visit, onward).await? else {
        return Ok(reply::see_other(onward.as_str()));
    };
    let token = member.token(pages, Purpose::Consent);
    let host = host_of(&question.request.redirect_uri);
    let by = &question.client.registration.by;
    let unknown = *by != RegisteredBy::Operator;
    let document = matches!(by, RegisteredBy::Document { .. });
    let document_host = document.then(|| host_of(question.client.id.as_str()));
    let asked = Asked {
        unknown_at: unknown.then_some(host.as_str()),
        document_at: document_host.as_deref(),
        who: member.email(),
        wants: wants(&question),
    };
    let mut view = Consent::new(&pages.site, token, asked, says::by(&question), onward.clone());
    if let Some(why) = why {
        view = view.refused(why);
    }
    let status = why.map_or(StatusCode::OK, trouble::status);
    let page = reply::page(pages, status, &view);
    Ok(reply::leading_to(page, &question.request.redirect_uri))
}

/// What is asked for, a line each, the most familiar first.
fn wants(question: &Question) -> Vec<Want> {
    let request = &question.request;
    let scopes = request.scope.words().iter().map(|scope| Want::of_scope(scope));
    let claims = request.claims.names().into_iter().filter(|name| *name != "sub");
    let claims = claims.map(|name| Want::Claim(name.to_owned()));
    let details = request.authorization_details.iter().map(|detail| {
        let kind = detail.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        let others = detail.iter().filter(|(name, _)| *name != "type");
        let members = others.map(|(name, value)| (name.clone(), in_words(value))).collect();
        Want::Detail { kind, members }
    });
    let mut wants: Vec<Want> = scopes.chain(claims).chain(details).collect();
    // The words come sorted; a stable sort by familiarity keeps the rest as it was.
    wants.sort_by_key(|want| !matches!(want, Want::Known(_)));
    wants
}

/// A value as a person reads it: texts as they are, the rest as JSON.
fn in_words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(in_words).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// Where an answer goes, as a person recognises it.
fn host_of(redirect_uri: &str) -> String {
    let url = url::Url::parse(redirect_uri).ok();
    let host = url.as_ref().and_then(|url| url.host_str()).map(str::to_owned);
    host.unwrap_or_else(|| redirect_uri.to_owned())
}
