//! Whoever registers the clients that a measurement needs.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::load::member;
use crate::http::{Connection, Request};
use crate::server::Folder;
use crate::strangers::add_administrator;

const EMAIL: &str = "admin@example.test";
const PASSWORD: &str = "an administrator of the bench";

/// A service, as tokens name it.
pub(crate) const AUDIENCE: &str = "https://api.example.com";

pub(crate) struct Administrator {
    authorization: String,
}

impl Administrator {
    /// Makes one on the server that has its data in this folder.
    pub(crate) fn create(folder: &Folder, connection: &mut Connection) -> Result<Self> {
        add_administrator(&folder.path().join("data"), EMAIL, PASSWORD)?;
        let credentials = json!({"identifier": EMAIL, "password": PASSWORD, "carry": "token"});
        let signed_in = connection.send(&Request::post("/api/v1/sign-in").json(&credentials))?;
        Ok(Self { authorization: format!("Bearer {}", member(&signed_in, "access_token")?) })
    }

    /// Registers a client; answers what the server told of it.
    pub(crate) fn add(&self, connection: &mut Connection, client: &Value) -> Result<Value> {
        let request = Request::post("/api/v1/admin/clients");
        let request = request.header("authorization", &self.authorization).json(client);
        let answer = connection.send(&request)?;
        ensure!(answer.status == 201, "a client was answered {answer:?}");
        Ok(answer.json())
    }

    /// Registers the app `app`, whose tokens are for the service, with the algorithm that they are signed with where that
    /// matters.
    pub(crate) fn add_app(
        &self,
        connection: &mut Connection,
        algorithm: Option<&str>,
    ) -> Result<()> {
        let app = json!({
            "client_id": "app",
            "name": "An app of our own",
            "template": "mobile",
            "first_party": true,
            "audiences": [AUDIENCE],
            "algorithm": algorithm,
        });
        self.add(connection, &app).map(drop)
    }

    /// Registers the service `api`, which may follow what ends; answers its secret.
    pub(crate) fn add_service(&self, connection: &mut Connection) -> Result<String> {
        let service = json!({
            "client_id": "api",
            "name": "The service",
            "template": "service",
            "audiences": [AUDIENCE],
            "scopes": ["revocations"],
        });
        let added = self.add(connection, &service)?;
        let secret = added["client_secret"].as_str().map(str::to_owned);
        secret.context("a service without a secret")
    }
}
