//! Our server with two clients, and somebody signed in for each connection.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::CONNECTIONS;
use super::ask::{self, API, CALLBACK, INVOICES, Secrets};
use crate::bench::administrator::Administrator;
use crate::bench::load::Account;
use crate::bench::start;
use crate::http::Connection;
use crate::server::{Folder, Server};

/// Tokens live as long as everything that is measured with them; and a rotated refresh token is of no more use, as
/// `oidc-provider` has it.
const SETTINGS: [&str; 2] = ["--access-token-ttl=1h", "--refresh-replay-window=0s"];

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
        let mut connection = server.connect()?;
        let secrets = register(folder, &mut connection)?;
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

fn register(folder: &Folder, connection: &mut Connection) -> Result<Secrets> {
    let administrator = Administrator::create(folder, connection)?;
    let mut add = |client: Value| {
        let added = administrator.add(connection, &client)?;
        added["client_secret"].as_str().map(str::to_owned).context("a client without a secret")
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
