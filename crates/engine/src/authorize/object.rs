//! Questions that their client signed (RFC 9101).

use cloakroom_model::client::Client;
use cloakroom_oauth::error::{Code, Error};
use cloakroom_oauth::form::Form;
use cloakroom_oauth::request_object::{RequestObject, Times};

use crate::Engine;
use crate::client_authentication::keys_of;
use crate::possession::Unproved;
use crate::tokens::seconds;

impl Engine {
    /// Verifies that `object` is by `client`, and answers the parameters in it. One that has a name (`jti`) is read once.
    pub(super) async fn open_object(
        &self,
        object: &str,
        client: &Client,
    ) -> Result<Form, Unproved> {
        // Of a client without keys nothing can be read, well made as it may be.
        let keys = keys_of(client).ok_or_else(|| Error::from(Code::RequestNotSupported))?;
        let (issuer, now) = (&self.settings.issuer, self.time.now());
        let at = seconds(now);
        let opened = RequestObject::verify(object, client, &keys, issuer, Times::WhereSaid, at)?;
        if let Some(mark) = opened.mark
            && !self.store.mark_once(mark.digest, mark.until, now).await?
        {
            let used = "the request object was used before";
            return Err(Error::new(Code::InvalidRequestObject, used).into());
        }
        Ok(opened.form)
    }
}
