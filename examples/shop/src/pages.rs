//! The pages, and what their forms do.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::{Form, http};
use cloakroom_guard::data::SessionData;
use cloakroom_guard::{Identity, Refused};
use serde::Deserialize;

use crate::cart::Cart;
use crate::catalogue::{self, Article};
use crate::door::{Cookies, Door};

/// The cart of whoever is there; an error where nobody is, or where the guard refuses.
type TheirCart = Result<SessionData<Cart>, Refused>;

#[derive(Template)]
#[template(path = "shop.html")]
struct Shop {
    articles: &'static [Article],
    lines: Vec<(&'static Article, u32)>,
    total: u32,
    is_user: bool,
}

/// Everything on offer, and the cart.
pub(crate) async fn shop(me: Option<Identity>, cart: TheirCart) -> Result<Response, Response> {
    let cart = match cart {
        Ok(cart) => cart.read().await.map_err(IntoResponse::into_response)?.value,
        Err(refused) if refused.refusal().means_nobody() => None,
        Err(refused) => return Err(refused.into_response()),
    }
    .unwrap_or_default();
    let is_user = me.is_some_and(|me| me.user().is_some());
    let page = Shop { articles: catalogue::ALL, lines: cart.lines(), total: cart.total(), is_user };
    let html = page.render().map_err(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())?;
    let headers = [
        (CACHE_CONTROL, "no-store"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
    ];
    Ok((headers, Html(html)).into_response())
}

/// One more of an article, or none of it any more.
#[derive(Deserialize)]
pub(crate) struct Change {
    article: String,
    act: Act,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Act {
    Add,
    Remove,
}

/// Whether the browser was given a guest's cookie a moment ago.
#[derive(Deserialize)]
pub(crate) struct Begun {
    #[serde(default)]
    guest: bool,
}

/// Changes the cart. Whoever was nobody becomes a guest first: the browser is given the cookie and sends the same form again.
pub(crate) async fn change(
    State(door): State<Door>,
    Query(Begun { guest }): Query<Begun>,
    headers: HeaderMap,
    cart: TheirCart,
    Form(Change { article, act }): Form<Change>,
) -> Result<Response, Response> {
    let unknown = || (StatusCode::NOT_FOUND, "There is no such article.").into_response();
    let article = catalogue::find(&article).ok_or_else(unknown)?;
    let cart = match cart {
        Ok(cart) => cart,
        Err(refused) if refused.refusal().means_nobody() && door.sent_here(&headers) => {
            if guest {
                let words = "The cart needs a cookie, and this browser keeps none.";
                return Err((StatusCode::BAD_REQUEST, words).into_response());
            }
            let cookies = door.guest(&headers).await.map_err(unreachable)?;
            return Ok(with(cookies, Redirect::temporary("/shop/cart?guest=true").into_response()));
        }
        Err(refused) => return Err(refused.into_response()),
    };
    // Done again on the newer version where another tab was faster.
    let changed = cart.update(|cart| match act {
        Act::Add => cart.add(article),
        Act::Remove => cart.remove(article),
    });
    changed.await.map_err(IntoResponse::into_response)?;
    Ok(Redirect::to("/shop").into_response())
}

/// Ends the session: here, and for every service that knows of it.
pub(crate) async fn sign_out(
    State(door): State<Door>,
    _me: Identity,
    headers: HeaderMap,
) -> Result<Response, Response> {
    let cookies = door.sign_out(&headers).await.map_err(unreachable)?;
    Ok(with(cookies, Redirect::to("/shop").into_response()))
}

/// How it looks.
pub(crate) async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../assets/shop.css"))
}

fn with(cookies: Cookies, mut response: Response) -> Response {
    let headers = response.headers_mut();
    for cookie in cookies {
        headers.append(SET_COOKIE, cookie);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` wants")]
fn unreachable(why: reqwest::Error) -> Response {
    eprintln!("the identity server: {why:?}");
    let retry = [(http::header::RETRY_AFTER, "1")];
    (StatusCode::SERVICE_UNAVAILABLE, retry, "Please try again in a moment.").into_response()
}
