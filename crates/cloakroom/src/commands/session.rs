//! `cloakroom session`: who is signed in where.

use cloakroom_model::{
    event::{Actor, Reason},
    id::{ClientId, SessionId, UserId},
    session::{Carrier, Session},
};
use cloakroom_store::Ends;
use serde::Serialize;
use serde_json::json;

use crate::{
    arguments::{SessionCommand, Which},
    asking,
    exit::Failure,
    offline::{self, Keys, Offline},
    output::{Listed, Output, fields},
    settings::Given,
    when::When,
};

/// Runs one of the commands below `session`.
pub(super) fn run(command: &SessionCommand, given: &Given, output: &Output) -> Result<(), Failure> {
    offline::run(given, Keys::NotNeeded, async |offline| match command {
        SessionCommand::List { user, limit, after } => {
            let sessions = if let Some(user) = user {
                let user = offline.user(user).await?;
                let mut all = offline.engine.list_sessions(user.id).await?;
                all.truncate(*limit);
                all
            } else {
                let after = after.as_deref().map(sid).transpose()?;
                offline.engine.list_all_sessions(after, *limit).await?
            };
            output.list("sessions", &sessions.into_iter().map(Shown::from).collect::<Vec<_>>())
        }
        SessionCommand::Show { sid: text } => {
            let found = offline.engine.find_any_session(sid(text)?).await?;
            let shown = Shown::from(found.ok_or_else(|| no_session(text))?);
            output.say(&fields(&shown), &shown)
        }
        SessionCommand::End(which) => {
            let ended = end(offline, which).await?;
            let text = match ended {
                1 => "One session has ended.".to_owned(),
                count => format!("{count} sessions have ended."),
            };
            output.say(&text, &json!({ "ended": ended }))
        }
    })
}

async fn end(offline: &Offline, which: &Which) -> Result<usize, Failure> {
    if let Some(text) = &which.sid {
        let ended = offline.engine.end_any_session(sid(text)?, Actor::Operator).await?;
        return if ended { Ok(1) } else { Err(no_session(text)) };
    }
    let ends = if let Some(user) = &which.user {
        Ends::AllOf(offline.user(user).await?.id)
    } else {
        asking::sure("Sign everybody out, guests too?", which.yes)?;
        Ends::Everybodys
    };
    Ok(offline.engine.end_sessions(ends, Reason::Operator, Actor::Operator).await?)
}

fn sid(text: &str) -> Result<SessionId, Failure> {
    text.parse().map_err(|error| Failure::Usage(format!("`{text}`: {error}")))
}

fn no_session(text: &str) -> Failure {
    Failure::Refused(format!("there is no session {text}"))
}

/// A session as commands show it.
#[derive(Serialize)]
struct Shown {
    sid: SessionId,
    /// Null for a guest.
    user: Option<UserId>,
    client_id: ClientId,
    carrier: Carrier,
    device: String,
    address: String,
    /// Null for a guest.
    authenticated_at: Option<When>,
    created_at: When,
    last_seen_at: When,
    expires_at: When,
    idle_expires_at: When,
}

impl From<Session> for Shown {
    fn from(session: Session) -> Self {
        Self {
            sid: session.id,
            user: session.user,
            carrier: session.carrier,
            authenticated_at: session.authentication.as_ref().map(|how| When(how.at)),
            created_at: When(session.created_at),
            last_seen_at: When(session.last_seen_at),
            expires_at: When(session.expires_at),
            idle_expires_at: When(session.idle_expires_at()),
            client_id: session.client,
            device: session.device.name,
            address: session.device.address,
        }
    }
}

impl Listed for Shown {
    const COLUMNS: &'static [&'static str] =
        &["sid", "user", "client", "device", "address", "last seen", "ends"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.sid.to_string(),
            self.user.map_or_else(|| "guest".to_owned(), |user| user.to_string()),
            self.client_id.to_string(),
            self.device.clone(),
            self.address.clone(),
            self.last_seen_at.to_minute(),
            self.idle_expires_at.to_minute(),
        ]
    }
}
