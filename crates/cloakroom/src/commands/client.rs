//! `cloakroom client`: the applications, and what each may carry, name and keep.

mod initial_token;
mod registration;
mod shown;

use cloakroom_engine::clients::{AddedClient, NewClient as Registration, read_registration};
use cloakroom_model::{
    client::{Client, DataRule, ForeignNamespace, Template, TokenPlace},
    data::{Belongs, MergeRule, Namespace},
    event::Actor,
    id::ClientId,
};
use serde_json::json;

use self::{registration::said, shown::Shown};
use crate::{
    arguments::{AtSignIn, ChangedClient, ClientCommand, DataOwner, NewClient},
    asking,
    exit::Failure,
    offline::{self, Keys, Offline},
    output::{Output, fields},
    settings::Given,
};

/// Runs one of the commands below `client`.
pub(super) fn run(command: &ClientCommand, given: &Given, output: &Output) -> Result<(), Failure> {
    let keys = match command {
        // What it gets may need a key that is not there yet.
        ClientCommand::Add(new) if new.algorithm.is_some() => Keys::Needed,
        ClientCommand::Add(new) if !said(&new.registration)?.is_empty() => Keys::Needed,
        ClientCommand::Change(_) => Keys::Needed,
        _ => Keys::NotNeeded,
    };
    offline::run(given, keys, async |offline| match command {
        ClientCommand::Add(new) => add(offline, new, output).await,
        ClientCommand::Change(changed) => change_registration(offline, changed, output).await,
        ClientCommand::List => {
            let clients = offline.engine.list_clients();
            let shown: Vec<_> = clients.iter().map(|client| Shown::new(client)).collect();
            output.list("clients", &shown)
        }
        ClientCommand::Show { id } => {
            let found = offline.engine.find_client(&self::id(id)?);
            let found =
                found.ok_or_else(|| Failure::Refused(format!("there is no client `{id}`")))?;
            show(&found, output)
        }
        ClientCommand::Secret { id, overlap } => {
            let id = self::id(id)?;
            let renewed =
                offline.engine.renew_client_secret(&id, *overlap, Actor::Operator).await?;
            say_added(&renewed, "has a new secret", output)
        }
        ClientCommand::Data { id, namespace, belongs, at_sign_in } => {
            let namespace = self::namespace(namespace)?;
            let change = |client: &mut Client| {
                let mut rule = client.data_rule(&namespace);
                rule.belongs = belongs.map_or(rule.belongs, Belongs::from);
                rule.at_sign_in = at_sign_in.map_or(rule.at_sign_in, MergeRule::from);
                set_rule(client, rule);
            };
            change_client(offline, id, change, output).await
        }
        ClientCommand::Share { owner, namespace, with, stop } => {
            let foreign =
                ForeignNamespace { client: id(owner)?, namespace: self::namespace(namespace)? };
            if offline.engine.find_client(&foreign.client).is_none() {
                return Err(Failure::Refused(format!("there is no client `{owner}`")));
            }
            let change = |client: &mut Client| {
                client.data_of_others.retain(|of| *of != foreign);
                if !stop {
                    client.data_of_others.push(foreign);
                }
            };
            change_client(offline, with, change, output).await
        }
        ClientCommand::InitialToken(command) => initial_token::run(command, offline, output).await,
        ClientCommand::Remove { id, yes } => {
            asking::sure(&format!("Remove {id} and end everything that it was granted?"), *yes)?;
            offline.engine.remove_client(&self::id(id)?, Actor::Operator).await?;
            output.say(&format!("{id} is removed."), &json!({ "removed": id }))
        }
    })
}

async fn add(offline: &Offline, new: &NewClient, output: &Output) -> Result<(), Failure> {
    let template = template(&new.template)?;
    let mut registered = read_registration(template, new.with_secret, said(&new.registration)?)?;
    registered.requests.danger_without_pkce = new.danger_without_pkce;
    let registration = Registration {
        id: Some(id(&new.id)?),
        name: new.name.clone().unwrap_or_else(|| new.id.clone()),
        template,
        first_party: new.first_party,
        origins: new.origins.clone(),
        audiences: new.audiences.clone(),
        scopes: new.scopes.clone(),
        algorithm: new.algorithm.clone(),
        token_places: new.token_places.iter().map(|text| place(text)).collect::<Result<_, _>>()?,
        confidential: new.with_secret,
        registration: registered,
    };
    let added = offline.engine.add_client(registration, Actor::Operator).await?;
    let what = match without_key(offline, &added.client).await? {
        Some(audience) => format!(
            "is registered; its tokens need a secret that {audience} shares: `cloakroom key add {audience}`"
        ),
        None => "is registered".to_owned(),
    };
    say_added(&added, &what, output)
}

/// An audience of a client that is to share a secret and has none yet.
async fn without_key(offline: &Offline, client: &Client) -> Result<Option<String>, Failure> {
    let Some(algorithm) = client.algorithm.as_deref().filter(|name| name.starts_with("HS")) else {
        return Ok(None);
    };
    let keys = offline.engine.list_keys().await?;
    let has_key = |audience: &&String| {
        keys.iter().any(|key| key.algorithm == algorithm && key.audience.as_ref() == Some(audience))
    };
    Ok(client.audiences.iter().find(|audience| !has_key(audience)).cloned())
}

fn say_added(added: &AddedClient, what: &str, output: &Output) -> Result<(), Failure> {
    let AddedClient { client, secret } = added;
    let shown = Shown::new(client);
    let mut text =
        format!("{} {what}.\n\n{}\n\n{}", client.id, fields(&shown), client.template.because());
    if let Some(secret) = secret {
        text += "\n\nIts secret, which is shown this once:\n";
        text += secret;
    }
    let secret = secret.as_ref().map(|secret| secret.as_str());
    output.say(&text, &json!({ "client": shown, "secret": secret }))
}

async fn change_registration(
    offline: &Offline,
    changed: &ChangedClient,
    output: &Output,
) -> Result<(), Failure> {
    let mut said = said(&changed.registration)?;
    said.extend(changed.name.iter().map(|name| ("client_name".to_owned(), json!(name))));
    if said.is_empty() {
        return Err(Failure::Usage(
            "say what shall change: `cloakroom client change --help` lists it".to_owned(),
        ));
    }
    let id = id(&changed.id)?;
    let changed = offline.engine.change_registration(&id, said, Actor::Operator).await?;
    say_added(&changed, "is changed", output)
}

async fn change_client(
    offline: &Offline,
    id: &str,
    change: impl FnOnce(&mut Client) + Send,
    output: &Output,
) -> Result<(), Failure> {
    let id = self::id(id)?;
    show(&offline.engine.change_client(&id, change, Actor::Operator).await?, output)
}

fn show(client: &Client, output: &Output) -> Result<(), Failure> {
    let shown = Shown::new(client);
    output.say(&shown.whole(client), &shown)
}

/// Keeps the rule where it says something else than the default.
fn set_rule(client: &mut Client, rule: DataRule) {
    client.data.retain(|kept| kept.namespace != rule.namespace);
    if rule != client.data_rule(&rule.namespace) {
        client.data.push(rule);
    }
}

fn id(text: &str) -> Result<ClientId, Failure> {
    ClientId::parse(text).map_err(|error| Failure::Usage(format!("`{text}`: {error}")))
}

fn namespace(text: &str) -> Result<Namespace, Failure> {
    Namespace::parse(text).map_err(|error| Failure::Usage(format!("`{text}`: {error}")))
}

fn template(text: &str) -> Result<Template, Failure> {
    Template::ALL.into_iter().find(|template| template.as_str() == text).ok_or_else(|| {
        let all = Template::ALL
            .map(|template| format!("\n  {:7} {}", template.as_str(), template.because()));
        Failure::Usage(format!("`{text}` is no template; there are{}", all.concat()))
    })
}

fn place(text: &str) -> Result<TokenPlace, Failure> {
    match text {
        "body" => Ok(TokenPlace::Body),
        "query" => Ok(TokenPlace::Query),
        _ => {
            Err(Failure::Usage(format!("`{text}` is no place for a token: expected body or query")))
        }
    }
}

impl From<DataOwner> for Belongs {
    fn from(owner: DataOwner) -> Self {
        match owner {
            DataOwner::User => Self::User,
            DataOwner::Session => Self::Session,
        }
    }
}

impl From<AtSignIn> for MergeRule {
    fn from(rule: AtSignIn) -> Self {
        match rule {
            AtSignIn::KeepUser => Self::KeepUser,
            AtSignIn::KeepGuest => Self::KeepGuest,
            AtSignIn::Merge => Self::Merge,
        }
    }
}
