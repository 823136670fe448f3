//! `/api/v1/admin/clients`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use cloakroom_engine::clients::{ClientError, NewClient, Said, read_registration, registered};
use cloakroom_model::client::{Client, Template, TokenPlace};
use cloakroom_model::id::ClientId;
use cloakroom_model::session::Carrier;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::registration::Registration;
use crate::answer;
use crate::api::view::CarrierSchema;
use crate::app::App;
use crate::body::Json;
use crate::caller::Administrator;
use crate::parameters::Segment;
use crate::problem::{Kind, Problem};
use crate::timestamp::Rfc3339;

/// A client that is to be registered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewClient)]
pub struct New {
    /// Its name in requests; made up where there is none.
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9._~:/-]{1,255}$")]
    client_id: Option<ClientId>,
    /// Its name for people.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Which kind of application it is: this chooses its carriers and lifetimes.
    #[schema(value_type = TemplateSchema)]
    template: Template,
    /// Whether it belongs to whoever runs this server.
    #[serde(default)]
    first_party: bool,
    /// The web origins it runs on.
    #[serde(default)]
    origins: Vec<String>,
    /// The audiences its tokens may name, beside this server itself.
    #[serde(default)]
    audiences: Vec<String>,
    /// The scopes its tokens may have.
    #[serde(default)]
    scopes: Vec<String>,
    /// The `alg` of its tokens; the server's default where there is none.
    algorithm: Option<String>,
    /// Where else than the header it may put a token; for the template `legacy` alone.
    #[serde(default)]
    #[schema(value_type = Vec<TokenPlaceSchema>)]
    token_places: Vec<TokenPlace>,
    /// Whether it gets a secret to prove itself with. One whose method of authentication needs a secret gets it anyway.
    #[serde(default)]
    confidential: bool,
    /// What it registers for OAuth and OpenID Connect, as it would say it of itself; the template completes it.
    registration: Option<Registration>,
    /// Whether PKCE may be left out, by a client that proves itself and knows nothing of it.
    #[serde(default)]
    danger_without_pkce: bool,
}

/// The kinds of application that have a ready policy.
#[derive(ToSchema)]
#[schema(as = Template, rename_all = "snake_case")]
pub enum TemplateSchema {
    /// Pages rendered on a server.
    Web,
    /// A single-page application behind its own backend.
    Spa,
    /// An application on a phone or a desktop.
    Mobile,
    /// One that can only send a token in a body or a query, or only verify HMAC.
    Legacy,
    /// A program that asks in its own name.
    Service,
}

/// A place beside the header.
#[derive(ToSchema)]
#[schema(as = TokenPlace, rename_all = "snake_case")]
pub enum TokenPlaceSchema {
    /// `access_token` in a form body.
    Body,
    /// `access_token` in the query.
    Query,
}

/// A client and its policy.
#[derive(Serialize, ToSchema)]
#[schema(as = Client)]
pub struct View<'a> {
    #[schema(value_type = String)]
    client_id: &'a ClientId,
    #[schema(value_type = String)]
    name: &'a str,
    #[schema(value_type = TemplateSchema)]
    template: Template,
    first_party: bool,
    #[schema(value_type = Vec<CarrierSchema>)]
    carriers: &'a [Carrier],
    #[schema(value_type = Vec<TokenPlaceSchema>)]
    token_places: &'a [TokenPlace],
    #[schema(value_type = Vec<String>)]
    origins: &'a [String],
    #[schema(value_type = Vec<String>)]
    audiences: &'a [String],
    #[schema(value_type = Vec<String>)]
    scopes: &'a [String],
    #[schema(value_type = Option<String>)]
    algorithm: Option<&'a str>,
    /// How long its access tokens live, in seconds.
    access_token_ttl: u64,
    /// How long its sessions may go unused, in seconds.
    idle_ttl: u64,
    /// When its sessions end whatever happens, in seconds.
    absolute_ttl: u64,
    /// Whether it proves that it is itself.
    confidential: bool,
    /// What it registered for OAuth and OpenID Connect, as it would register it again (RFC 7591 section 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    registration: Option<Said>,
    /// Who registered it: `operator`, `itself` or `document`.
    registered_by: &'static str,
    /// Whether PKCE may be left out.
    danger_without_pkce: bool,
    #[schema(value_type = String, format = "date-time")]
    created_at: Rfc3339,
}

impl<'a> View<'a> {
    fn new(client: &'a Client) -> Self {
        Self {
            client_id: &client.id,
            name: &client.name,
            template: client.template,
            first_party: client.first_party,
            carriers: &client.carriers,
            token_places: &client.token_places,
            origins: &client.origins,
            audiences: &client.audiences,
            scopes: &client.scopes,
            algorithm: client.algorithm.as_deref(),
            access_token_ttl: client.lifetimes.access_token.as_secs(),
            idle_ttl: client.lifetimes.idle.as_secs(),
            absolute_ttl: client.lifetimes.absolute.as_secs(),
            confidential: client.is_confidential(),
            registration: registered(client),
            registered_by: client.registration.by.as_str(),
            danger_without_pkce: client.registration.requests.danger_without_pkce,
            created_at: Rfc3339(client.created_at),
        }
    }
}

/// All clients.
#[derive(Serialize, ToSchema)]
pub struct Clients<'a> {
    /// By name.
    clients: Vec<View<'a>>,
}

/// A client that was registered.
#[derive(Serialize, ToSchema)]
#[schema(as = AddedClient)]
pub struct Added<'a> {
    client: View<'a>,
    /// Shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    client_secret: Option<&'a str>,
}

/// All clients, the built-in one too.
pub async fn list(State(app): State<App>, _: Administrator) -> Result<Response, Problem> {
    let clients: Vec<Arc<Client>> = app.engine.list_clients();
    let clients = clients.iter().map(|client| View::new(client)).collect();
    Ok(answer::ok(&Clients { clients }))
}

/// Registers a client.
pub async fn add(
    State(app): State<App>,
    Administrator { actor, .. }: Administrator,
    Json(new): Json<New>,
) -> Result<Response, Problem> {
    let said = new.registration.map(Registration::said).unwrap_or_default();
    let mut registration = read_registration(new.template, new.confidential, said)?;
    registration.requests.danger_without_pkce = new.danger_without_pkce;
    let new = NewClient {
        id: new.client_id,
        name: new.name,
        template: new.template,
        first_party: new.first_party,
        origins: new.origins,
        audiences: new.audiences,
        scopes: new.scopes,
        algorithm: new.algorithm,
        token_places: new.token_places,
        confidential: new.confidential,
        registration,
    };
    let added = app.engine.add_client(new, actor).await.map_err(|error| match error {
        // What holds a list here is named in the plural.
        ClientError::Invalid { field: "origin", problem } => Problem::field("origins", problem),
        ClientError::Invalid { field: "audience", problem } => Problem::field("audiences", problem),
        ClientError::Invalid { field: "scope", problem } => Problem::field("scopes", problem),
        error => error.into(),
    })?;
    let client_secret = added.secret.as_ref().map(|secret| secret.as_str());
    let view = Added { client: View::new(&added.client), client_secret };
    Ok(answer::json(StatusCode::CREATED, &view))
}

/// One client.
pub async fn get(
    State(app): State<App>,
    _: Administrator,
    segment: Segment,
) -> Result<Response, Problem> {
    let client = app.engine.find_client(&named(&segment)?);
    let client = client.ok_or_else(|| Problem::new(Kind::NotFound))?;
    Ok(answer::ok(&View::new(&client)))
}

/// Removes a client; its grants end.
pub async fn remove(
    State(app): State<App>,
    Administrator { actor, .. }: Administrator,
    segment: Segment,
) -> Result<Response, Problem> {
    app.engine.remove_client(&named(&segment)?, actor).await?;
    Ok(answer::done())
}

fn named(segment: &Segment) -> Result<ClientId, Problem> {
    ClientId::parse(segment.text()).map_err(|error| segment.problem(&error.to_string()))
}
