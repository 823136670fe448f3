//! A resource server. Whoever calls brings an access token; what it allows is said beside each route, and once its session is
//! over it is worth nothing here within the second.
//!
//! | call | needs |
//! | --- | --- |
//! | `GET /orders` | a user, and the scope `orders` |
//! | `POST /orders` | the same, and a proof of who it is that is at most ten minutes old |
//! | `GET /all-orders` | a user with the role `admin`, and the scope `orders` |

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use cloakroom_guard::require::signed_in;
use cloakroom_guard::{Guard, Settings, SignedIn};
use serde::{Deserialize, Serialize};

/// So many orders are kept; this is an example, and has no database.
const MOST: usize = 1000;

/// What was ordered, by whom.
#[derive(Clone, Serialize)]
struct Order {
    user: String,
    article: String,
}

type Orders = Arc<Mutex<Vec<Order>>>;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().init();
    let origin = setting("ORIGIN")?;
    let settings = Settings::new(setting("ISSUER")?, &origin)
        .service("api", setting("CLIENT_SECRET")?)
        .origin(origin);
    let guard = Guard::start(settings)?;
    let listener = tokio::net::TcpListener::bind(setting("LISTEN")?).await?;
    axum::serve(listener, routes().layer(guard.layer())).await.context("the API had to close")
}

fn routes() -> Router {
    let orders = signed_in().scope("orders");
    let fresh = orders.clone().fresh_within(Duration::from_mins(10));
    let admin = orders.clone().role("admin");
    Router::new()
        .route("/orders", get(mine).layer(orders))
        .route("/orders", post(order).layer(fresh))
        .route("/all-orders", get(all).layer(admin))
        .with_state(Orders::default())
}

async fn mine(State(orders): State<Orders>, me: SignedIn) -> Json<Vec<Order>> {
    let orders = orders.lock().unwrap_or_else(PoisonError::into_inner);
    Json(orders.iter().filter(|order| order.user == me.user()).cloned().collect())
}

/// What somebody asks for.
#[derive(Deserialize)]
struct Wish {
    article: String,
}

async fn order(
    State(orders): State<Orders>,
    me: SignedIn,
    Json(Wish { article }): Json<Wish>,
) -> Result<(StatusCode, Json<Order>), StatusCode> {
    let mut orders = orders.lock().unwrap_or_else(PoisonError::into_inner);
    if orders.len() == MOST {
        return Err(StatusCode::INSUFFICIENT_STORAGE);
    }
    let order = Order { user: me.user().to_owned(), article };
    orders.push(order.clone());
    Ok((StatusCode::CREATED, Json(order)))
}

async fn all(State(orders): State<Orders>) -> Json<Vec<Order>> {
    Json(orders.lock().unwrap_or_else(PoisonError::into_inner).clone())
}

/// What the environment says.
fn setting(name: &str) -> anyhow::Result<String> {
    std::env::var(name).with_context(|| format!("{name} is not set"))
}
