//! Bad input, for every operation there is: refused with the field's name, and nothing is changed.
//!
//! What is sent is worked out from the OpenAPI document, so that a new operation is held to this without a word here;
//! one that reads JSON needs a body that works, and the test fails until it has one in [`good_body`].

use axum::body::Body;
use cloakroom_engine::clients::NewClient;
use cloakroom_model::client::Template;
use cloakroom_model::event::Actor;
use cloakroom_model::id::ClientId;
use cloakroom_server::operation::Operation;
use cloakroom_server::routes;
use cloakroom_testkit::browser::{Answer, Browser, request};
use cloakroom_testkit::engine::{ISSUER, PASSWORD};
use cloakroom_testkit::server::Server;
use http::{HeaderValue, Method, Request};
use serde_json::{Value, json};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn a_json_body_that_does_not_fit_is_refused_by_name_and_changes_nothing() {
    let mut tried = 0;
    for operation in routes::operations() {
        let Some(schema) =
            body_of(&operation, JSON).and_then(|schema| resolve(&operation, &schema))
        else {
            continue;
        };
        let mut scene = Scene::new().await;
        scene.of(&operation);
        let good = good_body(operation.id);
        let before = scene.state().await;
        for (what, body, field) in bad_bodies(&schema, &good) {
            let answer = scene.send(JSON, body).await;
            let shown = format!("{} with {what}: {}", operation.id, answer.text());
            assert_eq!(answer.status, 400, "{shown}");
            let errors = answer.json()["errors"].clone();
            // What is wrong within an object is named from the outside in.
            let within = format!("{field}.");
            let is_it = |error: &Value| {
                error["field"].as_str().is_some_and(|it| it == field || it.starts_with(&within))
            };
            let named = errors.as_array().is_some_and(|it| it.iter().any(is_it));
            assert!(named, "{shown} names not {field:?}");
            assert!(!answer.text().contains("hunter2"), "{shown}");
        }
        for media_type in ["", "text/plain", FORM, "application/json; charset=utf-16"] {
            let answer = scene.send(media_type, good.to_string().into_bytes()).await;
            assert_eq!(answer.status, 415, "{} as {media_type}", operation.id);
        }
        let long = format!("{{\"x\":\"{}\"}}", "x".repeat(200 * 1024));
        assert_eq!(scene.send(JSON, long.into_bytes()).await.status, 413, "{}", operation.id);
        assert_eq!(scene.state().await, before, "{} changed something", operation.id);

        let accepted = scene.send(JSON, good.to_string().into_bytes()).await;
        assert!(accepted.status.is_success(), "{}: {}", operation.id, accepted.text());
        tried += 1;
    }
    assert!(tried >= 11, "only {tried} operations were tried");
}

#[tokio::test]
async fn a_form_that_does_not_fit_is_refused_by_name_and_changes_nothing() {
    let mut tried = 0;
    let mut scene = Scene::new().await;
    let before = scene.state().await;
    for operation in routes::operations() {
        let Some(schema) = body_of(&operation, FORM) else { continue };
        scene.of(&operation);
        let name = schema["properties"].as_object().unwrap().keys().next().unwrap().clone();
        for body in [
            format!("{name}=a&{name}=b").into_bytes(),
            format!("{name}=%").into_bytes(),
            format!("{name}=%ff").into_bytes(),
            [name.as_bytes(), b"=\xff"].concat(),
            (0..40).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&").into_bytes(),
        ] {
            let answer = scene.send(FORM, body.clone()).await;
            let body = String::from_utf8_lossy(&body);
            assert_eq!(answer.status, 400, "{} with {body}: {}", operation.id, answer.text());
        }
        for required in schema["required"].as_array().into_iter().flatten() {
            let required = required.as_str().unwrap();
            let answer = scene.send(FORM, b"client_id=cloakroom".to_vec()).await;
            assert_eq!(answer.status, 400, "{}", operation.id);
            assert!(answer.text().contains(required), "{}: {}", operation.id, answer.text());
        }
        let long = format!("{name}={}", "x".repeat(20 * 1024));
        let status = scene.send(FORM, long.into_bytes()).await.status.as_u16();
        assert!(matches!(status, 400 | 413), "{}: {status}", operation.id);
        assert_eq!(scene.state().await, before, "{} changed something", operation.id);
        tried += 1;
    }
    assert!(tried >= 4, "only {tried} operations were tried");
}

#[tokio::test]
async fn a_parameter_that_does_not_fit_is_refused_by_name_and_changes_nothing() {
    let mut tried = 0;
    let mut scene = Scene::new().await;
    let before = scene.state().await;
    for operation in routes::operations() {
        scene.of(&operation);
        for parameter in &operation.parameters {
            let bad: &[&str] = match (parameter.place, parameter.schema["format"].as_str()) {
                ("path", Some("uuid")) => &["x", "018BCFE5-6800-7101-8101-010101010101", "%ff"],
                ("path", _) if parameter.schema.get("pattern").is_some() => {
                    &["%ff", "a%20b", "%C3%A9"]
                }
                ("query", Some("uuid")) => &["x", "%ff"],
                ("query", _) if parameter.schema["type"] != "string" => &["x", "-1", "1.5", "%ff"],
                ("path" | "query", _) => &["%ff"],
                (_, _) => continue,
            };
            for bad in bad {
                let answer = scene.with(parameter.place, parameter.name, bad).await;
                let shown =
                    format!("{} with {}={bad}: {}", operation.id, parameter.name, answer.text());
                assert_eq!(answer.status, 400, "{shown}");
                let field =
                    answer.json()["errors"][0]["field"].as_str().unwrap_or_default().to_owned();
                let expected = [parameter.name, parameter.place, "path", "query"];
                assert!(expected.contains(&field.as_str()), "{shown}");
                tried += 1;
            }
        }
        if operation.parameters.iter().any(|parameter| parameter.place == "query") {
            let answer = scene.with("query", "unknown", "1").await;
            assert_eq!(answer.status, 400, "{}: {}", operation.id, answer.text());
        }
        assert_eq!(scene.state().await, before, "{} changed something", operation.id);
    }
    assert!(tried > 60, "only {tried} parameters were tried");
}

#[tokio::test]
async fn another_host_or_method_is_refused_everywhere_and_changes_nothing() {
    let mut scene = Scene::new().await;
    let before = scene.state().await;
    // A proxy asks by the name and the method of another request, and may not ask here.
    let for_proxies = |operation: &Operation| operation.id == "forwardAuth";
    for operation in routes::operations().into_iter().filter(|it| !for_proxies(it)) {
        scene.of(&operation);
        let mut elsewhere = scene.request(&scene.path, JSON, Vec::new());
        elsewhere.headers_mut().insert("host", HeaderValue::from_static("evil.example"));
        let answer = scene.browser.send(elsewhere).await;
        assert_eq!(answer.status, 421, "{}", operation.id);

        let mut other = scene.request(&scene.path, JSON, Vec::new());
        *other.method_mut() = Method::from_bytes(b"PROPFIND").unwrap();
        let answer = scene.browser.send(other).await;
        assert_eq!(answer.status, 405, "{}", operation.id);
        let allowed = answer.header("allow").to_owned();
        assert!(allowed.contains(&operation.method.to_uppercase()), "{}: {allowed}", operation.id);
        assert_eq!(scene.state().await, before, "{} changed something", operation.id);
    }
}

/// A body that works, for each operation that reads JSON.
fn good_body(id: &str) -> Value {
    const NEW: &str = "nine hats and a walking stick";
    match id {
        "signUp" => json!({
            "email": "new@example.com", "username": "new", "password": PASSWORD, "carry": "cookie",
            "client_id": "cloakroom", "remember": true,
        }),
        "signIn" => json!({
            "identifier": "root@example.com", "password": PASSWORD, "carry": "cookie",
            "client_id": "cloakroom", "remember": false,
        }),
        "beginGuest" => json!({ "carry": "token", "client_id": "cloakroom" }),
        "earnToken" => json!({ "audience": ISSUER }),
        "reauthenticate" => json!({ "password": PASSWORD }),
        "changePassword" => {
            json!({ "current_password": PASSWORD, "new_password": NEW, "end_others": true })
        }
        "changeNames" => json!({
            "current_password": PASSWORD, "email": "new@example.com", "username": "new",
        }),
        "deleteAccount" => json!({ "current_password": PASSWORD }),
        "addUser" => json!({
            "email": "new@example.com", "username": "new", "password": PASSWORD, "roles": ["editor"],
        }),
        "setRoles" => json!({ "roles": ["editor"] }),
        "addClient" => json!({
            "client_id": "new", "name": "New", "template": "legacy", "first_party": true,
            "origins": ["https://new.example.com"], "audiences": ["https://api.example.com"],
            "scopes": ["read"], "algorithm": "ES256", "token_places": ["query"], "confidential": true,
            "danger_without_pkce": true,
            "registration": {
                "redirect_uris": ["https://new.example.com/callback"],
                "id_token_signed_response_alg": "ES256",
            },
        }),
        "makeInitialToken" => {
            json!({ "note": "team", "expires_in": 3600, "uses": 2, "unlimited": false })
        }
        "rotateKey" => json!({ "algorithm": "Ed25519" }),
        other => panic!("{other} reads JSON: give it a body that works"),
    }
}

/// What is wrong, the body, and the field that must be named.
fn bad_bodies(schema: &Value, good: &Value) -> Vec<(String, Vec<u8>, String)> {
    let mut bad: Vec<(String, Vec<u8>, String)> = vec![
        ("nothing".into(), Vec::new(), String::new()),
        ("no JSON".into(), b"hunter2".to_vec(), String::new()),
        ("half an object".into(), b"{\"a\":".to_vec(), String::new()),
        ("an array".into(), b"[\"hunter2\"]".to_vec(), String::new()),
        ("a text".into(), b"\"hunter2\"".to_vec(), String::new()),
        ("no UTF-8".into(), b"{\"a\":\"\xff\"}".to_vec(), String::new()),
        ("half a character".into(), br#"{"a":"\ud800"}"#.to_vec(), String::new()),
        (
            "too deep".into(),
            format!("{{\"a\":{}{}}}", "[".repeat(40), "]".repeat(40)).into_bytes(),
            String::new(),
        ),
    ];
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body.to_string().into_bytes()
    };
    bad.push(("an unknown member".into(), with("unknown", json!("hunter2")), "unknown".into()));
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for name in schema["properties"].as_object().unwrap().keys() {
        assert!(good.get(name).is_some(), "the body that works says nothing of {name}");
        let twice = format!("{{{:?}:{},{}", name, good[name], &good.to_string()[1..]);
        bad.push((format!("{name} twice"), twice.into_bytes(), name.clone()));
        bad.push((
            format!("{name} of another type"),
            with(name, json!({"a": "hunter2"})),
            name.clone(),
        ));
        if required.contains(&name.as_str()) {
            let mut body = good.clone();
            body.as_object_mut().unwrap().remove(name);
            bad.push((format!("no {name}"), body.to_string().into_bytes(), name.clone()));
            bad.push((format!("{name} null"), with(name, Value::Null), name.clone()));
        }
    }
    bad
}

fn body_of(operation: &Operation, media_type: &str) -> Option<Value> {
    let (_, schema) = operation.bodies.iter().find(|(of, _)| *of == media_type)?;
    Some(schema.reference.clone())
}

/// The schema itself; `None` where any JSON is read.
fn resolve(operation: &Operation, reference: &Value) -> Option<Value> {
    let name = reference["$ref"].as_str()?.rsplit('/').next()?.to_owned();
    let schemas = operation.bodies.iter().flat_map(|(_, schema)| &schema.components);
    schemas.into_iter().find(|(known, _)| *known == name).map(|(_, schema)| schema.clone())
}

/// A server with something in it, and an administrator who asks for one operation.
struct Scene {
    server: Server,
    browser: Browser,
    watcher: Browser,
    /// What the parameters of addresses are filled with.
    user: String,
    sid: String,
    method: Method,
    template: &'static str,
    path: String,
    body: Vec<u8>,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::start().await;
        let browser = server.administrator().await;
        let watcher = server.administrator_again().await;
        // Without another one the administrator could not leave.
        server.add_user("eve", &["admin"]).await;
        let user = server.add_user("ada", &[]).await.id.to_string();
        let mut ada = server.browser();
        let sid = ada.sign_in("ada", "cookie").await.json()["session"]["sid"].clone();
        let sid = sid.as_str().unwrap().to_owned();
        let new = NewClient {
            id: Some(ClientId::parse("shop").unwrap()),
            name: "Shop".to_owned(),
            template: Template::Web,
            first_party: true,
            origins: Vec::new(),
            audiences: Vec::new(),
            scopes: Vec::new(),
            algorithm: None,
            token_places: Vec::new(),
            confidential: false,
            registration: cloakroom_model::registration::Registration::default(),
        };
        server.engine.add_client(new, Actor::Operator).await.unwrap();
        let (method, template, path, body) = (Method::GET, "", String::new(), Vec::new());
        Self { server, browser, watcher, user, sid, method, template, path, body }
    }

    /// Turns to an operation.
    fn of(&mut self, operation: &Operation) {
        self.path = operation
            .path
            .replace("{user}", &self.user)
            .replace("{sid}", &self.sid)
            .replace("{namespace}", "cart")
            .replace("{client_id}", "shop")
            .replace("{kid}", "none")
            .replace("{list}", "0-0")
            .replace("{id}", "018bcfe5-6800-7101-8101-010101010101")
            .replace("{stream_id}", "018bcfe5-6800-7101-8101-010101010102")
            .replace("{code}", "internal");
        assert!(!self.path.contains('{'), "{}: what is it filled with?", self.path);
        self.template = operation.path;
        self.method = operation.method.to_uppercase().parse().unwrap();
        let typed = body_of(operation, JSON).and_then(|schema| resolve(operation, &schema));
        self.body =
            typed.map_or_else(|| b"{}".to_vec(), |_| good_body(operation.id).to_string().into());
    }

    fn request(&self, path: &str, media_type: &str, body: Vec<u8>) -> Request<Body> {
        let mut request = request(self.method.clone(), path, Body::from(body));
        if !media_type.is_empty() {
            let media_type = HeaderValue::from_str(media_type).unwrap();
            request.headers_mut().insert("content-type", media_type);
        }
        request
    }

    async fn send(&mut self, media_type: &str, body: Vec<u8>) -> Answer {
        let request = self.request(&self.path, media_type, body);
        self.browser.send(request).await
    }

    /// With one parameter as it is given.
    async fn with(&mut self, place: &str, name: &str, value: &str) -> Answer {
        let path = match place {
            "query" => format!("{}?{name}={value}", self.path),
            _ => self.path_with(name, value),
        };
        let mut request = self.request(&path, JSON, self.body.clone());
        request.headers_mut().insert("if-match", HeaderValue::from_static("*"));
        self.browser.send(request).await
    }

    fn path_with(&self, name: &str, value: &str) -> String {
        let pairs = self.template.split('/').zip(self.path.split('/'));
        let segments = pairs.map(|(of, is)| if of == format!("{{{name}}}") { value } else { is });
        segments.collect::<Vec<_>>().join("/")
    }

    /// Everything that an administrator can see, but for what was looked at and when.
    async fn state(&mut self) -> Value {
        let mut state = serde_json::Map::new();
        for of in ["users", "sessions", "clients", "initial-tokens", "keys", "events"] {
            let answer = self.watcher.get(&format!("/api/v1/admin/{of}")).await;
            state.insert(of.to_owned(), answer.is(200).json());
        }
        let guests = self.server.engine.vitals().sessions;
        state.insert("remembered".to_owned(), json!(guests));
        Value::Object(state)
    }
}
