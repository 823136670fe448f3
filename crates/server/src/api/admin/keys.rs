//! `/api/v1/admin/keys`.

use axum::extract::State;
use axum::response::Response;
use cloakroom_engine::keys::KeyView;
use cloakroom_jose::Algorithm;
use cloakroom_model::id::KeyId;
use cloakroom_model::key::Stage;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answer;
use crate::app::App;
use crate::body::Json;
use crate::caller::Administrator;
use crate::parameters::Segment;
use crate::problem::Problem;
use crate::timestamp::Rfc3339;

/// A signing key without what signs.
#[derive(Serialize, ToSchema)]
#[schema(as = Key)]
pub struct View<'a> {
    #[schema(value_type = String)]
    kid: &'a str,
    #[schema(value_type = String)]
    algorithm: &'a str,
    /// The audience that shares it, for HMAC; null for a published key.
    #[schema(value_type = Option<String>)]
    audience: Option<&'a str>,
    /// `next`, `current`, `retired` or `compromised`.
    #[schema(value_type = String)]
    stage: &'static str,
    #[schema(value_type = String, format = "date-time")]
    since: Rfc3339,
}

impl<'a> View<'a> {
    fn new(key: &'a KeyView) -> Self {
        let (stage, since) = match key.stage {
            Stage::Next { since } => ("next", since),
            Stage::Current { since } => ("current", since),
            Stage::Retired { since } => ("retired", since),
            Stage::Compromised { since } => ("compromised", since),
        };
        let audience = key.audience.as_deref();
        Self { kid: &key.id.0, algorithm: &key.algorithm, audience, stage, since: Rfc3339(since) }
    }
}

/// All signing keys.
#[derive(Serialize, ToSchema)]
pub struct Keys<'a> {
    /// The oldest first.
    keys: Vec<View<'a>>,
}

/// Which algorithm's key shall give way to its successor.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RotateKey)]
pub struct Rotate {
    /// Such as `EdDSA` or `ES256`.
    #[schema(value_type = String)]
    algorithm: Algorithm,
}

/// All signing keys.
pub async fn list(State(app): State<App>, _: Administrator) -> Result<Response, Problem> {
    let keys = app.engine.list_keys().await?;
    Ok(answer::ok(&Keys { keys: keys.iter().map(View::new).collect() }))
}

/// Retires the current key of an algorithm now, and signs with its successor.
pub async fn rotate(
    State(app): State<App>,
    Administrator { actor, .. }: Administrator,
    Json(Rotate { algorithm }): Json<Rotate>,
) -> Result<Response, Problem> {
    let key = app.engine.rotate_key(algorithm, actor).await?;
    Ok(answer::ok(&View::new(&key)))
}

/// Gives a key up: whatever it signed is refused.
pub async fn compromise(
    State(app): State<App>,
    Administrator { actor, .. }: Administrator,
    segment: Segment,
) -> Result<Response, Problem> {
    app.engine.compromise_key(&KeyId(segment.text().to_owned()), actor).await?;
    Ok(answer::done())
}
