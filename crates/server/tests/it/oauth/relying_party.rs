//! A client application under test, and the person at its browser: it sends the browser to the server, the person does
//! what the pages ask, and the application redeems what comes back.

use std::collections::BTreeMap;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use cloakroom_engine::clients::NewClient;
use cloakroom_model::client::Template;
use cloakroom_model::event::Actor;
use cloakroom_model::id::ClientId;
use cloakroom_model::registration::{AnswerSigning, AuthenticationMethod, GrantType, Registration};
use cloakroom_testkit::browser::{Answer, Browser, request};
use cloakroom_testkit::engine::PASSWORD;
use cloakroom_testkit::server::Server;
use http::{HeaderValue, Method, Request};
use serde_json::Value;
use url::form_urlencoded::{self, Serializer};

use crate::html;

/// Where answers go.
pub(crate) const CALLBACK: &str = "https://app.example/callback";

/// RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A client application.
#[derive(Clone)]
pub(crate) struct RelyingParty {
    pub(crate) server: Server,
    pub(crate) id: String,
    pub(crate) secret: Option<String>,
}

/// What came back to the application's redirect URI.
#[derive(Debug)]
pub(crate) struct Callback {
    /// How: `query`, `fragment` or `form_post`.
    pub(crate) mode: &'static str,
    pub(crate) parameters: BTreeMap<String, String>,
}

/// What a relying party begins with: a third party with a secret, that may do all that the tests of this module ask for.
pub(crate) fn registration() -> NewClient {
    let scopes = ["openid", "profile", "email", "offline_access", "read", "write"];
    NewClient {
        id: Some(ClientId::parse("app").unwrap()),
        name: "The App".to_owned(),
        template: Template::Web,
        first_party: false,
        origins: Vec::new(),
        audiences: vec!["https://api.example".to_owned()],
        scopes: scopes.map(str::to_owned).to_vec(),
        algorithm: None,
        token_places: Vec::new(),
        confidential: true,
        registration: Registration {
            redirect_uris: vec![CALLBACK.to_owned()],
            grant_types: vec![
                GrantType::AuthorizationCode,
                GrantType::RefreshToken,
                GrantType::ClientCredentials,
            ],
            method: AuthenticationMethod::ClientSecretBasic,
            // RS256 is the default, and an RSA key takes long to make.
            signing: AnswerSigning {
                id_token: Some("ES256".to_owned()),
                ..AnswerSigning::default()
            },
            ..Registration::default()
        },
    }
}

impl RelyingParty {
    /// Registers one.
    pub(crate) async fn new(server: &Server) -> Self {
        Self::with(server, |_| ()).await
    }

    /// Registers one that is otherwise.
    pub(crate) async fn with(server: &Server, change: impl FnOnce(&mut NewClient)) -> Self {
        let mut new = registration();
        change(&mut new);
        if new.registration.method == AuthenticationMethod::None {
            // Who proves nothing has no right of its own to register for.
            new.registration.grant_types.retain(|it| *it != GrantType::ClientCredentials);
        }
        let added = server.engine.add_client(new, Actor::Operator).await.unwrap();
        let secret = added.secret.map(|secret| secret.to_string());
        Self { server: server.clone(), id: added.client.id.to_string(), secret }
    }

    /// The address that a browser is sent to, with these parameters in place of the usual ones; an empty value leaves
    /// one out.
    pub(crate) fn question(&self, with: &[(&str, &str)]) -> String {
        format!("/oauth/authorize?{}", self.parameters(with))
    }

    /// The parameters of a question.
    pub(crate) fn parameters(&self, with: &[(&str, &str)]) -> String {
        let mut parameters = BTreeMap::from([
            ("client_id", self.id.as_str()),
            ("response_type", "code"),
            ("redirect_uri", CALLBACK),
            ("scope", "openid"),
            ("state", "the state"),
            ("nonce", "the nonce"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        parameters.extend(with.iter().copied());
        parameters.retain(|_, value| !value.is_empty());
        Serializer::new(String::new()).extend_pairs(parameters).finish()
    }

    /// Asks, lets the person answer every page as they should, and takes the code.
    pub(crate) async fn code(&self, browser: &mut Browser, with: &[(&str, &str)]) -> String {
        let callback = walk(browser, &self.question(with)).await;
        callback.parameters.get("code").unwrap_or_else(|| panic!("{callback:?}")).clone()
    }

    /// Redeems a code.
    pub(crate) async fn redeem(&self, code: &str) -> Answer {
        self.redeem_with(code, &[]).await
    }

    /// Redeems a code with these parameters in place of the usual ones; an empty value leaves one out.
    pub(crate) async fn redeem_with(&self, code: &str, with: &[(&str, &str)]) -> Answer {
        self.redeem_as(code, with, &[]).await
    }

    /// Redeems a code with these headers beside.
    pub(crate) async fn redeem_beside(
        &self,
        code: &str,
        beside: &[(&'static str, &str)],
    ) -> Answer {
        self.redeem_as(code, &[], beside).await
    }

    async fn redeem_as(
        &self,
        code: &str,
        with: &[(&str, &str)],
        beside: &[(&'static str, &str)],
    ) -> Answer {
        let mut parameters = BTreeMap::from([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ]);
        parameters.extend(with.iter().copied());
        parameters.retain(|_, value| !value.is_empty());
        let parameters: Vec<_> = parameters.into_iter().collect();
        self.post_beside("/oauth/token", &parameters, beside).await
    }

    /// All that a sign-in gets, as JSON.
    pub(crate) async fn tokens(&self, browser: &mut Browser, with: &[(&str, &str)]) -> Value {
        let code = self.code(browser, with).await;
        self.redeem(&code).await.is(200).json()
    }

    /// Posts a form to an OAuth endpoint, with the secret in the header where there is one.
    pub(crate) async fn post(&self, path: &str, parameters: &[(&str, &str)]) -> Answer {
        self.post_beside(path, parameters, &[]).await
    }

    /// The same with these headers beside.
    pub(crate) async fn post_beside(
        &self,
        path: &str,
        parameters: &[(&str, &str)],
        beside: &[(&'static str, &str)],
    ) -> Answer {
        let mut request = self.form(path, parameters);
        for (name, value) in beside {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        self.server.browser().send(request).await
    }

    /// A request that posts a form so.
    pub(crate) fn form(&self, path: &str, parameters: &[(&str, &str)]) -> Request<Body> {
        let named = self.secret.is_none().then_some(("client_id", self.id.as_str()));
        let all = parameters.iter().copied().chain(named);
        let body = Serializer::new(String::new()).extend_pairs(all).finish();
        let mut request = request(Method::POST, path, body.into());
        let headers = request.headers_mut();
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert("content-type", form);
        if let Some(secret) = &self.secret {
            // RFC 6749 §2.3.1.
            let id: String = form_urlencoded::byte_serialize(self.id.as_bytes()).collect();
            let basic = STANDARD.encode(format!("{id}:{secret}"));
            headers.insert("authorization", format!("Basic {basic}").parse().unwrap());
        }
        request
    }
}

/// A browser at which Ada, who has an account, is signed in.
pub(crate) async fn ada(server: &Server) -> Browser {
    let mut browser = server.browser();
    browser.sign_up("ada").await;
    browser
}

/// Opens an address, and does what every page asks for until a client is answered.
pub(crate) async fn walk(browser: &mut Browser, path: &str) -> Callback {
    let mut page = browser.get(path).await;
    for _ in 0..12 {
        if let Some(callback) = callback(&page) {
            return callback;
        }
        page = match next(&page) {
            Step::Get(path) => browser.get(&path).await,
            Step::Send(action, fields) => send(browser, &action, &fields).await,
        };
    }
    panic!("nothing comes of it: {} {}", page.status, page.text());
}

/// Follows where an answer leads on this server, and answers the first that is a page or leaves.
pub(crate) async fn open(browser: &mut Browser, path: &str) -> Answer {
    let mut page = browser.get(path).await;
    while page.status == 303 && page.header("location").starts_with('/') {
        let location = page.header("location").to_owned();
        page = browser.get(&location).await;
    }
    page
}

/// Sends a form as a page of ours does.
pub(crate) async fn send(
    browser: &mut Browser,
    action: &str,
    fields: &BTreeMap<String, String>,
) -> Answer {
    let body = Serializer::new(String::new()).extend_pairs(fields).finish();
    let mut request = request(Method::POST, action, body.into());
    let headers = request.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers.insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
    browser.send(request).await
}

/// What an answer brings to a client, if it goes to one.
pub(crate) fn callback(page: &Answer) -> Option<Callback> {
    let location = page.header("location");
    let read = |text: &str| form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    if !location.is_empty() && !location.starts_with('/') {
        if let Some((_, fragment)) = location.split_once('#') {
            return Some(Callback { mode: "fragment", parameters: read(fragment) });
        }
        let (_, query) = location.split_once('?')?;
        return Some(Callback { mode: "query", parameters: read(query) });
    }
    let form = html::form(&page.text(), "form-post")?;
    Some(Callback { mode: "form_post", parameters: form.hidden })
}

enum Step {
    Get(String),
    Send(String, BTreeMap<String, String>),
}

/// What a person does at a page: what it asks for.
fn next(page: &Answer) -> Step {
    let location = page.header("location");
    if page.status == 303 {
        return Step::Get(location.to_owned());
    }
    let html = page.text();
    let fill = |id: &str, filled: &[(&str, &str)]| {
        let mut form = html::form(&html, id)?;
        form.hidden.extend(filled.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())));
        Some(Step::Send(form.action, form.hidden))
    };
    fill("sign-in", &[("identifier", "ada@example.com"), ("password", PASSWORD)])
        .or_else(|| fill("again", &[("password", PASSWORD)]))
        .or_else(|| fill("consent", &[("answer", "allow")]))
        .or_else(|| {
            let this = html::element(&html, "this")?;
            Some(Step::Get(html::attribute(this, "href")?))
        })
        .unwrap_or_else(|| panic!("what now? {} {html}", page.status))
}

/// The claims of a token, unverified.
pub(crate) fn claims(token: &Value) -> Value {
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
