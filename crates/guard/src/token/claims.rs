//! What a token says, in the form in which it is needed with every request.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use serde::Deserialize;

use crate::beliefs::{Beliefs, Mark};
use crate::identity::{Carrier, Identity, Told};
use crate::subject::{Digest, Kind};

/// What a token says, with what was found out about it since.
#[derive(Deserialize)]
#[serde(try_from = "Claims")]
pub(crate) struct TokenClaims {
    identity: Identity,
    confirmation: Option<Confirmation>,
    /// Whatever its end is the token's end, but for the key that signed it.
    hangs_from: Box<[Digest]>,
    key: OnceLock<Digest>,
    user: Option<Digest>,
    /// The version of the beliefs at which nothing was found to concern it.
    clean_at: AtomicU64,
    asked: ArcSwapOption<Asked>,
}

/// What the server said when it was asked.
struct Asked {
    identity: Identity,
    mark: Mark,
}

/// The key that whoever presents the token must hold (RFC 7800 §3.1).
#[derive(Debug, Deserialize)]
pub(crate) enum Confirmation {
    /// By a proof (RFC 9449 §6.1).
    #[serde(rename = "jkt")]
    Key(Box<str>),
    /// By the connection's certificate (RFC 8705 §3.1).
    #[serde(rename = "x5t#S256")]
    Certificate(
        #[expect(dead_code, reason = "no certificate is seen here to compare with")] Box<str>,
    ),
}

/// The claims of RFC 9068 §2.2 and ours, as they are written. What another kind of provider leaves out may be missing.
#[derive(Deserialize)]
pub(crate) struct Claims {
    sub: Box<str>,
    exp: f64,
    #[serde(default)]
    client_id: Option<Box<str>>,
    /// Where there is no `client_id`: the party that the token was made for, at other providers.
    #[serde(default)]
    azp: Option<Box<str>>,
    #[serde(default)]
    scope: Box<str>,
    #[serde(default)]
    sid: Option<Box<str>>,
    #[serde(default)]
    grant_id: Option<Box<str>>,
    #[serde(default)]
    jti: Option<Box<str>>,
    #[serde(default)]
    auth_time: Option<u64>,
    #[serde(default)]
    acr: Option<Box<str>>,
    #[serde(default)]
    amr: Box<[Box<str>]>,
    #[serde(default)]
    roles: Box<[Box<str>]>,
    #[serde(default)]
    cnf: Option<Confirmation>,
    #[serde(default)]
    came_from: Vec<Origin>,
}

/// Something that an exchanged token dies with.
#[derive(Deserialize)]
struct Origin {
    kind: Box<str>,
    id: Box<str>,
}

/// A claim names something that this version does not know, and so could not follow to its end.
#[derive(Debug, thiserror::Error)]
#[error("came_from names a kind that is not known here")]
pub(crate) struct UnknownKind;

impl TryFrom<Claims> for TokenClaims {
    type Error = UnknownKind;

    fn try_from(claims: Claims) -> Result<Self, UnknownKind> {
        let Claims { sub, client_id, azp, scope, sid, grant_id, jti, .. } = claims;
        let client = client_id.or(azp);
        // A guest and a client have a prefix that no user's id has; elsewhere a client's own token is about the client.
        let named = ["guest:", "client:"].iter().any(|prefix| sub.starts_with(prefix));
        let user = (!named && client.as_ref() != Some(&sub)).then_some(sub);
        let of = |kind, id: &Option<Box<str>>| id.as_deref().map(|id| Digest::of(kind, id));
        let user_digest = of(Kind::User, &user);
        let own = [
            of(Kind::Session, &sid),
            of(Kind::Grant, &grant_id),
            of(Kind::Client, &client),
            of(Kind::Token, &jti),
            user_digest,
        ];
        let own = own.iter().flatten();
        // As many as there are, so that nothing moves while it fills.
        let mut hangs_from = Vec::with_capacity(own.clone().count() + claims.came_from.len());
        hangs_from.extend(own);
        for Origin { kind, id } in &claims.came_from {
            hangs_from.push(Digest::of(Kind::named(kind).ok_or(UnknownKind)?, id));
        }
        let carrier = match &claims.cnf {
            Some(Confirmation::Key(_)) => Carrier::Dpop,
            Some(Confirmation::Certificate(_)) | None => Carrier::Bearer,
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
        let expires_at = claims.exp as u64;
        let identity = Identity::new(Told {
            user,
            session: sid,
            client,
            scope,
            roles: claims.roles,
            acr: claims.acr,
            amr: claims.amr,
            authenticated_at: claims.auth_time,
            carrier,
            expires_at,
        });
        Ok(Self {
            identity,
            confirmation: claims.cnf,
            hangs_from: hangs_from.into(),
            key: OnceLock::new(),
            user: user_digest,
            clean_at: AtomicU64::new(0),
            asked: ArcSwapOption::empty(),
        })
    }
}

impl TokenClaims {
    pub(crate) fn identity(&self) -> Identity {
        self.identity.clone()
    }

    pub(crate) fn confirmation(&self) -> Option<&Confirmation> {
        self.confirmation.as_ref()
    }

    pub(super) fn is_clean_at(&self, version: u64) -> bool {
        self.clean_at.load(Ordering::Relaxed) == version
    }

    pub(super) fn found_clean_at(&self, version: u64) {
        self.clean_at.store(version, Ordering::Relaxed);
    }

    /// Whether anything ended whose end is the token's end.
    pub(crate) fn has_ended(&self, kid: &str, beliefs: &Beliefs) -> bool {
        let key = self.key.get_or_init(|| Digest::of(Kind::Key, kid));
        beliefs.has_ended(key) || self.hangs_from.iter().any(|subject| beliefs.has_ended(subject))
    }

    /// Whether its user changed, so that what it says of them may be old.
    pub(super) fn user_changed(&self, beliefs: &Beliefs) -> bool {
        let heard = self.user.as_ref().and_then(|user| beliefs.heard_of(user));
        heard.is_some_and(|heard| heard.changed_at > 0)
    }

    /// Whether a change of its user was heard that was not known then, or all that is known may be another since.
    pub(crate) fn has_changed_since(&self, known: Mark, beliefs: &Beliefs) -> bool {
        self.user.as_ref().is_some_and(|user| !beliefs.knows(known, user))
    }

    /// What the server said when it was asked, if it knew of every change.
    pub(super) fn asked(&self, beliefs: &Beliefs) -> Option<Identity> {
        let asked = self.asked.load();
        let asked = asked.as_ref()?;
        let knows = beliefs.knows(asked.mark, self.user.as_ref()?);
        knows.then(|| asked.identity.clone())
    }

    /// Remembers what the server said.
    pub(crate) fn told(&self, identity: Identity, mark: Mark) {
        self.asked.store(Some(Asked { identity, mark }.into()));
    }

    /// The identity with what the server says of the user now.
    pub(crate) fn with_roles(&self, roles: &[Box<str>]) -> Identity {
        Identity::new(Told { roles: roles.into(), ..self.identity.told().clone() })
    }
}
