//! Somebody with a browser or an app, at a server's API and pages.

use http::request::Parts;
use reqwest::{Client, RequestBuilder, Response, StatusCode, redirect::Policy};
use serde_json::{Value, json};

use crate::server::Server;

/// A password that every rule admits.
pub(crate) const PASSWORD: &str = "seven coats and an umbrella";

/// Somebody who carries a cookie, or a token, or nothing.
#[derive(Clone)]
pub(crate) struct Person {
    client: Client,
    url: String,
    cookie: Option<String>,
    /// The answer of the last sign-in.
    pub(crate) signed_in: Value,
}

impl Person {
    /// Somebody who comes to a server.
    pub(crate) fn at(server: &Server) -> Self {
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        let url = server.url().to_owned();
        Self { client, url, cookie: None, signed_in: Value::Null }
    }

    /// Makes an account and carries a cookie.
    pub(crate) async fn sign_up(&mut self, email: &str) {
        let body = json!({ "email": email, "password": PASSWORD, "carry": "cookie" });
        self.begin("/api/v1/sign-up", &body).await;
    }

    /// Signs in and carries a cookie.
    pub(crate) async fn sign_in(&mut self, identifier: &str) {
        let body = json!({ "identifier": identifier, "password": PASSWORD, "carry": "cookie" });
        self.begin("/api/v1/sign-in", &body).await;
    }

    /// Signs in by a client and carries tokens.
    pub(crate) async fn sign_in_by(&mut self, client: &str, identifier: &str) {
        self.begin("/api/v1/sign-in", &by(client, identifier)).await;
    }

    /// How a sign-in by a client is answered.
    pub(crate) async fn tries_by(&self, client: &str, identifier: &str) -> StatusCode {
        let body = by(client, identifier);
        self.post("/api/v1/sign-in").json(&body).send().await.unwrap().status()
    }

    /// Comes as a guest and carries a cookie.
    pub(crate) async fn comes_as_guest(&mut self) {
        self.begin("/api/v1/guest", &json!({ "carry": "cookie" })).await;
    }

    /// How it is answered to somebody who would be a guest.
    pub(crate) async fn try_as_guest(&self) -> StatusCode {
        let body = json!({ "carry": "cookie" });
        self.post("/api/v1/guest").json(&body).send().await.unwrap().status()
    }

    /// Signs out, and keeps the cookie or the token that is of no more use.
    pub(crate) async fn signs_out(&self) {
        let mut request = self.post("/api/v1/sign-out").json(&json!({}));
        if let Some(token) = self.access_token() {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
    }

    /// Puts something into the cart.
    pub(crate) async fn puts(&self, item: &str) {
        let put = self.carrying(self.client.patch(self.cart())).json(&json!({ item: true }));
        let answer = put.header("origin", &self.url).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
    }

    /// What is in the cart; nothing where there is none.
    pub(crate) async fn finds_in_the_cart(&self) -> Value {
        let answer = self.carrying(self.client.get(self.cart())).send().await.unwrap();
        match answer.status() {
            StatusCode::NOT_FOUND => Value::Null,
            status => {
                assert_eq!(status, StatusCode::OK);
                answer.json().await.unwrap()
            }
        }
    }

    /// Comes to another server with what is carried.
    pub(crate) fn goes_to(&mut self, server: &Server) {
        server.url().clone_into(&mut self.url);
    }

    /// How a sign-in with this password is answered.
    pub(crate) async fn tries(&self, identifier: &str, password: &str) -> StatusCode {
        let body = json!({ "identifier": identifier, "password": password, "carry": "cookie" });
        self.post("/api/v1/sign-in").json(&body).send().await.unwrap().status()
    }

    /// The name of the session.
    pub(crate) fn sid(&self) -> &str {
        self.signed_in["session"]["sid"].as_str().unwrap()
    }

    /// How `GET /api/v1/session` is answered to what is carried.
    pub(crate) async fn is_known(&self) -> StatusCode {
        let request = self.client.get(format!("{}/api/v1/session", self.url));
        self.carrying(request).send().await.unwrap().status()
    }

    /// The access token.
    pub(crate) fn access_token(&self) -> Option<&str> {
        self.signed_in["access_token"].as_str()
    }

    /// How the refresh token is answered.
    pub(crate) async fn refreshes(&self, client: &str) -> StatusCode {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", client),
            ("refresh_token", self.signed_in["refresh_token"].as_str().unwrap()),
        ];
        self.post("/oauth/token").form(&form).send().await.unwrap().status()
    }

    /// The token that the session earns for an audience, at a client's origin.
    pub(crate) async fn earns(&self, origin: &str, audience: &str) -> Option<String> {
        let request = self
            .client
            .post(format!("{}/api/v1/session/token", self.url))
            .header("origin", origin)
            .header("cookie", self.cookie.as_deref().unwrap())
            .json(&json!({ "audience": audience }));
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        Some(answer["access_token"].as_str()?.to_owned())
    }

    /// The head of a request to a service, with what is carried.
    pub(crate) fn head(&self) -> Parts {
        let mut request = http::Request::get("/");
        if let Some(token) = self.access_token() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        request.body(()).unwrap().into_parts().0
    }

    /// Opens a page by its whole address.
    pub(crate) async fn opens(&mut self, page: &str) -> Response {
        let mut request = self.client.get(page);
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let answer = request.send().await.unwrap();
        self.keep(&answer);
        answer
    }

    /// Fills in the form of a page that is open, and sends it.
    pub(crate) async fn sends(&self, path: &str, page: &str, typed: &[(&str, &str)]) -> Response {
        let mut form = hidden(page);
        form.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.post(path).form(&form).send().await.unwrap()
    }

    async fn begin(&mut self, path: &str, body: &Value) {
        let answer = self.post(path).json(body).send().await.unwrap();
        self.keep(&answer);
        let status = answer.status();
        self.signed_in = answer.json().await.unwrap();
        assert!(status.is_success(), "{status}: {}", self.signed_in);
    }

    fn cart(&self) -> String {
        format!("{}/api/v1/session/data/cart", self.url)
    }

    /// With the token and the cookie that there are.
    fn carrying(&self, mut request: RequestBuilder) -> RequestBuilder {
        if let Some(token) = self.access_token() {
            request = request.bearer_auth(token);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        request
    }

    fn post(&self, path: &str) -> RequestBuilder {
        let mut request =
            self.client.post(format!("{}{path}", self.url)).header("origin", &self.url);
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        request
    }

    /// Keeps the first cookie that is set: the session's, or the form's.
    fn keep(&mut self, answer: &Response) {
        if let Some(set) = answer.headers().get("set-cookie") {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            self.cookie = Some(pair.to_owned());
        }
    }
}

fn by(client: &str, identifier: &str) -> Value {
    json!({ "identifier": identifier, "password": PASSWORD, "carry": "token", "client_id": client })
}

/// The hidden fields of a page's form.
fn hidden(page: &str) -> Vec<(String, String)> {
    let attribute = |input: &str, name: &str| {
        let (_, rest) = input.split_once(&format!("{name}=\""))?;
        Some(rest.split('"').next()?.to_owned())
    };
    page.split("<input")
        .filter_map(|input| input.split('>').next())
        .filter(|input| input.contains("type=\"hidden\""))
        .filter_map(|input| Some((attribute(input, "name")?, attribute(input, "value")?)))
        .collect()
}
