//! Our server with two clients, and somebody signed in for each connection.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::CONNECTIONS;
use super::ask::{self, API, CALLBACK, INVOICES, Secrets};
use crate::bench::load::{Account, member};
use crate::bench::start;
use crate::http::{Connection, Request};
use crate::server::{Folder, Server};
use crate::strangers::add_administrator;

/// Tokens live as long as everything that is measured with them; and a rotated refresh token is of no more use, as
/// `oidc-provider` has it.
const SETTINGS: [&str; 2] = ["--access-token-ttl=1h", "--refresh-replay-window=0s"];

const EMAIL: &str = "admin@example.test";
const PASSWORD: &str = "an administrator of the bench";

pub(crate) struct Ours {
    server: Server,
    pub(crate) secrets: Secrets,
    /// What each connection knows.
    pub(crate) people: Vec<Value>,
    /// What is known of one more, who is asked about outside of what is measured.
    pub(crate) spare: Value,
}

impl Ours {
    pub(crate) fn start(folder: &Folder) -> Result<Self> {
        let server = start(folder.path(), &SETTINGS)?;
        add_administrator(folder, EMAIL, PASSWORD)?;
        let mut connection = server.connect()?;
        let secrets = register(&mut connection)?;
        let issuer = server.url();
        let mut person = |number| {
            let (_, signed_up) = Account::create(&mut connection, number)?;
            let cookie = signed_up.cookie().context("no cookie")?;
            ask::person(&mut connection, cookie, Some(&issuer), &secrets)
        };
        let people = (0..CONNECTIONS).map(&mut person).collect::<Result<_>>()?;
        let spare = person(CONNECTIONS)?;
        Ok(Self { server, secrets, people, spare })
    }

    pub(crate) fn connect(&self) -> Result<Connection> {
        Ok(self.server.connect()?)
    }

    pub(crate) fn port(&self) -> u16 {
        self.server.port()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.server.pid()
    }
}

fn register(connection: &mut Connection) -> Result<Secrets> {
    let credentials = json!({"identifier": EMAIL, "password": PASSWORD, "carry": "token"});
    let signed_in = connection.send(&Request::post("/api/v1/sign-in").json(&credentials))?;
    let token = format!("Bearer {}", member(&signed_in, "access_token")?);
    let mut add = |client: Value| {
        let request = Request::post("/api/v1/admin/clients").header("authorization", &token);
        let answer = connection.send(&request.json(&client))?;
        ensure!(answer.status == 201, "a client was answered {answer:?}");
        member(&answer, "client_secret")
    };
    let app = add(json!({
        "client_id": "app",
        "name": "An app of our own",
        "template": "web",
        "first_party": true,
        "audiences": [API],
        "scopes": ["openid", "email", INVOICES],
        "registration": {
            "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "client_secret_post",
            "id_token_signed_response_alg": "EdDSA",
        },
    }))?;
    let service = add(json!({
        "client_id": "service",
        "name": "A service",
        "template": "service",
        "audiences": [API],
        "scopes": [INVOICES],
        "registration": {"token_endpoint_auth_method": "client_secret_post"},
    }))?;
    Ok(Secrets { app, service })
}
