//! `/forward-auth`

mod attacks;
mod original;
mod rules;
mod tokens;
mod walk;

use std::time::Duration;

use axum::body::Body;
use cloakroom_model::policy::entry::{Name, Rule, Who};
use cloakroom_testkit::browser::{Answer, Browser, request};
use cloakroom_testkit::server::Server;
use http::{HeaderValue, Method};

/// What the server is called.
const ISSUER: &str = "https://id.example.test";

/// The cookie that the hosts of the domain see.
const COOKIE: &str = "__Secure-cloakroom-id";

/// How a browser asks for a page.
const NAVIGATION: [(&str, &str); 2] =
    [("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];

/// How a script asks for something.
const SCRIPT: [(&str, &str); 2] = [("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")];

/// A server behind a proxy on this machine, with these rules.
async fn server(rules: Vec<Rule>) -> Server {
    Server::with(|setup| {
        ISSUER.clone_into(&mut setup.engine.issuer);
        setup.server.public_url = ISSUER.parse().unwrap();
        setup.server.cookie_domain = Some("example.test".to_owned());
        setup.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        setup.server.forward_auth = rules;
    })
    .await
}

/// A rule that lets in whoever is signed in.
fn rule(host: &str) -> Rule {
    Rule {
        host: host.to_owned(),
        who: Who::SignedIn,
        level: None,
        within: None,
        open: Vec::new(),
        name: Name::Id,
        service: None,
    }
}

/// The same, where a proof must not be older than ten minutes.
fn fresh(host: &str) -> Rule {
    Rule { within: Some(Duration::from_mins(10)), ..rule(host) }
}

/// A request as Caddy asks about it.
async fn ask(
    browser: &Browser,
    method: &str,
    url: &str,
    headers: &[(&'static str, &str)],
) -> Answer {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let uri = format!("/{path}");
    let said = [
        ("x-forwarded-method", method),
        ("x-forwarded-proto", scheme),
        ("x-forwarded-host", host),
        ("x-forwarded-uri", &uri),
        ("host", host),
    ];
    send(browser, &[&said, headers].concat()).await
}

/// A request as nginx asks about it.
async fn ask_as_nginx(
    browser: &Browser,
    method: &str,
    url: &str,
    headers: &[(&'static str, &str)],
) -> Answer {
    let said = [("x-original-method", method), ("x-original-url", url)];
    send(browser, &[&said, headers].concat()).await
}

/// The question itself, with what a browser sends to a host that is not Cloakroom's.
async fn send(browser: &Browser, headers: &[(&'static str, &str)]) -> Answer {
    let mut request = request(Method::GET, "/forward-auth", Body::empty());
    for (name, value) in headers {
        request.headers_mut().append(*name, HeaderValue::from_str(value).unwrap());
    }
    let mut elsewhere = browser.clone();
    elsewhere.jar.retain(|name, _| name == COOKIE);
    elsewhere.send(request).await
}

/// A browser in which somebody with these roles is signed in.
async fn signed_in(server: &Server, name: &str, roles: &[&str]) -> Browser {
    server.add_user(name, roles).await;
    let mut browser = server.browser();
    browser.sign_in(name, "cookie").await;
    browser
}
