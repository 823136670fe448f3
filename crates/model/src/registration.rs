//! What a client registered for OAuth and OpenID Connect (RFC 7591 §2, OpenID Connect Dynamic Client Registration 1.0 §2).
//!
//! Every field has a value that allows nothing more than a client without it may: a client that was registered before
//! there was an authorization endpoint goes on as it was.

use serde::{Deserialize, Serialize};

use crate::secret::Digest;
use crate::session::Acr;
use crate::time::Timestamp;

/// What a client may ask of the authorization server, and how it is answered.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Registration {
    /// Where answers may be sent, each compared character by character (RFC 9700 §4.1.3).
    pub redirect_uris: Vec<String>,
    /// By which grants it gets tokens. Refreshing is among them where it shall get refresh tokens.
    pub grant_types: Vec<GrantType>,
    /// How it proves that it is itself.
    pub method: AuthenticationMethod,
    /// The keys it signs with.
    pub keys: Option<ClientKeys>,
    /// Who its certificate must be for, with [`AuthenticationMethod::TlsClientAuth`].
    pub certificate: Option<CertificateName>,
    /// What it holds its tokens by.
    pub binding: Binding,
    /// What its requests must be like.
    pub requests: RequestRules,
    /// What its answers are signed with.
    pub signing: AnswerSigning,
    /// What it calls its users.
    pub subjects: Subjects,
    /// Where it is told that a session has ended.
    pub logout: Logout,
    /// The kinds of `authorization_details` it may ask for (RFC 9396 §10).
    pub authorization_details_types: Vec<String>,
    /// Whether its grants have a place in the token status list.
    pub status_list: bool,
    /// What it says of itself to the people it asks.
    pub about: About,
    /// Who registered it.
    pub by: RegisteredBy,
}

/// A way to tokens (RFC 7591 §2, `grant_types`).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum GrantType {
    /// A code that a browser brings (RFC 6749 §4.1).
    #[serde(rename = "authorization_code")]
    AuthorizationCode,
    /// A refresh token (RFC 6749 §6).
    #[serde(rename = "refresh_token")]
    RefreshToken,
    /// The client's own right (RFC 6749 §4.4).
    #[serde(rename = "client_credentials")]
    ClientCredentials,
    /// A code that a person types elsewhere (RFC 8628).
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
    /// Another token (RFC 8693).
    #[serde(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
}

impl GrantType {
    /// Every grant type.
    pub const ALL: [Self; 5] = [
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::ClientCredentials,
        Self::DeviceCode,
        Self::TokenExchange,
    ];

    /// As it stands in a request's `grant_type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
        }
    }
}

/// How a client proves that it is itself (`token_endpoint_auth_method`).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthenticationMethod {
    /// By its secret in either place, or not at all where it has none. For clients that registered no method.
    #[default]
    Unsaid,
    /// Not at all: a public client.
    None,
    /// Its secret in the `Authorization` header.
    ClientSecretBasic,
    /// Its secret in the body.
    ClientSecretPost,
    /// A signed assertion (RFC 7523 §2.2).
    PrivateKeyJwt,
    /// A certificate that an authority vouches for (RFC 8705 §2.1).
    TlsClientAuth,
    /// A certificate whose key it registered (RFC 8705 §2.2).
    SelfSignedTlsClientAuth,
}

impl AuthenticationMethod {
    /// Every method that can be registered.
    pub const ALL: [Self; 6] = [
        Self::None,
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::PrivateKeyJwt,
        Self::TlsClientAuth,
        Self::SelfSignedTlsClientAuth,
    ];

    /// As it stands in metadata; `None` where none was said.
    #[must_use]
    pub const fn as_str(self) -> Option<&'static str> {
        Some(match self {
            Self::Unsaid => return None,
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::TlsClientAuth => "tls_client_auth",
            Self::SelfSignedTlsClientAuth => "self_signed_tls_client_auth",
        })
    }

    /// Whether it needs a secret that this server gives out.
    #[must_use]
    pub const fn needs_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost)
    }
}

/// The keys a client signs with, or presents in its certificate.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKeys {
    /// A JWK set, as JSON text (`jwks`).
    Set(String),
    /// Where it publishes one (`jwks_uri`).
    At(String),
}

/// Whom a client's certificate must be for (RFC 8705 §2.1.2): exactly one of them.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateName {
    /// `tls_client_auth_subject_dn`, in the form of RFC 4514.
    SubjectDn(String),
    /// `tls_client_auth_san_dns`.
    SanDns(String),
    /// `tls_client_auth_san_uri`.
    SanUri(String),
    /// `tls_client_auth_san_ip`.
    SanIp(String),
    /// `tls_client_auth_san_email`.
    SanEmail(String),
}

/// Whether a client's tokens are good only for the holder of a key.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Binding {
    /// Where it proves a key with the request (`DPoP`).
    #[default]
    WhereProved,
    /// Always, by `DPoP` (`dpop_bound_access_tokens`, RFC 9449 §5.2).
    Dpop,
    /// Always, by its certificate (`tls_client_certificate_bound_access_tokens`, RFC 8705 §3.4).
    Certificate,
}

/// What a client's authorization requests must be like.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct RequestRules {
    /// PKCE may be left out: for confidential clients alone, and only because the certification of OpenID Connect asks
    /// for clients that know nothing of it.
    pub danger_without_pkce: bool,
    /// Every request is pushed first (`require_pushed_authorization_requests`, RFC 9126 §6).
    pub pushed: bool,
    /// Every request is signed (`require_signed_request_object`, RFC 9101 §10.5).
    pub signed: bool,
    /// What they are signed with; any algorithm that its keys are for where `None`.
    pub algorithm: Option<String>,
    /// Where signed requests may lie (`request_uris`).
    pub request_uris: Vec<String>,
    /// How long ago a user may have proved who they are, in seconds, where a request does not say (`default_max_age`).
    pub default_max_age_seconds: Option<u64>,
    /// How surely, where a request does not say (`default_acr_values`).
    pub default_acr_values: Vec<Acr>,
}

/// What a client's answers are signed with.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct AnswerSigning {
    /// ID tokens (`id_token_signed_response_alg`); RS256 where `None`, as OpenID Connect has it.
    pub id_token: Option<String>,
    /// What `UserInfo` answers (`userinfo_signed_response_alg`); plain JSON where `None`.
    pub userinfo: Option<String>,
    /// What the authorization endpoint answers as `jwt` (`authorization_signed_response_alg`); RS256 where `None`.
    pub authorization: Option<String>,
    /// What introspection answers (`introspection_signed_response_alg`), where it asks for a signed answer.
    pub introspection: Option<String>,
}

/// What a client calls its users.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subjects {
    /// As every other client does.
    #[default]
    Public,
    /// By names that mean nothing at other sectors (OpenID Connect Core §8.1).
    Pairwise {
        /// The sector: the host of its sector identifier, or of its redirect URIs.
        sector: String,
        /// Where the redirect URIs of the sector are listed (`sector_identifier_uri`).
        listed_at: Option<String>,
    },
}

/// Where a client is told that a session has ended.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Logout {
    /// Where a browser may go after it signed out (`post_logout_redirect_uris`).
    pub redirect_uris: Vec<String>,
    /// Where this server posts a logout token (`backchannel_logout_uri`).
    pub back_channel: Option<String>,
    /// Whether that token must name the session (`backchannel_logout_session_required`).
    pub back_channel_session: bool,
    /// What this server's page loads in a frame (`frontchannel_logout_uri`).
    pub front_channel: Option<String>,
    /// Whether its query must name issuer and session (`frontchannel_logout_session_required`).
    pub front_channel_session: bool,
}

/// What a client says of itself. Nobody has checked it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct About {
    /// Its home page (`client_uri`).
    pub home: Option<String>,
    /// Its picture (`logo_uri`).
    pub logo: Option<String>,
    /// What it does with what it learns (`policy_uri`).
    pub policy: Option<String>,
    /// Its terms (`tos_uri`).
    pub terms: Option<String>,
    /// Whom to write to (`contacts`).
    pub contacts: Vec<String>,
    /// Where a sign-in at it begins (`initiate_login_uri`).
    pub begins_at: Option<String>,
}

/// Who registered a client.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RegisteredBy {
    /// Whoever runs this server.
    #[default]
    Operator,
    /// The client itself (RFC 7591): who holds the token of this digest may change it (RFC 7592).
    Itself {
        /// SHA-256 of its registration access token.
        #[serde(with = "crate::secret::digest_text")]
        token: Digest,
    },
    /// A document at the URL that is its name, read again when it is old.
    Document {
        /// When the document was read.
        read_at: Timestamp,
        /// When it is to be read again, if somebody comes for the client.
        fresh_until: Timestamp,
    },
}

impl RegisteredBy {
    /// In a word.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Itself { .. } => "itself",
            Self::Document { .. } => "document",
        }
    }
}
