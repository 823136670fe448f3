//! RFC 8628: a device without a browser is let in by somebody who has one.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::kept::Kept;
use crate::member;
use crate::tokens::{CLIENT, Issuer};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// RFC 8628 §3.5: who is told to slow down waits so much longer from then on.
const SLOWER: Duration = Duration::from_secs(5);

/// Shows the code and waits until it was allowed, turned away or forgotten.
pub(crate) async fn run(issuer: &Issuer, kept: &Kept) -> Result<()> {
    let asked = [("client_id", CLIENT), ("scope", "openid orders"), ("resource", &issuer.api)];
    let begun = issuer.post("device_authorization_endpoint", &asked).await?;
    let code = member(&begun, "device_code")?;
    println!("Open  {}", member(&begun, "verification_uri")?);
    println!("and type  {}", member(&begun, "user_code")?);
    let mut pause = Duration::from_secs(begun["interval"].as_u64().unwrap_or(5));
    let form = [
        ("grant_type", GRANT),
        ("client_id", CLIENT),
        ("device_code", code),
        ("resource", &issuer.api),
    ];
    loop {
        tokio::time::sleep(pause).await;
        let answer = issuer.post("token_endpoint", &form).await?;
        match answer["error"].as_str() {
            None => {
                kept.write(member(&answer, "refresh_token")?)?;
                println!("This device is let in.");
                return Ok(());
            }
            Some("authorization_pending") => {}
            Some("slow_down") => pause += SLOWER,
            Some("access_denied") => bail!("this device was turned away"),
            Some("expired_token") => bail!("nobody typed the code in time"),
            Some(other) => bail!("the identity server answers {other}"),
        }
    }
}
