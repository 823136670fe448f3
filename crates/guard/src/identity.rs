//! Who a request comes from, however it was carried.

use std::fmt;
use std::sync::Arc;

/// How a request brought its identity.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Carrier {
    /// A session's cookie.
    Cookie,
    /// An access token that is good for whoever has it (RFC 6750).
    Bearer,
    /// An access token, with a proof of the key that it is bound to (RFC 9449).
    Dpop,
}

/// Who a request comes from. Clones are cheap and are the same identity.
///
/// A cookie, a bearer token and a `DPoP` token of one session give the same answers, but for what only one of them has: a
/// cookie has no scopes, since it stands for the whole session.
#[derive(Clone, Eq, PartialEq)]
pub struct Identity(Arc<Told>);

/// What an identity is made from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Told {
    pub(crate) user: Option<Box<str>>,
    pub(crate) session: Option<Box<str>>,
    pub(crate) client: Option<Box<str>>,
    /// Words with single spaces between.
    pub(crate) scope: Box<str>,
    pub(crate) roles: Box<[Box<str>]>,
    pub(crate) acr: Option<Box<str>>,
    pub(crate) amr: Box<[Box<str>]>,
    pub(crate) authenticated_at: Option<u64>,
    pub(crate) carrier: Carrier,
    pub(crate) expires_at: u64,
}

impl Identity {
    pub(crate) fn new(told: Told) -> Self {
        Self(Arc::new(told))
    }

    pub(crate) fn told(&self) -> &Told {
        &self.0
    }

    /// The user's id; `None` for a guest, and for a client that acts for itself.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.0.user.as_deref()
    }

    /// The public name of the session (`sid`); `None` where there is none, as with a client that acts for itself.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.0.session.as_deref()
    }

    /// The client that the token came by (`client_id`), where the issuer says so; `None` for a cookie, which is no client's.
    #[must_use]
    pub fn client(&self) -> Option<&str> {
        self.0.client.as_deref()
    }

    /// What the token allows; nothing for a cookie.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.0.scope.split(' ').filter(|word| !word.is_empty())
    }

    /// Whether the token allows this.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes().any(|word| word == scope)
    }

    /// What the user is said to be.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.0.roles.iter().map(AsRef::as_ref)
    }

    /// Whether the user is said to be this.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles().any(|one| one == role)
    }

    /// How surely the user is known (`acr`), in the issuer's words.
    #[must_use]
    pub fn acr(&self) -> Option<&str> {
        self.0.acr.as_deref()
    }

    /// By which means the user proved who they are (RFC 8176).
    pub fn amr(&self) -> impl Iterator<Item = &str> {
        self.0.amr.iter().map(AsRef::as_ref)
    }

    /// When the user last proved who they are, in seconds since 1970.
    #[must_use]
    pub fn authenticated_at(&self) -> Option<u64> {
        self.0.authenticated_at
    }

    /// How this request brought it.
    #[must_use]
    pub fn carrier(&self) -> Carrier {
        self.0.carrier
    }

    /// The second since 1970 from which on the token is void, or the session over.
    #[must_use]
    pub fn expires_at(&self) -> u64 {
        self.0.expires_at
    }
}

/// All of it: no part could be presented.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
