//! How an app on another domain than the issuer's is set up.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::randomness::{Randomness, SystemRandomness};
use super::return_to::is_local;
use super::store::SessionStore;
use crate::settings::{Service, is_origin};

pub(super) type Now = Arc<dyn Fn() -> u64 + Send + Sync>;

/// How a relying party is set up. Made by [`Settings::new`]; each method changes one thing. What is made of clones keeps its
/// sessions in the same place, where one was named.
#[derive(Clone)]
pub struct Settings {
    pub(super) client: Service,
    pub(super) origin: String,
    pub(super) scope: String,
    pub(super) resource: Option<String>,
    pub(super) cookie_name: String,
    pub(super) paths: Paths,
    pub(super) after_sign_out: String,
    pub(super) idle: Duration,
    pub(super) lifetime: Duration,
    pub(super) waiting: usize,
    pub(super) sessions: Option<Arc<dyn SessionStore>>,
    pub(super) randomness: Arc<dyn Randomness>,
}

/// Where the pages of the sign-in are, as paths of this app.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Paths {
    /// Leads to the sign-in and back to `return_to`. Default `/sign-in`.
    pub sign_in: String,
    /// Registered as `redirect_uri`, behind the origin. Default `/callback`.
    pub callback: String,
    /// Takes a POST. Default `/sign-out`.
    pub sign_out: String,
    /// Takes logout tokens; registered as `backchannel_logout_uri`, behind the origin. Default `/backchannel-logout`.
    pub backchannel_logout: String,
    /// Says who is there, in JSON, for scripts; with `Prefer: wait` once that is over. Default `/me`.
    pub me: String,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            sign_in: "/sign-in".to_owned(),
            callback: "/callback".to_owned(),
            sign_out: "/sign-out".to_owned(),
            backchannel_logout: "/backchannel-logout".to_owned(),
            me: "/me".to_owned(),
        }
    }
}

/// Why a relying party cannot be set up like this. Whoever wrote the settings must change them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The origin is none, as browsers write it.
    #[error("{0:?} is no origin, like https://shop.example.com")]
    Origin(String),
    /// The cookie's name is none.
    #[error("a cookie's name is made of letters, digits, - and _")]
    CookieName,
    /// A path leads somewhere else, or nowhere.
    #[error("{0:?} is no path on this host")]
    Path(String),
    /// Without `openid` nobody says who signed in.
    #[error("the scope must hold openid")]
    Scope,
    /// The flows in browsers are sealed under the secret.
    #[error("the client must have a secret")]
    Secret,
}

impl Settings {
    /// For an app at `origin`, as browsers see it, such as `https://shop.example.com`; people sign in there by this client.
    #[must_use]
    pub fn new(
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
        origin: impl Into<String>,
    ) -> Self {
        let secret = Zeroizing::new(client_secret.into());
        Self {
            client: Service { client_id: client_id.into(), secret },
            origin: origin.into(),
            scope: "openid email".to_owned(),
            resource: None,
            cookie_name: "app".to_owned(),
            paths: Paths::default(),
            after_sign_out: "/".to_owned(),
            idle: Duration::from_hours(24),
            lifetime: Duration::from_hours(30 * 24),
            waiting: 10_000,
            sessions: None,
            randomness: Arc::new(SystemRandomness),
        }
    }

    /// What is asked for, words with spaces between. Default `openid email`.
    #[must_use]
    pub fn scope(self, scope: impl Into<String>) -> Self {
        Self { scope: scope.into(), ..self }
    }

    /// The service that access tokens are for (RFC 8707), where the issuer shall not choose.
    #[must_use]
    pub fn resource(self, resource: impl Into<String>) -> Self {
        Self { resource: Some(resource.into()), ..self }
    }

    /// What the cookie is called, behind `__Host-`. Default `app`.
    #[must_use]
    pub fn cookie_name(self, cookie_name: impl Into<String>) -> Self {
        Self { cookie_name: cookie_name.into(), ..self }
    }

    /// Where the pages of the sign-in are.
    #[must_use]
    pub fn paths(self, paths: Paths) -> Self {
        Self { paths, ..self }
    }

    /// Where people are after they signed out, a path; registered as `post_logout_redirect_uri`, behind the origin.
    /// Default `/`.
    #[must_use]
    pub fn after_sign_out(self, path: impl Into<String>) -> Self {
        Self { after_sign_out: path.into(), ..self }
    }

    /// How many pages may wait at once to be told of the end of their session, of all apps of one guard; whoever comes after
    /// that is answered at once. Default 10,000, and 64 of one user.
    #[must_use]
    pub fn waiting(self, waiting: usize) -> Self {
        Self { waiting, ..self }
    }

    /// How long a session lasts without being used. Default a day.
    #[must_use]
    pub fn idle(self, idle: Duration) -> Self {
        Self { idle, ..self }
    }

    /// How long it lasts at most. Default 30 days.
    #[must_use]
    pub fn lifetime(self, lifetime: Duration) -> Self {
        Self { lifetime, ..self }
    }

    /// Where sessions are kept. Default: in this process, 100,000 of them.
    #[must_use]
    pub fn sessions(self, sessions: impl SessionStore) -> Self {
        Self { sessions: Some(Arc::new(sessions)), ..self }
    }

    /// Takes secrets from elsewhere.
    #[must_use]
    pub fn randomness(self, randomness: impl Randomness) -> Self {
        Self { randomness: Arc::new(randomness), ..self }
    }

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        if !is_origin(&self.origin) {
            return Err(SettingsError::Origin(self.origin.clone()));
        }
        let name = &self.cookie_name;
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if name.is_empty() || !name.bytes().all(fits) {
            return Err(SettingsError::CookieName);
        }
        if !self.scope.split(' ').any(|word| word == "openid") {
            return Err(SettingsError::Scope);
        }
        if self.client.secret.is_empty() {
            return Err(SettingsError::Secret);
        }
        let Paths { sign_in, callback, sign_out, backchannel_logout, me } = &self.paths;
        let paths = [sign_in, callback, sign_out, backchannel_logout, me, &self.after_sign_out];
        let wrong = paths.into_iter().find(|path| !is_local(path));
        wrong.map_or(Ok(()), |path| Err(SettingsError::Path(path.clone())))
    }

    /// Whether this app speaks TLS; if not, all of this is on one machine, for development.
    pub(super) fn is_https(&self) -> bool {
        self.origin.starts_with("https:")
    }
}

/// Everything but the secret.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("client_id", &self.client.client_id)
            .field("origin", &self.origin)
            .field("scope", &self.scope)
            .field("paths", &self.paths)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(origin: &str) -> Settings {
        Settings::new("shop", "hush-hush", origin)
    }

    #[test]
    fn an_app_is_set_up_by_what_browsers_can_follow() {
        let shop = || of("https://shop.example");
        assert!(shop().check().is_ok());
        assert!(matches!(of("https://shop.example/").check(), Err(SettingsError::Origin(_))));
        assert!(matches!(shop().cookie_name("a b").check(), Err(SettingsError::CookieName)));
        assert!(matches!(shop().scope("email").check(), Err(SettingsError::Scope)));
        let path = shop().after_sign_out("//evil.example").check();
        assert!(matches!(path, Err(SettingsError::Path(_))));
        let bare = Settings::new("shop", "", "https://shop.example").check();
        assert!(matches!(bare, Err(SettingsError::Secret)));
    }

    #[test]
    fn what_is_printed_holds_no_secret() {
        let printed = format!("{:?}", of("https://shop.example"));
        assert!(printed.contains("shop.example") && !printed.contains("hush"), "{printed}");
    }
}
