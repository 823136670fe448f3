//! `POST /oauth/introspect` (RFC 7662, RFC 9701).

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use cloakroom_engine::introspect::IntrospectError;
use cloakroom_oauth::error::Code;
use cloakroom_oauth::introspection::TYP;
use cloakroom_oauth::token_in_question::TokenInQuestion;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Request};

use crate::answer;
use crate::app::App;
use crate::around::Around;
use crate::oauth::client;
use crate::oauth::refusal::Refusal;
use crate::oauth::token::unkept;
use crate::place::Passed;
use crate::problem::Problem;

/// Says what a token is worth. Who asks must have proved who it is: what a token says is not for everybody.
pub async fn post(
    State(app): State<App>,
    Around { visitor, .. }: Around,
    request: Request<Body>,
) -> Result<Response, Refusal> {
    let signed = wants_it_signed(request.headers());
    let passed = Passed::before(&app, request.headers());
    let (_, form, client) = client::read(&app, &visitor, request).await?;
    let request = TokenInQuestion::read(&form)?;
    if !client.is_confidential() {
        return Err(Code::InvalidClient.into());
    }
    let introspection = app.engine.introspect(&request, &client, &visitor).await?;
    let answer = if signed {
        let token =
            app.engine.sign_introspection(&introspection, &client).map_err(Problem::from)?;
        as_token(token)
    } else {
        answer::ok(&introspection)
    };
    Ok(passed.told_by(unkept(answer)))
}

/// RFC 9701 §4.
fn wants_it_signed(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let wanted = media_type();
    accepted.split(',').any(|one| one.split(';').next().unwrap_or_default().trim() == wanted)
}

fn as_token(token: String) -> Response {
    let mut response = Response::new(Body::from(token));
    if let Ok(value) = HeaderValue::try_from(media_type()) {
        response.headers_mut().insert(CONTENT_TYPE, value);
    }
    response
}

fn media_type() -> String {
    format!("application/{TYP}")
}

impl From<IntrospectError> for Refusal {
    fn from(error: IntrospectError) -> Self {
        match error {
            IntrospectError::Limited(limited) => Problem::from(limited).into(),
            IntrospectError::Store(error) => Problem::from(error).into(),
            error => crate::refusals::internal(&error).into(),
        }
    }
}
