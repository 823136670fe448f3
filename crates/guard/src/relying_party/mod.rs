//! For apps on other domains than the issuer's: they send people to the issuer's sign-in, keep their tokens on this side, and
//! give the browser a cookie that says nothing (RFC 10017). Their sessions end with the issuer's, as soon as the feed tells,
//! or by back-channel logout at issuers that have no feed.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use cloakroom_guard::{Guard, Identity, Settings, relying_party};
//!
//! # async fn start(secret: String) -> Result<(), Box<dyn std::error::Error>> {
//! let settings = Settings::new("https://id.example.com", "https://shop.example")
//!     .service("shop", secret.clone());
//! let guard = Guard::start(settings)?;
//! let settings = relying_party::Settings::new("shop", secret, "https://shop.example");
//! let shop = relying_party::RelyingParty::new(guard, settings)?;
//!
//! let app: Router = Router::new()
//!     .route("/orders", get(|me: Identity| async move { format!("{:?}", me.user()) }))
//!     .layer(shop.layer());                       // instead of the guard's own
//! # let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! # axum::serve(listener, app).await?; Ok(()) }
//! ```
//!
//! The layer answers the pages of [`Paths`] itself, and finds out for all others who is there: by the app's cookie, or by
//! what the guard knows where a token is presented. Somebody on the way to a page that needs an identity is sent to the
//! sign-in and back.
//!
//! An [`Identity`](crate::Identity) holds what the ID token says; what more the issuer tells of a person is asked for by
//! [`RelyingParty::user_info`].

mod flow;
mod id_token;
mod layer;
mod logout_token;
mod pages;
mod party;
mod randomness;
mod return_to;
mod sealed;
mod session;
mod set_cookie;
mod settings;
mod store;
mod tokens;
mod user_info;
mod wait;

pub use layer::{RelyingPartyLayer, RelyingPartyService};
pub use party::RelyingParty;
pub use randomness::{Randomness, SystemRandomness};
pub use settings::{Paths, Settings, SettingsError};
pub use store::{Kept, MemorySessions, SessionStore, StoreError};
pub use user_info::UserInfo;
