//! `/api/v1/admin/initial-tokens`: the right to register clients, handed on (RFC 7591 §3).

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use cloakroom_engine::clients::{InitialTokenError, NewInitialToken};
use cloakroom_model::id::InitialTokenId;
use cloakroom_model::initial_token::InitialToken;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answer;
use crate::app::App;
use crate::body::Json;
use crate::caller::Administrator;
use crate::parameters::Segment;
use crate::problem::{Kind, Problem};
use crate::timestamp::Rfc3339;

/// An initial access token that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewInitialToken)]
pub struct New {
    /// Whom it is for.
    #[serde(default)]
    #[schema(max_length = 100)]
    note: String,
    /// How long it works, in seconds; a day where there is nothing.
    #[schema(minimum = 1, maximum = 31_536_000)]
    expires_in: Option<u32>,
    /// How many clients it registers; one where there is nothing.
    #[schema(minimum = 1, maximum = 1_000_000)]
    uses: Option<u32>,
    /// Whether it registers as many as there is room for.
    #[serde(default)]
    unlimited: bool,
}

/// An initial access token.
#[derive(Serialize, ToSchema)]
#[schema(as = InitialToken)]
pub struct View<'a> {
    #[schema(value_type = String, format = "uuid")]
    id: InitialTokenId,
    #[schema(value_type = String)]
    note: &'a str,
    /// How many clients it still registers; null where as many as there is room for.
    uses_left: Option<u32>,
    #[schema(value_type = String, format = "date-time")]
    created_at: Rfc3339,
    #[schema(value_type = String, format = "date-time")]
    expires_at: Rfc3339,
}

impl<'a> View<'a> {
    fn new(token: &'a InitialToken) -> Self {
        let InitialToken { id, note, uses_left, created_at, expires_at, .. } = token;
        let (created_at, expires_at) = (Rfc3339(*created_at), Rfc3339(*expires_at));
        Self { id: *id, note, uses_left: *uses_left, created_at, expires_at }
    }
}

/// The initial access tokens that work.
#[derive(Serialize, ToSchema)]
pub struct InitialTokens<'a> {
    /// The oldest first.
    initial_tokens: Vec<View<'a>>,
}

/// An initial access token that was made.
#[derive(Serialize, ToSchema)]
#[schema(as = MadeInitialToken)]
pub struct Made<'a> {
    initial_token: View<'a>,
    /// Shown this once.
    #[schema(value_type = String)]
    token: &'a str,
}

/// The initial access tokens that work.
pub async fn list(State(app): State<App>, _: Administrator) -> Result<Response, Problem> {
    let tokens = app.engine.list_initial_tokens().await?;
    Ok(answer::ok(&InitialTokens { initial_tokens: tokens.iter().map(View::new).collect() }))
}

/// Makes an initial access token.
pub async fn make(
    State(app): State<App>,
    Administrator { actor, .. }: Administrator,
    Json(new): Json<New>,
) -> Result<Response, Problem> {
    let uses = match (new.uses, new.unlimited) {
        (Some(_), true) => return Err(Problem::field("uses", "nothing beside unlimited")),
        (None, true) => None,
        (uses, false) => Some(uses.unwrap_or(1)),
    };
    let seconds = new.expires_in.map(|seconds| Duration::from_secs(seconds.into()));
    let lives = seconds.unwrap_or(NewInitialToken::LIVES);
    let new = NewInitialToken { note: new.note, lives, uses };
    let (token, secret) = app.engine.make_initial_token(new, actor).await?;
    let made = Made { initial_token: View::new(&token), token: &secret };
    Ok(answer::json(StatusCode::CREATED, &made))
}

/// Takes an initial access token back.
pub async fn remove(
    State(app): State<App>,
    Administrator { actor, .. }: Administrator,
    segment: Segment,
) -> Result<Response, Problem> {
    if app.engine.remove_initial_token(segment.read()?, actor).await? {
        Ok(answer::done())
    } else {
        Err(Problem::new(Kind::NotFound))
    }
}

impl From<InitialTokenError> for Problem {
    fn from(error: InitialTokenError) -> Self {
        match error {
            InitialTokenError::Invalid { field: "lives", expected } => {
                Self::field("expires_in", expected)
            }
            InitialTokenError::Invalid { field, expected } => Self::field(field, expected),
            InitialTokenError::Store(error) => error.into(),
            error => crate::refusals::internal(&error),
        }
    }
}
