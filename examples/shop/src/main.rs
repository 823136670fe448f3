//! A web shop. Anybody may fill a cart; it stays theirs when they sign in, on their other devices, and when servers restart.
//!
//! The shop keeps nothing: the cart is session data, which the identity server keeps with whoever is there. Pages are rendered
//! here and need no script. The shop stands on the identity server's own host, behind one proxy, so that both see one cookie.

mod cart;
mod catalogue;
mod door;
mod pages;

use anyhow::Context as _;
use axum::Router;
use axum::routing::{get, post};
use cloakroom_guard::{CookieName, Guard, Settings};

use crate::door::Door;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().init();
    let issuer = setting("ISSUER")?;
    let settings = Settings::new(&issuer, format!("{issuer}/shop"))
        .service("shop", setting("CLIENT_SECRET")?)
        .cookie(CookieName::SameHost);
    let guard = Guard::start(settings)?;
    let shop = Router::new()
        .route("/shop", get(pages::shop))
        .route("/shop/cart", post(pages::change))
        .route("/shop/sign-out", post(pages::sign_out))
        .route("/shop/shop.css", get(pages::style))
        .with_state(Door::new(issuer))
        .layer(guard.layer());
    let listener = tokio::net::TcpListener::bind(setting("LISTEN")?).await?;
    axum::serve(listener, shop).await.context("the shop had to close")
}

/// What the environment says.
fn setting(name: &str) -> anyhow::Result<String> {
    std::env::var(name).with_context(|| format!("{name} is not set"))
}
