//! Questions that their client signed (RFC 9101).

use std::sync::Arc;

use cloakroom_jose::Jwks;
use cloakroom_model::client::Client;
use cloakroom_oauth::error::{Code, Error};
use cloakroom_oauth::form::Form;
use cloakroom_oauth::request_object::{RequestObject, Times};

use crate::Engine;
use crate::fetch::Fetch;
use crate::possession::Unproved;
use crate::tokens::seconds;

impl Engine {
    /// Verifies that `object` is by `client`, and answers the parameters in it. One that has a name (`jti`) is read once.
    pub(super) async fn open_object(
        &self,
        object: &str,
        client: &Client,
        fetch: &Arc<dyn Fetch>,
    ) -> Result<Form, Unproved> {
        let (issuer, now) = (&self.settings.issuer, self.time.now());
        let (at, accept) = (seconds(now), self.rules().algorithms);
        // Of a client without keys nothing can be read, well made as it may be.
        if client.registration.keys.is_none() {
            return Err(Error::from(Code::RequestNotSupported).into());
        }
        RequestObject::could_be(object, client, accept, issuer, at)?;
        let verify = |keys: &Jwks| {
            RequestObject::verify(object, client, keys, accept, issuer, Times::WhereSaid, at)
        };
        let opened = self.with_keys_of(client, fetch, verify).await;
        let opened = opened.map_err(|why| why.told(Code::InvalidRequestObject))??;
        if let Some(mark) = opened.mark
            && !self.store.mark_once(mark.digest, mark.until, now).await?
        {
            let used = "the request object was used before";
            return Err(Error::new(Code::InvalidRequestObject, used).into());
        }
        Ok(opened.form)
    }
}
