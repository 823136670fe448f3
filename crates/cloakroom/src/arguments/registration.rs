//! What a client registers for OAuth and OpenID Connect, for `cloakroom client add` and `client change`.

use std::path::PathBuf;

use clap::Args;

/// What is said of a client for OAuth and OpenID Connect. What is not said comes from its template, or stays as it is.
#[derive(Args, Debug)]
#[command(next_help_heading = "OAuth and OpenID Connect")]
pub(crate) struct Registration {
    /// Where answers may be sent; one that needs no more than this is ready to sign people in
    #[arg(long = "redirect-uri", value_name = "URL")]
    pub(crate) redirect_uris: Vec<String>,
    /// How it gets tokens: `authorization_code`, `refresh_token`, `client_credentials`, `device_code` or `token-exchange`
    #[arg(long = "grant-type", value_name = "GRANT")]
    pub(crate) grant_types: Vec<String>,
    /// How it proves that it is itself: `none`, `client_secret_basic`, `client_secret_post`, `private_key_jwt`,
    /// `tls_client_auth` or `self_signed_tls_client_auth`
    #[arg(long, value_name = "METHOD")]
    pub(crate) auth_method: Option<String>,
    /// A file with the public keys that it signs with, as a JWK set
    #[arg(long, value_name = "FILE", conflicts_with = "jwks_uri")]
    pub(crate) jwks: Option<PathBuf>,
    /// Where it publishes them
    #[arg(long, value_name = "URL")]
    pub(crate) jwks_uri: Option<String>,
    /// Whom its certificate must be for, with `tls_client_auth`, such as 'CN=billing,O=Example'
    #[arg(long, value_name = "NAME")]
    pub(crate) certificate_subject: Option<String>,
    /// Whether the tokens of its grants say where in a status list services see that the grant has ended
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    pub(crate) status_list: Option<bool>,
    /// Where a browser may go after it signed out
    #[arg(long = "post-logout-redirect-uri", value_name = "URL")]
    pub(crate) post_logout_redirect_uris: Vec<String>,
    /// Where this server tells it that a session ended
    #[arg(long, value_name = "URL")]
    pub(crate) backchannel_logout_uri: Option<String>,
    /// What the browser loads in a frame when a session ended
    #[arg(long, value_name = "URL")]
    pub(crate) frontchannel_logout_uri: Option<String>,
    /// What its ID tokens are signed with, if not with RS256
    #[arg(long, value_name = "ALG")]
    pub(crate) id_token_alg: Option<String>,
    /// Sign what it is told at the userinfo endpoint, with this
    #[arg(long, value_name = "ALG")]
    pub(crate) userinfo_alg: Option<String>,
    /// What it calls its users: public, as others do, or pairwise
    #[arg(long, value_name = "KIND")]
    pub(crate) subject_type: Option<String>,
    /// Where the redirect URIs of its sector are listed, with pairwise and more than one host
    #[arg(long, value_name = "URL")]
    pub(crate) sector_identifier_uri: Option<String>,
    /// Where a signed request of its may lie (RFC 9101)
    #[arg(long = "request-uri", value_name = "URL")]
    pub(crate) request_uris: Vec<String>,
    /// What it signs its requests with, if not with whatever its keys are for
    #[arg(long, value_name = "ALG")]
    pub(crate) request_object_alg: Option<String>,
    /// Take its requests only where they were pushed before (RFC 9126)
    #[arg(long)]
    pub(crate) require_pushed_requests: bool,
}
