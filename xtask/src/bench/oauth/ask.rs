//! What is asked of every server in the same words, and how one answers when it is well.
//!
//! Names in braces stand for what a connection knows: its person's cookie and tokens, and what it learned meanwhile.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::http::{Answer, Connection, Request};

/// Where an app is answered, and whom its tokens are for.
pub(crate) const CALLBACK: &str = "https://app.example.com/callback";
pub(crate) const API: &str = "https://api.example.com";
pub(crate) const INVOICES: &str = "invoices";

pub(crate) const AUTHORIZE: &str = "/oauth/authorize";
pub(crate) const TOKEN: &str = "/oauth/token";

/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// By which the clients `app` and `service` prove themselves, at every server.
pub(crate) struct Secrets {
    pub(crate) app: String,
    pub(crate) service: String,
}

/// A request, and what shows that its answer is good.
pub(crate) struct Step {
    pub(crate) path: &'static str,
    query: Option<String>,
    headers: Vec<(&'static str, String)>,
    body: Option<String>,
    status: u16,
    /// What must be there to be learned: its name, and between which texts it stands.
    learn: Vec<(&'static str, &'static str, &'static str)>,
}

/// A question whose person is signed in and has consented, and the tokens for its code.
pub(crate) fn code_flow(secrets: &Secrets) -> Vec<Step> {
    code_flow_for("openid invoices", Some(API), secrets)
}

/// The same with a scope, for an audience or for none in particular.
pub(crate) fn code_flow_for(scope: &str, resource: Option<&str>, secrets: &Secrets) -> Vec<Step> {
    let mut question = vec![
        ("client_id", "app"),
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", scope),
        ("state", "s"),
        ("nonce", "n"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let mut redeem = vec![
        ("grant_type", "authorization_code"),
        ("code", "{code}"),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("client_id", "app"),
        ("client_secret", &secrets.app),
    ];
    let resource = resource.map(|resource| ("resource", resource));
    question.extend(resource);
    redeem.extend(resource);
    vec![
        Step {
            path: AUTHORIZE,
            query: Some(form(&question)),
            headers: vec![("cookie", "{cookie}".to_owned())],
            body: None,
            status: 303,
            learn: vec![("code", "/callback?code=", "&")],
        },
        Step { learn: vec![("id_token", "\"id_token\":\"", "\"")], ..post(TOKEN, &redeem) },
    ]
}

/// A service's own token.
pub(crate) fn client_credentials(secrets: &Secrets) -> Vec<Step> {
    let asked = [
        ("grant_type", "client_credentials"),
        ("scope", INVOICES),
        ("resource", API),
        ("client_id", "service"),
        ("client_secret", &secrets.service),
    ];
    let signed = ("own_token", "\"access_token\":\"ey", "\"");
    vec![Step { learn: vec![signed], ..post(TOKEN, &asked) }]
}

/// The next tokens of a chain.
pub(crate) fn refresh(secrets: &Secrets) -> Vec<Step> {
    let asked = [
        ("grant_type", "refresh_token"),
        ("refresh_token", "{refresh_token}"),
        ("resource", API),
        ("client_id", "app"),
        ("client_secret", &secrets.app),
    ];
    let next = ("refresh_token", "\"refresh_token\":\"", "\"");
    vec![Step { learn: vec![next], ..post(TOKEN, &asked) }]
}

/// What an access token is worth.
pub(crate) fn introspection(secrets: &Secrets) -> Vec<Step> {
    let asked =
        [("token", "{access_token}"), ("client_id", "app"), ("client_secret", &secrets.app)];
    let active = ("active", "\"active\":true", "");
    vec![Step { learn: vec![active], ..post("/oauth/introspect", &asked) }]
}

/// Who its person is.
pub(crate) fn user_info(_: &Secrets) -> Vec<Step> {
    vec![Step {
        path: "/oauth/userinfo",
        query: None,
        headers: vec![("authorization", "Bearer {access_token}".to_owned())],
        body: None,
        status: 200,
        learn: vec![("email", "\"email\":\"", "\"")],
    }]
}

/// What a connection knows of its person: the cookie, a refresh token for the service, and an access token that says who
/// they are.
pub(crate) fn person(
    connection: &mut Connection,
    cookie: &str,
    own_resource: Option<&str>,
    secrets: &Secrets,
) -> Result<Value> {
    let mut known = json!({"cookie": cookie});
    let mut go = |steps: Vec<Step>| {
        let mut last = Value::Null;
        for step in steps {
            let answer = step.ask(connection, &known)?;
            if let Some(location) = answer.header("location") {
                let code = location.split_once("?code=").and_then(|(_, it)| it.split_once('&'));
                ensure!(code.is_some(), "the code is not in {location}");
                known["code"] = code.map(|(code, _)| code).into();
            }
            last = answer.json();
        }
        Ok(last)
    };
    let tokens = go(code_flow(secrets))?;
    let who = go(code_flow_for("openid email", own_resource, secrets))?;
    known["refresh_token"] = tokens["refresh_token"].clone();
    known["access_token"] = who["access_token"].clone();
    ensure!(known["refresh_token"].is_string(), "there is no refresh token in {tokens}");
    ensure!(known["access_token"].is_string(), "there is no access token in {who}");
    Ok(known)
}

impl Step {
    /// As the load reads it.
    pub(crate) fn planned(&self) -> Value {
        let Self { path, query, headers, body, status, learn } = self;
        let path = query.as_ref().map_or_else(|| (*path).to_owned(), |it| format!("{path}?{it}"));
        let method = if body.is_some() { "POST" } else { "GET" };
        let of_body = body.as_ref().map(|_| ("content-type", FORM.to_owned()));
        let headers: Vec<_> = headers.iter().cloned().chain(of_body).collect();
        json!({
            "method": method, "path": path, "headers": headers, "body": body, "status": status, "learn": learn,
        })
    }

    /// Asks once, with what is known.
    pub(crate) fn ask(&self, connection: &mut Connection, known: &Value) -> Result<Answer> {
        let planned = self.planned();
        let filled = |text: &str| {
            let names = known.as_object().into_iter().flatten();
            names.fold(text.to_owned(), |text, (name, value)| {
                text.replace(&format!("{{{name}}}"), value.as_str().unwrap_or_default())
            })
        };
        let path = filled(planned["path"].as_str().unwrap_or_default());
        let mut request = match &self.body {
            Some(_) => Request::post(&path),
            None => Request::get(&path),
        };
        for (name, value) in &self.headers {
            request = request.header(name, filled(value));
        }
        request.body = self.body.as_deref().map(|body| (FORM, filled(body)));
        let answer = connection.send(&request)?;
        ensure!(answer.status == self.status, "{path} was answered {answer:?}");
        Ok(answer)
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

fn post(path: &'static str, fields: &[(&str, &str)]) -> Step {
    Step {
        path,
        query: None,
        headers: Vec::new(),
        body: Some(form(fields)),
        status: 200,
        learn: Vec::new(),
    }
}

/// A form whose values are URIs and words.
fn form(fields: &[(&str, &str)]) -> String {
    let escaped = |value: &str| value.replace(':', "%3A").replace('/', "%2F").replace(' ', "+");
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    pairs.join("&")
}
