//! A service with the guard, and the questions to the server that ends sessions.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cloakroom_guard::{CookieName, Guard, Settings};
use http::Request;
use http::request::Parts;
use reqwest::Client;
use serde::Deserialize;

use crate::{Carrier, Plan, Session, TOO_LATE};

pub(crate) struct Service {
    guard: Guard,
    client: Client,
    issuer: String,
}

#[derive(Deserialize)]
struct Tokens {
    access_token: String,
}

/// A token of the service itself, by which the feed can be read.
///
/// # Errors
///
/// When the server gives none.
pub(crate) async fn token(client: &Client, plan: &Plan) -> Result<String> {
    let request = client.post(format!("{}/oauth/token", plan.issuer));
    let request = request.basic_auth(&plan.client_id, Some(&plan.client_secret));
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", "revocations"),
        ("resource", &plan.issuer),
    ];
    let answer = request.form(&form).send().await?.error_for_status()?;
    Ok(answer.json::<Tokens>().await?.access_token)
}

impl Service {
    /// Starts it, and waits until it believes what it remembers.
    ///
    /// # Errors
    ///
    /// When it does not come to that.
    pub(crate) async fn start(plan: &Plan, client: Client) -> Result<Self> {
        let settings = Settings::new(&plan.issuer, &plan.audience)
            .service(&plan.client_id, plan.client_secret.as_str())
            .cookie(CookieName::SameHost);
        let guard = Guard::start(settings)?;
        let started = crate::now();
        while !guard.health().believes {
            ensure!(crate::now() - started < TOO_LATE, "the guard does not hear the feed");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(Self { guard, client, issuer: plan.issuer.clone() })
    }

    /// Holds it to know the session, so that what follows is answered from memory.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub(crate) async fn accepts(&self, session: &Session) -> Result<()> {
        if session.carrier != Carrier::Refresh {
            ensure!(self.is_accepted(session).await?, "a session is not accepted");
        }
        Ok(())
    }

    /// Whether the service lets it in; of a refresh token, whether it earns anything.
    ///
    /// # Errors
    ///
    /// When the server cannot be asked.
    pub(crate) async fn is_accepted(&self, session: &Session) -> Result<bool> {
        match session.carrier {
            Carrier::Cookie | Carrier::Token => {
                let identified = self.guard.identify(&parts(session)?).await;
                Ok(identified.is_ok_and(|identity| identity.is_some()))
            }
            Carrier::Refresh => {
                let token = session.refresh_token.as_deref().context("no refresh token")?;
                let form = [
                    ("grant_type", "refresh_token"),
                    ("client_id", "app"),
                    ("refresh_token", token),
                ];
                let request = self.client.post(format!("{}/oauth/token", self.issuer));
                Ok(request.form(&form).send().await?.status().is_success())
            }
        }
    }

    /// Ends it; returns when that is acknowledged.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub(crate) async fn sign_out(&self, session: &Session) -> Result<()> {
        let (name, value) = &session.signs_out;
        let request = self.client.post(format!("{}/api/v1/sign-out", self.issuer));
        let answer = request.header(name, value).send().await?;
        ensure!(answer.status() == 204, "a sign-out was answered {}", answer.status());
        Ok(())
    }
}

fn parts(session: &Session) -> Result<Parts> {
    let (name, value) = &session.presented;
    Ok(Request::get("/").header(name, value).body(())?.into_parts().0)
}
