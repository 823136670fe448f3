//! What the API shows of sessions and users.

use cloakroom_engine::begin::{SignedIn, TokenPair};
use cloakroom_engine::identity::Identity;
use cloakroom_engine::memory::Remembered;
use cloakroom_engine::people::Knows;
use cloakroom_model::id::{ClientId, SessionId, UserId};
use cloakroom_model::session::{Acr, Carrier, Session};
use cloakroom_model::time::Timestamp;
use cloakroom_model::user::{Email, Life, Role, User, Username};
use serde::Serialize;
use utoipa::ToSchema;

use crate::timestamp::Rfc3339;

/// A session as its owner sees it.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionView<'a> {
    /// Its public name.
    #[schema(value_type = String, format = "uuid")]
    sid: SessionId,
    #[schema(value_type = String, format = "date-time")]
    created_at: Rfc3339,
    /// When the user last proved who they are; null for a guest.
    #[schema(value_type = Option<String>, format = "date-time")]
    authenticated_at: Option<Rfc3339>,
    /// When it ends whatever happens.
    #[schema(value_type = String, format = "date-time")]
    expires_at: Rfc3339,
    /// When it ends unless it is used.
    #[schema(value_type = String, format = "date-time")]
    idle_expires_at: Rfc3339,
    /// How this request, or this sign-in, carries it.
    #[schema(value_type = CarrierSchema)]
    carrier: Carrier,
    /// How surely the user is known; null for a guest.
    #[schema(value_type = Option<String>)]
    acr: Option<&'static str>,
    /// By which means (RFC 8176).
    #[schema(value_type = Vec<String>)]
    amr: &'a [String],
}

impl<'a> SessionView<'a> {
    fn new(remembered: &'a Remembered, carrier: Carrier) -> Self {
        let session = &remembered.session;
        let how = session.authentication.as_ref();
        let idle = remembered.last_seen().plus(session.idle).min(session.expires_at);
        Self {
            sid: session.id,
            created_at: Rfc3339(session.created_at),
            authenticated_at: how.map(|how| Rfc3339(how.at)),
            expires_at: Rfc3339(session.expires_at),
            idle_expires_at: Rfc3339(idle),
            carrier,
            acr: how.map(|how| Acr::as_str(how.acr)),
            amr: how.map_or(&[], |how| &how.amr),
        }
    }
}

/// How an identity is carried.
#[derive(ToSchema)]
#[schema(as = Carrier, rename_all = "snake_case")]
pub enum CarrierSchema {
    /// An opaque secret in a cookie.
    Cookie,
    /// A signed statement in a header.
    Token,
}

/// A user as others in the system know them.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserView<'a> {
    /// The user's id; for the client of a third party with names of its own, that name.
    #[schema(value_type = String)]
    id: Named,
    /// Null where the client may not know it.
    #[schema(value_type = Option<String>)]
    email: Option<&'a Email>,
    /// Null where there is none, and where the client may not know it.
    #[schema(value_type = Option<String>)]
    username: Option<&'a Username>,
    #[schema(value_type = Vec<String>)]
    roles: &'a [Role],
}

impl<'a> UserView<'a> {
    /// What is shown of a user.
    #[must_use]
    pub fn new(user: &'a User) -> Self {
        let User { id, email, username, roles, .. } = user;
        Self { id: Named::Id(*id), email: Some(email), username: username.as_ref(), roles }
    }

    /// What is shown of a user to who knows this much.
    #[must_use]
    pub fn for_who_knows(user: &'a User, knows: Knows) -> Self {
        let all = Self::new(user);
        match knows {
            Knows::All => all,
            Knows::Allowed { name, email, username } => Self {
                id: Named::Name(name),
                email: all.email.filter(|_| email),
                username: all.username.filter(|_| username),
                roles: &[],
            },
        }
    }
}

/// What a user is called.
#[derive(Serialize)]
#[serde(untagged)]
enum Named {
    Id(UserId),
    Name(String),
}

/// Who is there.
#[derive(Serialize, ToSchema)]
#[schema(as = Identity)]
pub struct IdentityView<'a> {
    session: SessionView<'a>,
    /// Null for a guest.
    user: Option<UserView<'a>>,
}

impl<'a> IdentityView<'a> {
    /// What is shown of an identity to who brings it.
    #[must_use]
    pub fn new(identity: &'a Identity, knows: Knows) -> Self {
        let Identity { session, carrier, .. } = identity;
        let user = session.user.as_deref().map(|user| UserView::for_who_knows(user, knows));
        Self { session: SessionView::new(session, *carrier), user }
    }

    /// What is shown of a session and its user.
    #[must_use]
    pub fn of(remembered: &'a Remembered, carrier: Carrier) -> Self {
        let user = remembered.user.as_deref().map(UserView::new);
        Self { session: SessionView::new(remembered, carrier), user }
    }
}

/// A session that began. The tokens are there where it is carried by them.
#[derive(Serialize, ToSchema)]
#[schema(as = SignedIn)]
pub struct SignedInView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    access_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    token_type: Option<&'static str>,
    /// In seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<u64>,
    /// Earns the next pair at `/oauth/token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    refresh_token: Option<&'a str>,
    /// What the access token allows, words with spaces between.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    session: SessionView<'a>,
    /// Null for a guest.
    user: Option<UserView<'a>>,
}

impl<'a> SignedInView<'a> {
    /// What is answered to a sign-in.
    #[must_use]
    pub fn new(signed_in: &'a SignedIn, carrier: Carrier) -> Self {
        let IdentityView { session, user } = IdentityView::of(&signed_in.session, carrier);
        let tokens: Option<&TokenPair> = signed_in.tokens.as_ref();
        Self {
            access_token: tokens.map(|pair| pair.access.token.as_str()),
            token_type: tokens.map(|_| "Bearer"),
            expires_in: tokens.map(|pair| pair.access.expires_in.as_secs()),
            refresh_token: tokens.map(|pair| pair.refresh.as_str()),
            scope: tokens.filter(|pair| !pair.scope.is_empty()).map(|pair| pair.scope.to_string()),
            session,
            user,
        }
    }
}

/// A session in a list, with where it is used from.
#[derive(Serialize, ToSchema)]
#[schema(as = Device)]
pub struct DeviceView<'a> {
    #[schema(value_type = String, format = "uuid")]
    sid: SessionId,
    /// Whether it is the one that asks.
    current: bool,
    /// Such as `Firefox on Linux`.
    device: &'a str,
    /// Where it was last signed in from.
    address: &'a str,
    /// The client it began at.
    #[schema(value_type = String)]
    client_id: &'a ClientId,
    #[schema(value_type = CarrierSchema)]
    carrier: Carrier,
    #[schema(value_type = String, format = "date-time")]
    created_at: Rfc3339,
    #[schema(value_type = String, format = "date-time")]
    last_seen_at: Rfc3339,
    #[schema(value_type = String, format = "date-time")]
    expires_at: Rfc3339,
    #[schema(value_type = String, format = "date-time")]
    idle_expires_at: Rfc3339,
}

impl<'a> DeviceView<'a> {
    /// What is shown of a session in a list; `current` is the one that asks.
    #[must_use]
    pub fn new(session: &'a Session, current: Option<SessionId>) -> Self {
        Self {
            sid: session.id,
            current: current == Some(session.id),
            device: &session.device.name,
            address: &session.device.address,
            client_id: &session.client,
            carrier: session.carrier,
            created_at: Rfc3339(session.created_at),
            last_seen_at: Rfc3339(session.last_seen_at),
            expires_at: Rfc3339(session.expires_at),
            idle_expires_at: Rfc3339(session.idle_expires_at()),
        }
    }
}

/// A list of sessions.
#[derive(Serialize, ToSchema)]
#[schema(as = Devices)]
pub struct DevicesView<'a> {
    /// The one used last comes first in a user's own list.
    pub sessions: Vec<DeviceView<'a>>,
}

/// How many sessions ended.
#[derive(Serialize, ToSchema)]
pub struct Ended {
    /// Their number.
    pub ended: usize,
}

/// A user as an administrator sees them.
#[derive(Serialize, ToSchema)]
#[schema(as = UserForAdmin)]
pub struct AdminUserView<'a> {
    #[serde(flatten)]
    user: UserView<'a>,
    #[schema(value_type = String, format = "date-time")]
    created_at: Rfc3339,
    /// Since when the user may not sign in; null while they may.
    #[schema(value_type = Option<String>, format = "date-time")]
    disabled_at: Option<Rfc3339>,
}

impl<'a> AdminUserView<'a> {
    /// What an administrator sees of a user.
    #[must_use]
    pub fn new(user: &'a User) -> Self {
        let disabled_at: Option<Timestamp> = match user.life {
            Life::Active => None,
            Life::Disabled { at } => Some(at),
        };
        Self {
            user: UserView::new(user),
            created_at: Rfc3339(user.created_at),
            disabled_at: disabled_at.map(Rfc3339),
        }
    }
}
