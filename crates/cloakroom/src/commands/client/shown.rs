//! A client as commands show it: everything of its policy, and of its secrets only when they were made.

use cloakroom_engine::clients::{Said, registered};
use cloakroom_model::{
    client::{Client, DataRule, ForeignNamespace, Lifetimes, Template, TokenPlace},
    id::ClientId,
    session::Carrier,
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    output::{Listed, fields, printable},
    settings::duration_text,
    when::When,
};

/// What is shown of a client.
#[derive(Serialize)]
pub(super) struct Shown {
    id: ClientId,
    name: String,
    template: Template,
    first_party: bool,
    carriers: Vec<Carrier>,
    token_places: Vec<TokenPlace>,
    lifetimes: Lives,
    audiences: Vec<String>,
    scopes: Vec<String>,
    algorithm: Option<String>,
    origins: Vec<String>,
    secrets: Vec<Secret>,
    data: Vec<DataRule>,
    data_of_others: Vec<ForeignNamespace>,
    registration: Option<Said>,
    registered_by: &'static str,
    danger_without_pkce: bool,
    created_at: When,
}

/// How long what it gets lives, as settings write durations.
#[derive(Serialize)]
struct Lives {
    idle: String,
    absolute: String,
    guest_idle: String,
    guest_absolute: String,
    access_token: String,
}

#[derive(Serialize)]
struct Secret {
    created_at: When,
    expires_at: Option<When>,
}

impl Shown {
    /// What is shown of `client`.
    pub(super) fn new(client: &Client) -> Self {
        let Client { lifetimes, authentication, .. } = client;
        let secret = |kept: &cloakroom_model::client::ClientSecret| Secret {
            created_at: When(kept.created_at),
            expires_at: kept.expires_at.map(When),
        };
        Self {
            id: client.id.clone(),
            name: client.name.clone(),
            template: client.template,
            first_party: client.first_party,
            carriers: client.carriers.clone(),
            token_places: client.token_places.clone(),
            lifetimes: Lives::new(lifetimes),
            audiences: client.audiences.clone(),
            scopes: client.scopes.clone(),
            algorithm: client.algorithm.clone(),
            origins: client.origins.clone(),
            secrets: authentication.iter().map(secret).collect(),
            data: client.data.clone(),
            data_of_others: client.data_of_others.clone(),
            registration: registered(client),
            registered_by: client.registration.by.as_str(),
            danger_without_pkce: client.registration.requests.danger_without_pkce,
            created_at: When(client.created_at),
        }
    }

    /// The whole policy for people, with the reason for it.
    pub(super) fn whole(&self, client: &Client) -> String {
        let Lives { idle, absolute, guest_idle, guest_absolute, access_token } = &self.lifetimes;
        let mut lines = vec![fields(self), String::new()];
        let more = [
            ("sessions", format!("{idle} unused, {absolute} in all")),
            ("guests", format!("{guest_idle} unused, {guest_absolute} in all")),
            ("access tokens", access_token.clone()),
            ("origins", self.origins.join(" ")),
            ("audiences", self.audiences.join(" ")),
            ("scopes", self.scopes.join(" ")),
            ("registered by", self.registered_by.to_owned()),
        ];
        let more = more.iter().filter(|(_, text)| !text.is_empty());
        lines.extend(more.map(|(name, text)| printable(&format!("{name:13}  {text}"))));
        lines.extend(self.registered());
        for rule in &self.data {
            let namespace = rule.namespace.as_str();
            let (belongs, at_sign_in) = (word(&rule.belongs), word(&rule.at_sign_in));
            lines.push(format!("data {namespace}  of the {belongs}, {at_sign_in} at sign-in"));
        }
        for of in &self.data_of_others {
            lines.push(format!("data {} of {}", of.namespace.as_str(), of.client));
        }
        lines.push(format!("\n{}", client.template.because()));
        lines.join("\n")
    }

    /// What it registered for OAuth, but for what is shown already.
    fn registered(&self) -> Vec<String> {
        let shown = ["client_name", "application_type", "scope", "response_types"];
        let members = self.registration.iter().flatten();
        let members = members.filter(|(name, _)| !shown.contains(&name.as_str()));
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Array(values) if values.iter().all(Value::is_string) => {
                values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
            }
            value => value.to_string(),
        };
        let danger = self.danger_without_pkce.then(|| "danger: PKCE may be left out".to_owned());
        let lines = members.map(|(name, value)| printable(&format!("{name}  {}", text(value))));
        lines.chain(danger).collect()
    }
}

impl Lives {
    fn new(lifetimes: &Lifetimes) -> Self {
        Self {
            idle: duration_text(lifetimes.idle),
            absolute: duration_text(lifetimes.absolute),
            guest_idle: duration_text(lifetimes.guest_idle),
            guest_absolute: duration_text(lifetimes.guest_absolute),
            access_token: duration_text(lifetimes.access_token),
        }
    }
}

impl Listed for Shown {
    const COLUMNS: &'static [&'static str] =
        &["client", "name", "template", "party", "carries", "algorithm", "secrets", "created"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.name.clone(),
            self.template.as_str().to_owned(),
            if self.first_party { "first" } else { "third" }.to_owned(),
            self.carriers.iter().map(word).collect::<Vec<_>>().join(" "),
            self.algorithm.clone().unwrap_or_default(),
            self.secrets.len().to_string(),
            self.created_at.to_minute(),
        ]
    }
}

/// The word that JSON has for it.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}
