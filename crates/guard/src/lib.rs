//! Who a request comes from, known by the service itself and forgotten as soon as it is taken back.
//!
//! Session cookies, bearer tokens and `DPoP` tokens become one [`Identity`], from memory. Behind it a [`Guard`] follows the
//! feed of an identity server such as Cloakroom, on which everything that ends or changes is announced, and stops believing
//! its memory when it no longer hears the feed.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use cloakroom_guard::{CookieName, Guard, Identity, Settings, require};
//!
//! # async fn start(secret: String) -> Result<(), Box<dyn std::error::Error>> {
//! let settings = Settings::new("https://id.example.com", "https://api.example.com")
//!     .service("api", secret)                     // the client that this service is: follows the feed
//!     .cookie(CookieName::SiblingHosts);          // accept session cookies as well
//! let guard = Guard::start(settings)?;
//!
//! async fn greet(me: Option<Identity>) -> String {
//!     format!("Hello, {}!", me.as_ref().and_then(Identity::user).unwrap_or("stranger"))
//! }
//! let admin = Router::new().route("/admin", get(|me: Identity| async move { format!("{me:?}") }));
//! let app = Router::new()
//!     .route("/", get(greet))
//!     .merge(admin.layer(require::signed_in().role("admin")))
//!     .layer(guard.layer());                      // around everything, and so the last
//! # let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! # axum::serve(listener, app).await?; Ok(()) }
//! ```
//!
//! What it promises:
//!
//! - **What was taken back is refused**, within a fraction of a second while the feed is heard, and after
//!   [`max_staleness`](Settings::max_staleness) whatever the network does. Then the server is asked about each request, or
//!   everything is refused ([`WhenUnheard`]).
//! - **Tokens are read strictly**, by `cloakroom-jose`: they are measured by what the service expects and never by what they
//!   say of themselves.
//! - **A request that is remembered waits for nobody**: no lock that all share, no allocation that could be avoided, no
//!   question. Nothing that could be presented is kept; cookies and tokens are known by their digests.
//! - **Every memory and every queue has an end.**
//!
//! Without the feed, any OpenID provider will do: its tokens are believed until they expire.
//!
//! It asks a clock in one place ([`Clock`]), which a service may replace, and does not look into bodies.

pub mod data;
#[cfg(feature = "fuzz")]
#[doc(hidden)]
pub mod fuzz;
pub mod relying_party;
pub mod require;

mod again;
mod answer;
mod ask;
mod awaited;
mod beliefs;
mod clock;
mod concerns;
mod cookie;
mod digest;
mod dpop;
mod extract;
mod feed;
mod flights;
mod guard;
mod http;
mod identity;
mod layer;
mod origin;
mod provider;
mod refusal;
mod settings;
mod subject;
mod token;

pub use answer::Refused;
pub use clock::{Clock, SystemClock};
pub use cookie::CookieName;
pub use guard::{Guard, Health, Outcome};
pub use identity::{Carrier, Identity};
pub use layer::{GuardLayer, GuardService, Guarded};
pub use refusal::{Refusal, TokenFault};
pub use require::{Requirement, SignedIn};
pub use settings::{Settings, SettingsError, WhenUnheard};

#[cfg(test)]
mod vectors;
