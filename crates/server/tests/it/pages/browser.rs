//! A browser without a screen: keeps cookies, reads forms, follows nothing by itself.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use cloakroom_engine::Engine;
use cloakroom_engine::settings::Settings;
use cloakroom_engine::visitor::Visitor;
use cloakroom_server::app::{self, App};
use cloakroom_server::pages::Pages;
use cloakroom_store::memory::Memory;
use cloakroom_testkit::clock::HandClock;
use cloakroom_testkit::engine;
use cloakroom_testkit::fetch::OtherServers;
use cloakroom_testkit::server::Setup;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

pub(super) use crate::html::attribute;
use crate::html::{self, Form};

pub(super) const EMAIL: &str = "ada@example.com";
pub(super) const PASSWORD: &str = engine::PASSWORD;

/// A server's pages, and what stands behind them.
pub(super) struct Scene {
    router: Router,
    pub(super) engine: Engine,
    pub(super) clock: HandClock,
}

/// The pages of a server with default settings.
pub(super) async fn scene() -> Scene {
    scene_with(engine::settings()).await
}

/// The pages of a server with these settings.
pub(super) async fn scene_with(settings: Settings) -> Scene {
    let clock = HandClock::default();
    let store = Arc::new(Memory::new(clock.for_store()));
    let public_url = settings.issuer.parse().unwrap();
    let engine = engine::on(store, &clock, 7117, settings).await;
    let server = app::Settings { public_url, ..Setup::default().server };
    let pages = Pages::new(
        &App::new(engine.clone(), Arc::new(OtherServers::default()), server),
        "Cloakroom".to_owned(),
    );
    Scene { router: Arc::new(pages).router(), engine, clock }
}

impl Scene {
    /// A browser that was never here.
    pub(super) fn browser(&self) -> Browser {
        self.named("Firefox on Linux")
    }

    /// A browser of this name that was never here.
    pub(super) fn named(&self, device: &str) -> Browser {
        let visitor = Visitor {
            address: IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7)),
            device: device.to_owned(),
        };
        Browser { router: self.router.clone(), visitor, cookies: BTreeMap::new() }
    }

    /// A browser in which Ada has made her account.
    pub(super) async fn ada(&self) -> Browser {
        let mut browser = self.browser();
        let form = browser.get("/sign-up").await;
        let answer = browser
            .send(
                &form,
                "sign-up",
                &[("email", EMAIL), ("username", "ada"), ("password", PASSWORD)],
            )
            .await;
        assert_eq!(answer.leads_to(), "/account", "{}", answer.html);
        browser
    }

    /// A browser in which Ada is signed in, whether or not she had an account.
    pub(super) async fn member(&self) -> Browser {
        let mut browser = self.named("Chrome on Windows");
        if browser.sign_in(EMAIL, PASSWORD).await.leads_to() == "/account" {
            browser
        } else {
            self.ada().await
        }
    }

    /// Another browser in which Ada has signed in.
    pub(super) async fn ada_on(&self, device: &str) -> Browser {
        let mut browser = self.named(device);
        let answer = browser.sign_in(EMAIL, PASSWORD).await;
        assert_eq!(answer.leads_to(), "/account", "{}", answer.html);
        browser
    }
}

/// A browser: what it is, and its cookies.
pub(super) struct Browser {
    router: Router,
    visitor: Visitor,
    pub(super) cookies: BTreeMap<String, String>,
}

/// An answer.
pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) html: String,
}

impl Browser {
    /// Opens an address.
    pub(super) async fn get(&mut self, path: &str) -> Page {
        self.ask(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Opens an address, and where that leads on to, a few times.
    pub(super) async fn open(&mut self, path: &str) -> Page {
        let mut page = self.get(path).await;
        for _ in 0..3 {
            if page.status != StatusCode::SEE_OTHER {
                break;
            }
            page = self.get(page.leads_to()).await;
        }
        page
    }

    /// Fills in a form of a page and sends it, as a page of ours does.
    pub(super) async fn send(&mut self, page: &Page, form: &str, fields: &[(&str, &str)]) -> Page {
        let form = page.form(form).unwrap_or_else(|| panic!("no form {form} in {}", page.html));
        let mut filled = form.hidden;
        for (name, value) in fields {
            filled.insert((*name).to_owned(), (*value).to_owned());
        }
        self.post(&form.action, &filled, "same-origin").await
    }

    /// Posts fields to an address; `site` is what the browser says of where they come from.
    pub(super) async fn post(
        &mut self,
        path: &str,
        fields: &BTreeMap<String, String>,
        site: &str,
    ) -> Page {
        let body: String =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", site)
            .body(Body::from(body))
            .unwrap();
        self.ask(request).await
    }

    /// Signs in on the page for it.
    pub(super) async fn sign_in(&mut self, identifier: &str, password: &str) -> Page {
        let page = self.get("/sign-in").await;
        self.send(&page, "sign-in", &[("identifier", identifier), ("password", password)]).await
    }

    /// Whether the account opens.
    pub(super) async fn is_signed_in(&mut self) -> bool {
        self.get("/account").await.status == StatusCode::OK
    }

    /// Sends a request with the cookies there are, and keeps those that come.
    pub(super) async fn ask(&mut self, mut request: Request<Body>) -> Page {
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request.headers_mut().insert("cookie", cookies.join("; ").parse().unwrap());
        }
        request.extensions_mut().insert(self.visitor.clone());
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all("set-cookie") {
            let text = cookie.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if text.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let bytes = body.collect().await.unwrap().to_bytes();
        let html = String::from_utf8(bytes.to_vec()).unwrap();
        Page { status: parts.status, headers: parts.headers, html }
    }
}

impl Page {
    /// Where a redirect leads.
    pub(super) fn leads_to(&self) -> &str {
        self.headers.get("location").map_or("", |location| location.to_str().unwrap())
    }

    /// Whether the page says so.
    pub(super) fn says(&self, words: &str) -> bool {
        self.html.contains(words)
    }

    /// The form of this id.
    pub(super) fn form(&self, id: &str) -> Option<Form> {
        html::form(&self.html, id)
    }

    /// The start tags of elements of this name.
    pub(super) fn tags<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        html::tags(&self.html, name)
    }

    /// The start tag of the element with this id.
    pub(super) fn element(&self, id: &str) -> &str {
        html::element(&self.html, id).unwrap_or_else(|| panic!("no {id}"))
    }
}
