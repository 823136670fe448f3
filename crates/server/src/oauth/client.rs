//! RFC 6749 §2.3: the client of a request to an OAuth endpoint, authenticated as far as it must be.

use std::sync::Arc;

use axum::body::Body;
use cloakroom_model::client::Client;
use cloakroom_oauth::client_authentication::{Check, Claimed};
use cloakroom_oauth::error::{Code, Error};
use cloakroom_oauth::form::Form;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Request};

use crate::app::App;
use crate::body;
use crate::oauth::refusal::Refusal;

/// Reads the form of a request and finds out which client sent it.
pub async fn read(app: &App, request: Request<Body>) -> Result<(Form, Arc<Client>), Refusal> {
    let headers = request.headers().clone();
    let form = body::form(request).await?;
    let client = authenticate(app, &headers, &form)?;
    Ok((form, client))
}

fn authenticate(app: &App, headers: &HeaderMap, form: &Form) -> Result<Arc<Client>, Refusal> {
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let (authorization, None) = (lines.next(), lines.next()) else {
        return Err(Error::new(Code::InvalidRequest, "there are two Authorization headers").into());
    };
    let claimed = Claimed::read(authorization.map(HeaderValue::as_bytes), form)?;
    let client = app.engine.find_client(&claimed.client);
    let client = client.ok_or_else(|| Refusal::from(Code::InvalidClient))?;
    let proved = match claimed.check(&client)? {
        Check::Nothing => true,
        Check::Secret(secret) => app.engine.is_client_secret(&client, secret),
        // Nothing here sees keys or certificates of clients.
        Check::Assertion(_) | Check::CertificateByName | Check::CertificateByKey => false,
    };
    if proved { Ok(client) } else { Err(Code::InvalidClient.into()) }
}
