//! Clients: the applications that bring users here, and what each of them may carry, name and keep.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::data::{Belongs, MergeRule, Namespace};
use crate::id::ClientId;
use crate::registration::{AuthenticationMethod, GrantType, Registration};
use crate::secret::Digest;
use crate::session::Carrier;
use crate::time::Timestamp;

/// An application and its policy.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Client {
    /// Its name in every request.
    pub id: ClientId,
    /// Its name for people.
    pub name: String,
    /// Which kind of application it is.
    pub template: Template,
    /// Whether it belongs to whoever runs this server: it may take passwords and is not asked for consent.
    pub first_party: bool,
    /// How it may carry identities.
    pub carriers: Vec<Carrier>,
    /// Where else than the header it may put a token (RFC 6750 §2.2, §2.3); empty unless asked for.
    #[serde(default)]
    pub token_places: Vec<TokenPlace>,
    /// How long what it gets lives.
    pub lifetimes: Lifetimes,
    /// The audiences its tokens may name, the default first; the issuer itself is always one of them.
    #[serde(default)]
    pub audiences: Vec<String>,
    /// The scopes its tokens may have.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// The `alg` of its access tokens; the issuer's default where `None`.
    #[serde(default)]
    pub algorithm: Option<String>,
    /// The web origins it runs on, such as `https://shop.example.com`: they name it, and CORS lets them in.
    #[serde(default)]
    pub origins: Vec<String>,
    /// How it proves that it is itself.
    #[serde(default)]
    pub authentication: Vec<ClientSecret>,
    /// Its namespaces of session data that do not follow the default rule.
    #[serde(default)]
    pub data: Vec<DataRule>,
    /// Namespaces of other clients that it may use.
    #[serde(default)]
    pub data_of_others: Vec<ForeignNamespace>,
    /// What it registered for OAuth and OpenID Connect.
    #[serde(default)]
    pub registration: Registration,
    /// When it was registered.
    pub created_at: Timestamp,
}

impl Client {
    /// Whether it proves that it is itself (RFC 6749 §2.1): in the way that it registered, or with its secret where it
    /// registered none and has one.
    #[must_use]
    pub fn is_confidential(&self) -> bool {
        match self.registration.method {
            AuthenticationMethod::Unsaid => !self.authentication.is_empty(),
            method => method != AuthenticationMethod::None,
        }
    }

    /// Whether it may carry identities this way.
    #[must_use]
    pub fn carries(&self, carrier: Carrier) -> bool {
        self.carriers.contains(&carrier)
    }

    /// Whose the namespace is and what becomes of it at sign-in.
    #[must_use]
    pub fn data_rule(&self, namespace: &Namespace) -> DataRule {
        self.data.iter().find(|rule| rule.namespace == *namespace).cloned().unwrap_or_else(|| {
            DataRule {
                namespace: namespace.clone(),
                belongs: Belongs::default(),
                at_sign_in: MergeRule::default(),
            }
        })
    }

    /// Whether it may use `namespace` of `owner`.
    #[must_use]
    pub fn may_use(&self, owner: &ClientId, namespace: &Namespace) -> bool {
        self.id == *owner
            || self
                .data_of_others
                .iter()
                .any(|of| of.client == *owner && of.namespace == *namespace)
    }
}

/// The kinds of application that have a ready policy.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    /// Pages rendered on a server: a session in a cookie.
    Web,
    /// A single-page application behind its own backend: a session in a cookie, and short tokens from it.
    Spa,
    /// An application on a phone or a desktop: a short token and a refresh token.
    Mobile,
    /// An application that can only send a token in a body or a query, or only verify HMAC.
    Legacy,
    /// A program that asks in its own name, with no user there: a short token that it earns with its secret.
    Service,
}

impl Template {
    /// Every template.
    pub const ALL: [Self; 5] = [Self::Web, Self::Spa, Self::Mobile, Self::Legacy, Self::Service];

    /// Its name in commands and configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Spa => "spa",
            Self::Mobile => "mobile",
            Self::Legacy => "legacy",
            Self::Service => "service",
        }
    }

    /// Why its choices are right for its kind of application.
    #[must_use]
    pub const fn because(self) -> &'static str {
        match self {
            Self::Web => {
                "The browser already carries a cookie safely, and the server that renders the pages can ask for the \
                 session: nothing that a script could steal ever reaches the page."
            }
            Self::Spa => {
                "A script must not hold a long-lived token. The cookie stays HttpOnly with the application's own \
                 backend, which earns ten-minute tokens from it for the APIs it calls."
            }
            Self::Mobile => {
                "An application has no cookie jar that it shares with the web, but a key store of its own: a short \
                 token for each call, and a refresh token that lasts as long as people keep a phone."
            }
            Self::Legacy => {
                "Some clients cannot set a header, and some services cannot verify a signature. They may send the \
                 token elsewhere and share a secret with one audience; everything else stays as strict."
            }
            Self::Service => {
                "Nobody is there to sign in. The program proves itself with its secret whenever it needs a token, so \
                 nothing that lasts is kept for it, and removing it or renewing its secret is all that ends it."
            }
        }
    }

    /// How it may carry identities.
    #[must_use]
    pub const fn carriers(self) -> &'static [Carrier] {
        match self {
            Self::Web | Self::Spa => &[Carrier::Cookie],
            Self::Mobile | Self::Service => &[Carrier::Token],
            Self::Legacy => &[Carrier::Cookie, Carrier::Token],
        }
    }

    /// By which grants it gets tokens, where it takes part in OAuth and does not say.
    #[must_use]
    pub const fn grant_types(self) -> &'static [GrantType] {
        match self {
            Self::Web | Self::Spa | Self::Mobile | Self::Legacy => {
                &[GrantType::AuthorizationCode, GrantType::RefreshToken]
            }
            Self::Service => &[GrantType::ClientCredentials],
        }
    }

    /// How it proves that it is itself, where it takes part in OAuth and does not say.
    #[must_use]
    pub const fn authentication_method(self) -> AuthenticationMethod {
        match self {
            // RFC 8252 §8.5: what every copy of an application holds is no secret.
            Self::Mobile => AuthenticationMethod::None,
            Self::Web | Self::Spa | Self::Legacy | Self::Service => {
                AuthenticationMethod::ClientSecretBasic
            }
        }
    }

    /// How long what it gets lives.
    #[must_use]
    pub const fn lifetimes(self) -> Lifetimes {
        const HOUR: u64 = 3600;
        const DAY: u64 = 24 * HOUR;
        let (idle, absolute) = match self {
            Self::Web | Self::Spa | Self::Legacy | Self::Service => (24 * HOUR, 30 * DAY),
            Self::Mobile => (30 * DAY, 180 * DAY),
        };
        Lifetimes {
            idle: Duration::from_secs(idle),
            absolute: Duration::from_secs(absolute),
            guest_idle: Duration::from_secs(30 * DAY),
            guest_absolute: Duration::from_secs(180 * DAY),
            access_token: Duration::from_mins(10),
        }
    }
}

/// How long what a client gets lives. Always both an idle time and an end.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Lifetimes {
    /// A signed-in session or grant may go unused this long.
    pub idle: Duration,
    /// A signed-in session or grant ends after this.
    pub absolute: Duration,
    /// A guest may stay away this long.
    pub guest_idle: Duration,
    /// A guest's session ends after this.
    pub guest_absolute: Duration,
    /// An access token lives this long; at most [`Lifetimes::ACCESS_TOKEN_CEILING`].
    pub access_token: Duration,
}

impl Lifetimes {
    /// No access token lives longer, whatever is configured: the log keeps its rows for this long.
    pub const ACCESS_TOKEN_CEILING: Duration = Duration::from_hours(1);
}

/// A place beside the `Authorization` header.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenPlace {
    /// `access_token` in a form body.
    Body,
    /// `access_token` in the query: it may end in logs and histories.
    Query,
}

/// A secret that a confidential client proves itself with. Several are there while one replaces another.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ClientSecret {
    /// SHA-256 of the secret, which has 256 random bits.
    #[serde(with = "crate::secret::digest_text")]
    pub digest: Digest,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

/// What becomes of one namespace.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct DataRule {
    /// Which.
    pub namespace: Namespace,
    /// Whose it is.
    #[serde(default)]
    pub belongs: Belongs,
    /// What becomes of a guest's at sign-in.
    #[serde(default)]
    pub at_sign_in: MergeRule,
}

/// Another client's namespace.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ForeignNamespace {
    /// Whose.
    pub client: ClientId,
    /// Which.
    pub namespace: Namespace,
}
