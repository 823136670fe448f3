//! `cloakroom user`: the people with an account.

use cloakroom_engine::{
    password::PasswordHash,
    users::{AddUser, Credential},
};
use cloakroom_model::{
    event::Actor,
    id::UserId,
    link::Purpose,
    password::Password,
    user::{Email, Life, Lookup, Role, User, Username},
};
use cloakroom_server::pages::paths;
use cloakroom_store::UserFilter;
use serde::Serialize;
use serde_json::json;

use crate::{
    arguments::{NewUser, UserCommand, Who},
    asking,
    exit::Failure,
    offline::{self, Keys, Offline},
    output::{Listed, Output, fields},
    settings::{Given, is_loopback},
    when::When,
};

/// Runs one of the commands below `user`.
pub(super) fn run(command: &UserCommand, given: &Given, output: &Output) -> Result<(), Failure> {
    offline::run(given, Keys::NotNeeded, async |offline| match command {
        UserCommand::Add(new) => add(offline, new, password, output).await,
        UserCommand::Import(new) => add(offline, new, hash, output).await,
        UserCommand::List { begins_with, limit, after } => {
            let filter = UserFilter {
                after: after.as_deref().map(id).transpose()?,
                begins_with: begins_with.as_deref().map(Lookup::of),
                limit: *limit,
            };
            let users = offline.engine.list_users(&filter).await?;
            output.list("users", &users.into_iter().map(Shown::from).collect::<Vec<_>>())
        }
        UserCommand::Show(who) => show(offline, who, output).await,
        UserCommand::Disable(who) => {
            let user = offline.user(&who.user).await?;
            offline.engine.disable_user(user.id, Actor::Operator).await?;
            show(offline, who, output).await
        }
        UserCommand::Enable(who) => {
            let user = offline.user(&who.user).await?;
            offline.engine.enable_user(user.id, Actor::Operator).await?;
            show(offline, who, output).await
        }
        UserCommand::Delete { who, yes } => delete(offline, who, *yes, output).await,
        UserCommand::Recover(who) => recover(offline, who, output).await,
        UserCommand::Roles { who, add, remove } => {
            set_roles(offline, who, add, remove).await?;
            show(offline, who, output).await
        }
        UserCommand::Unlock(who) => {
            let user = offline.user(&who.user).await?;
            offline.engine.unlock_user(user.id, Actor::Operator).await?;
            let text = format!("The failed sign-ins of {} are forgotten.", user.email.as_str());
            output.say(&text, &Shown::from(user))
        }
    })
}

/// Everything else is looked at before the credential is asked for: nobody types a password twice for a mistyped email.
async fn add(
    offline: &Offline,
    new: &NewUser,
    credential: impl FnOnce() -> Result<Credential, Failure>,
    output: &Output,
) -> Result<(), Failure> {
    let email = Email::parse(&new.email).map_err(|_| {
        Failure::Usage(format!("`{}` is no email: expected one such as ada@example.com", new.email))
    })?;
    let username = new.username.as_deref().map(Username::parse).transpose();
    let username = username.map_err(|error| Failure::Usage(error.to_string()))?;
    let roles = roles(&new.roles)?;
    let add = AddUser { email, username, roles, credential: credential()? };
    let user = offline.engine.add_user(add, Actor::Operator, &offline::visitor()).await?;
    let text = format!("{} has an account now, with the id {}.", user.email.as_str(), user.id);
    output.say(&text, &Shown::from(user))
}

fn password() -> Result<Credential, Failure> {
    let password = Password::new(asking::new_password()?.to_string());
    password.map(Credential::Password).map_err(|error| Failure::Usage(error.to_string()))
}

fn hash() -> Result<Credential, Failure> {
    let hash = PasswordHash::parse(asking::secret("the password hash")?.to_string());
    hash.map(Credential::Imported).map_err(|error| Failure::Usage(error.to_string()))
}

async fn show(offline: &Offline, who: &Who, output: &Output) -> Result<(), Failure> {
    let shown = Shown::from(offline.user(&who.user).await?);
    output.say(&fields(&shown), &shown)
}

async fn delete(offline: &Offline, who: &Who, yes: bool, output: &Output) -> Result<(), Failure> {
    let user = offline.user(&who.user).await?;
    let email = user.email.as_str();
    asking::sure(&format!("Delete {email} with everything that is theirs?"), yes)?;
    offline.engine.delete_user(user.id, Actor::Operator).await?;
    output.say(&format!("{email} is deleted."), &json!({ "deleted": user.id }))
}

async fn recover(offline: &Offline, who: &Who, output: &Output) -> Result<(), Failure> {
    let user = offline.user(&who.user).await?;
    if user.life != Life::Active {
        return Err(Failure::Refused(format!(
            "{} is disabled, and a new password would let nobody in: enable the user first",
            user.email.as_str()
        )));
    }
    let secret = offline.engine.recovery_link(user.id, Actor::Operator).await?;
    let expires_at = offline.engine.now().plus(Purpose::Recover { user: user.id }.lives());
    let origin = &offline.engine.settings().issuer;
    let link = paths::one_time_link(origin, paths::RECOVER, &secret);
    let mut text = format!(
        "Whoever opens this link within the hour sets a new password for {}, once:\n{}",
        user.email.as_str(),
        &*link
    );
    // The command cannot know what a server that got its public URL by a flag is called.
    if is_loopback(&offline.public_url) {
        text += "\nIt leads to this machine. Where people reach the server elsewhere, set public_url for this command too.";
    }
    output.say(&text, &json!({ "user": user.id, "link": &*link, "expires_at": When(expires_at) }))
}

async fn set_roles(
    offline: &Offline,
    who: &Who,
    add: &[String],
    remove: &[String],
) -> Result<(), Failure> {
    let user = offline.user(&who.user).await?;
    if add.is_empty() && remove.is_empty() {
        return Ok(());
    }
    let (add, remove) = (roles(add)?, roles(remove)?);
    let kept = user.roles.into_iter().filter(|role| !remove.contains(role));
    let roles: Vec<Role> = kept.chain(add).collect();
    Ok(offline.engine.set_roles(user.id, roles, Actor::Operator).await?)
}

fn roles(texts: &[String]) -> Result<Vec<Role>, Failure> {
    let roles = texts.iter().map(|text| Role::parse(text)).collect::<Result<_, _>>();
    roles.map_err(|error| Failure::Usage(error.to_string()))
}

fn id(text: &str) -> Result<UserId, Failure> {
    text.parse().map_err(|error| Failure::Usage(format!("--after: {error}")))
}

/// A user as commands show them.
#[derive(Serialize)]
struct Shown {
    id: UserId,
    email: Email,
    username: Option<Username>,
    roles: Vec<Role>,
    state: &'static str,
    /// Since when they may not come in.
    disabled_at: Option<When>,
    created_at: When,
}

impl From<User> for Shown {
    fn from(user: User) -> Self {
        let (state, disabled_at) = match user.life {
            Life::Active => ("active", None),
            Life::Disabled { at } => ("disabled", Some(When(at))),
        };
        let User { id, email, username, roles, created_at, .. } = user;
        Self { id, email, username, roles, state, disabled_at, created_at: When(created_at) }
    }
}

impl Listed for Shown {
    const COLUMNS: &'static [&'static str] =
        &["id", "email", "username", "roles", "state", "created"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.email.as_str().to_owned(),
            self.username.as_ref().map(|name| name.as_str().to_owned()).unwrap_or_default(),
            self.roles.iter().map(Role::as_str).collect::<Vec<_>>().join(" "),
            self.state.to_owned(),
            self.created_at.to_minute(),
        ]
    }
}
