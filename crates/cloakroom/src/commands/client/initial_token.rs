//! `cloakroom client initial-token`: the right to register clients, handed on.

use cloakroom_engine::clients::NewInitialToken as New;
use cloakroom_model::{event::Actor, id::InitialTokenId, initial_token::InitialToken};
use serde::Serialize;
use serde_json::json;

use crate::{
    arguments::{InitialTokenCommand, NewInitialToken},
    exit::Failure,
    offline::Offline,
    output::{Listed, Output, fields},
    when::When,
};

/// Runs one of the commands below `client initial-token`.
pub(super) async fn run(
    command: &InitialTokenCommand,
    offline: &Offline,
    output: &Output,
) -> Result<(), Failure> {
    match command {
        InitialTokenCommand::Add(new) => add(new, offline, output).await,
        InitialTokenCommand::List => {
            let tokens = offline.engine.list_initial_tokens().await?;
            let shown: Vec<_> = tokens.into_iter().map(Shown::from).collect();
            output.list("initial_tokens", &shown)
        }
        InitialTokenCommand::Remove { id } => {
            let read: InitialTokenId =
                id.parse().map_err(|error| Failure::Usage(format!("`{id}`: {error}")))?;
            if !offline.engine.remove_initial_token(read, Actor::Operator).await? {
                return Err(Failure::Refused(format!("there is no initial access token {id}")));
            }
            output.say(&format!("{id} registers nobody any more."), &json!({ "removed": id }))
        }
    }
}

async fn add(new: &NewInitialToken, offline: &Offline, output: &Output) -> Result<(), Failure> {
    let NewInitialToken { note, lives, uses, unlimited } = new;
    let uses = (!unlimited).then_some(*uses);
    let new = New { note: note.clone(), lives: *lives, uses };
    let (token, secret) = offline.engine.make_initial_token(new, Actor::Operator).await?;
    let shown = Shown::from(token);
    let text = format!("{}\n\nThe token, which is shown this once:\n{}", fields(&shown), &*secret);
    output.say(&text, &json!({ "initial_token": shown, "token": &*secret }))
}

/// An initial access token as commands show it.
#[derive(Serialize)]
struct Shown {
    id: InitialTokenId,
    note: String,
    /// Null where it registers as many as there is room for.
    uses_left: Option<u32>,
    created_at: When,
    expires_at: When,
}

impl From<InitialToken> for Shown {
    fn from(token: InitialToken) -> Self {
        let InitialToken { id, note, uses_left, created_at, expires_at, .. } = token;
        Self { id, note, uses_left, created_at: When(created_at), expires_at: When(expires_at) }
    }
}

impl Listed for Shown {
    const COLUMNS: &'static [&'static str] = &["id", "note", "uses left", "created", "expires"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.note.clone(),
            self.uses_left.map_or_else(|| "any".to_owned(), |uses| uses.to_string()),
            self.created_at.to_minute(),
            self.expires_at.to_minute(),
        ]
    }
}
