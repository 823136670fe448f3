//! What the identity server gives and takes back: found from its URL alone (RFC 8414).

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::kept::Kept;
use crate::member;

/// The name of this app at the identity server. It has no secret: whoever has the program would have it.
pub(crate) const CLIENT: &str = "coats";

/// The identity server.
pub(crate) struct Issuer {
    pub(crate) http: reqwest::Client,
    /// Whom access tokens are for.
    pub(crate) api: String,
    metadata: Value,
}

impl Issuer {
    pub(crate) async fn discover(issuer: &str, api: &str) -> Result<Self> {
        let http = reqwest::Client::new();
        let url = format!("{issuer}/.well-known/oauth-authorization-server");
        let metadata: Value = http.get(url).send().await?.error_for_status()?.json().await?;
        // RFC 8414 §3.3: a document of another issuer is not believed.
        if member(&metadata, "issuer")? != issuer {
            bail!("{issuer} says that it is somebody else");
        }
        Ok(Self { http, api: api.to_owned(), metadata })
    }

    /// Sends a form to an endpoint. Answers with an error of the protocol too; those are JSON like any other.
    pub(crate) async fn post(&self, endpoint: &str, form: &[(&str, &str)]) -> Result<Value> {
        let url = member(&self.metadata, endpoint)?;
        let answer = self.http.post(url).form(form).send().await?;
        let status = answer.status();
        answer.json().await.with_context(|| format!("{url} answers {status} without JSON"))
    }

    /// An access token for the API. The refresh token that comes along is kept before anything else: where this answer is lost,
    /// the one before still earns it for half a minute.
    pub(crate) async fn refresh(&self, kept: &Kept) -> Result<String> {
        let refresh_token = kept.read()?;
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", CLIENT),
            ("refresh_token", &refresh_token),
            ("resource", &self.api),
        ];
        let answer = self.post("token_endpoint", &form).await?;
        match answer["error"].as_str() {
            None => {}
            Some("invalid_grant") => bail!("this device is signed out: coats sign-in"),
            Some(other) => bail!("the identity server answers {other}"),
        }
        kept.write(member(&answer, "refresh_token")?)?;
        Ok(member(&answer, "access_token")?.to_owned())
    }

    /// Gives the grant back (RFC 7009).
    pub(crate) async fn revoke(&self, refresh_token: &str) -> Result<()> {
        let url = member(&self.metadata, "revocation_endpoint")?;
        let form = [("client_id", CLIENT), ("token", refresh_token)];
        self.http.post(url).form(&form).send().await?.error_for_status()?;
        Ok(())
    }
}
