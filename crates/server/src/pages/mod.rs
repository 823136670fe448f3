//! The pages: what a person sees of Cloakroom.
//!
//! Rendered on the server and complete without JavaScript. A page is a typed view in [`view`] with a template in
//! `templates/`, and a handler here that reads a request, calls one use case and answers with the view. A view
//! holds everything that its page shows and can be rendered without a server, which is how pages are looked at
//! (`cargo run -p cloakroom-server --example preview`).
//!
//! The small pure parts keep forms ours ([`form_token`]), redirects local ([`local_path`]) and browsers strict
//! ([`headers`]); [`assets`] are the files that pages ask for.

pub mod assets;
pub mod form_token;
pub mod headers;
pub mod local_path;
pub mod paths;
pub mod view;

mod account;
mod again;
mod authorize;
mod choose;
mod consent;
mod device;
mod failure;
mod link;
mod logout;
mod member;
mod note;
mod onward;
mod recover;
mod reply;
mod says;
mod set_up;
mod sign_in;
mod sign_out;
mod sign_up;
mod trouble;
mod visit;

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use cloakroom_engine::Engine;
use cloakroom_engine::fetch::Fetch;
use http::{HeaderMap, StatusCode};

use self::failure::Failure;
use self::form_token::FormKey;
use self::view::error::ErrorPage;
use self::view::site::Site;
use crate::address::PublicAddress;
use crate::app::App;
use crate::cookies::Cookies;
use crate::forward_auth::hosts::Hosts;
use crate::layers::origin_check;
use crate::session_cookies::SessionCookies;

pub use self::view::error::Kind as ErrorKind;

/// What the pages are made with.
pub struct Pages {
    engine: Engine,
    fetch: Arc<dyn Fetch>,
    address: PublicAddress,
    cookies: Cookies,
    session_cookies: SessionCookies,
    hosts: Arc<Hosts>,
    key: FormKey,
    site: Site,
}

impl Pages {
    /// The pages of an installation that is called `name`.
    #[must_use]
    pub fn new(app: &App, name: String) -> Self {
        let (engine, address) = (app.engine.clone(), app.address.clone());
        let fetch = Arc::clone(&app.fetch);
        let settings = engine.settings();
        let site = Site {
            name,
            host: address.host().to_owned(),
            sign_up_open: settings.sign_up_open,
            shortest_password: settings.password.minimum.code_points(),
        };
        let key = FormKey::new(&engine.form_key());
        let (cookies, session_cookies) = (app.cookies, app.session_cookies.clone());
        let hosts = Arc::clone(&app.hosts);
        Self { engine, fetch, address, cookies, session_cookies, hosts, key, site }
    }

    /// All pages and their assets. Requests bring a [`Visitor`](cloakroom_engine::visitor::Visitor) as an
    /// extension. What is not found here is for the caller to answer, with [`Pages::error`].
    pub fn router(self: Arc<Self>) -> Router {
        Router::new()
            .route(paths::SET_UP, get(set_up::show).post(set_up::send))
            .route(paths::SIGN_UP, get(sign_up::show).post(sign_up::send))
            .route(paths::SIGN_IN, get(sign_in::show).post(sign_in::send))
            .route(paths::SIGN_IN_AS_ANOTHER, get(sign_in::show_to_another))
            .route(paths::AGAIN, get(again::show).post(again::send))
            .route(paths::ONWARD, get(onward::show))
            .route(paths::CHOOSE, get(choose::show))
            .route(paths::AUTHORIZE, get(authorize::show).post(authorize::send))
            .route(paths::LOGOUT, get(logout::show).post(logout::send))
            .route(paths::CONSENT, get(consent::show).post(consent::send))
            .route(paths::DEVICE, get(device::show).post(device::send))
            .route(paths::DEVICE_ANSWER, get(device::back).post(device::answer))
            .route(paths::DEVICE_DONE, get(device::done))
            .route(paths::LINK, get(link::show).post(link::send))
            .route(paths::SIGN_OUT, get(sign_out::show).post(sign_out::send))
            .route(paths::RECOVER, get(recover::show).post(recover::send))
            .route(paths::ACCOUNT, get(account::profile::show).post(account::profile::send))
            .route(paths::PASSWORD, get(account::password::show).post(account::password::send))
            .route(paths::DEVICES, get(account::devices::show))
            .route(paths::DEVICE_OUT, get(account::devices::back).post(account::devices::one))
            .route(paths::OTHERS_OUT, get(account::devices::back).post(account::devices::others))
            .route(paths::ALL_OUT, get(account::devices::back).post(account::devices::all))
            .route(paths::APPS, get(account::apps::show))
            .route(paths::WITHDRAW, get(account::apps::back).post(account::apps::withdraw))
            .route(paths::DELETE, get(account::delete::show).post(account::delete::send))
            .route("/", get(async || reply::see_other(paths::ACCOUNT)))
            .layer(from_fn_with_state(Arc::clone(&self), frame))
            .route("/assets/{name}", get(asset))
            .with_state(self)
    }

    /// The page for what went wrong where no page of ours was asked.
    #[must_use]
    pub fn error(&self, kind: ErrorKind<'_>) -> Response {
        let mut response = reply::page(self, kind.status(), &ErrorPage::new(&self.site, kind));
        if let Some(wait) = kind.wait() {
            reply::retry_after(&mut response, wait);
        }
        response
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("site", &self.site).finish_non_exhaustive()
    }
}

/// Turns other sites away, and shows what failed as a page.
async fn frame(State(pages): State<Arc<Pages>>, request: Request, next: Next) -> Response {
    let own = pages.address.origin();
    // A client's page may post a question to us: what it changes by itself, a token of ours has allowed.
    let is_question = [paths::AUTHORIZE, paths::LOGOUT].contains(&request.uri().path());
    if !is_question && !origin_check::passes(request.method(), request.headers(), own, |_| false) {
        return pages.error(ErrorKind::CrossSite);
    }
    let response = next.run(request).await;
    if let Some(failure) = response.extensions().get::<Failure>() {
        return pages.error(failure.kind());
    }
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        let mut page = pages.error(ErrorKind::MethodNotAllowed);
        // RFC 9110 §15.5.6: the methods there are.
        for allow in response.headers().get_all(http::header::ALLOW) {
            page.headers_mut().append(http::header::ALLOW, allow.clone());
        }
        return page;
    }
    response
}

async fn asset(
    State(pages): State<Arc<Pages>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    match assets::answer(&name, &headers) {
        Some(found) => found.map(axum::body::Body::from).into_response(),
        None => pages.error(ErrorKind::NotFound),
    }
}
