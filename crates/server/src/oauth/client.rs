//! RFC 6749 §2.3: the client of a request to an OAuth endpoint, authenticated as far as it must be, and the key that it
//! proves beside (RFC 9449 §5, RFC 8705 §3).

use std::sync::Arc;

use axum::body::Body;
use cloakroom_engine::possession::Unproved;
use cloakroom_engine::visitor::Visitor;
use cloakroom_model::client::Client;
use cloakroom_model::grant::Confirmation;
use cloakroom_model::registration::Binding;
use cloakroom_oauth::client_authentication::Claimed;
use cloakroom_oauth::error::{Code, Error};
use cloakroom_oauth::form::Form;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderValue, Request};

use crate::app::App;
use crate::body;
use crate::dpop::Proof;
use crate::layers::client_certificate::ClientCertificate;
use crate::oauth::refusal::Refusal;
use crate::presented;
use crate::problem::Problem;

/// Reads the form of a request and finds out which client sent it.
pub async fn read(
    app: &App,
    visitor: &Visitor,
    request: Request<Body>,
) -> Result<(Parts, Form, Arc<Client>), Refusal> {
    let (parts, body) = request.into_parts();
    let form = body::form(&parts.headers, body).await?;
    let client = authenticate(app, visitor, &parts, &form).await?;
    Ok((parts, form, client))
}

/// The same, of a request with which a client may come for the first time, because its name leads to a document about it.
pub async fn meet(
    app: &App,
    visitor: &Visitor,
    request: Request<Body>,
) -> Result<(Parts, Form, Arc<Client>), Refusal> {
    let (parts, body) = request.into_parts();
    let form = body::form(&parts.headers, body).await?;
    app.engine.meet_client(form.value("client_id"), &*app.fetch, visitor).await?;
    let client = authenticate(app, visitor, &parts, &form).await?;
    Ok((parts, form, client))
}

/// What a client's tokens are to be bound to: its certificate where it registered that, and otherwise the key that it proves
/// with its request, if it does. To be asked for last: the proof does not count again.
pub async fn proved_key(
    app: &App,
    parts: &Parts,
    client: &Client,
    visitor: &Visitor,
) -> Result<Option<Confirmation>, Refusal> {
    if client.registration.binding == Binding::Certificate {
        let shown = ClientCertificate::shown(&parts.extensions);
        return Ok(shown.map(|shown| shown.certificate.confirmation()));
    }
    let key = async || match Proof::of(app, parts)? {
        Some(proof) => proof.key(app, visitor).await.map(Some),
        None => Ok(None),
    };
    key().await.map_err(|why| {
        let nonce = match &why {
            Unproved::Refused(error) => presented::nonce(app, error),
            _ => None,
        };
        Refusal::from(why).with_nonce(nonce)
    })
}

async fn authenticate(
    app: &App,
    visitor: &Visitor,
    parts: &Parts,
    form: &Form,
) -> Result<Arc<Client>, Refusal> {
    let mut lines = parts.headers.get_all(AUTHORIZATION).iter();
    let (authorization, None) = (lines.next(), lines.next()) else {
        return Err(Error::new(Code::InvalidRequest, "there are two Authorization headers").into());
    };
    let claimed = Claimed::read(authorization.map(HeaderValue::as_bytes), form)?;
    let shown = ClientCertificate::shown(&parts.extensions);
    Ok(app.engine.authenticate_client(&claimed, shown.as_ref(), visitor, &app.fetch).await?)
}

impl From<Unproved> for Refusal {
    fn from(why: Unproved) -> Self {
        match why {
            Unproved::Refused(error) => error.into(),
            Unproved::Limited(limited) => Problem::from(limited).into(),
            Unproved::Store(error) => Problem::from(error).into(),
            other => crate::refusals::internal(&other).into(),
        }
    }
}
