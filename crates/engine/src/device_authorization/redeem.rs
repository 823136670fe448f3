//! A device asks whether it was let in, and gets its tokens where it was (RFC 8628 §3.4, §3.5).

use std::sync::Arc;

use cloakroom_model::authorization::DeviceAnswer;
use cloakroom_model::client::Client;
use cloakroom_model::grant::{Confirmation, Details};
use cloakroom_oauth::token_request::DeviceCodeRequest;
use cloakroom_store::{Error, PollDeviceRequest};

use super::asked_by;
use crate::Engine;
use crate::granting::{Granted, TokensError, Wanted};
use crate::id_token::OfQuestion;
use crate::redeem_code::{Allowed, RedeemError};
use crate::secret::{digest_of, from_text};
use crate::throttle::{Limited, What};
use crate::visitor::Visitor;

/// Why a device has no tokens.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PollError {
    /// Nobody has answered: `authorization_pending`.
    #[error("nobody has answered yet")]
    Pending,
    /// Nobody has answered, and it asked too soon after it asked last: `slow_down`.
    #[error("the device asks too often")]
    TooEarly,
    /// Nobody answered in time: `expired_token`.
    #[error("the device waited too long")]
    Expired,
    /// It was turned away: `access_denied`.
    #[error("the device was turned away")]
    Denied,
    /// It was let in, or never waited, and nothing comes of it.
    #[error(transparent)]
    Redeem(#[from] RedeemError),
}

impl Engine {
    /// Answers a device of a client that has proved itself as far as it must. `proved` is the key that it proved beside.
    pub async fn redeem_device(
        &self,
        request: &DeviceCodeRequest,
        client: &Arc<Client>,
        proved: Option<Confirmation>,
        visitor: &Visitor,
    ) -> Result<Granted, PollError> {
        self.limits.check(What::DevicePoll, &visitor.address, self.time.now()).await?;
        self.hear().await?;
        self.bound_as_it_must(client, proved.as_ref())?;
        let digest = from_text(request.device_code.as_str()).as_ref().map(digest_of);
        let digest = digest.ok_or(RedeemError::Refused)?;
        let noted = self.memory.note();
        let device =
            match self.store.poll_device_request(&digest, &client.id, self.time.now()).await? {
                PollDeviceRequest::Pending => return Err(PollError::Pending),
                PollDeviceRequest::TooEarly { .. } => return Err(PollError::TooEarly),
                PollDeviceRequest::Expired => return Err(PollError::Expired),
                PollDeviceRequest::Denied => return Err(PollError::Denied),
                PollDeviceRequest::Gone => return Err(RedeemError::Refused.into()),
                PollDeviceRequest::Allowed(device) => device,
            };
        let DeviceAnswer::Allowed { user, session } = device.answer else {
            return Err(PollError::Pending);
        };
        let asked = asked_by(&device)?;
        let audience =
            asked.resource.map_or_else(|| self.audiences_of(client), |resource| vec![resource]);
        let wanted_audience = match &request.resource {
            Some(wanted) if !audience.contains(wanted) => return Err(RedeemError::Audience.into()),
            Some(wanted) => wanted.clone(),
            None => self.first_audience(&audience).to_owned(),
        };
        let details = Details { confirmation: proved, ..Details::default() };
        let scope = &asked.scope;
        let allowed = Allowed { digest, user, session, scope, audience, details };
        let (redeem, act) = self.redeeming(allowed, client, visitor).await?;
        let done = self.store.redeem_device_request(redeem, &act).await?;
        let done = done.ok_or(RedeemError::Refused)?;
        self.heard(&done.rows).await;
        let question = OfQuestion { nonce: None, session: Some(session) };
        let wanted = Wanted { audience: &wanted_audience, scope: asked.scope.clone(), question };
        Ok(self.tokens_of(&done.value, 0, client, wanted, noted)?)
    }
}

impl From<Limited> for PollError {
    fn from(limited: Limited) -> Self {
        Self::Redeem(limited.into())
    }
}

impl From<Error> for PollError {
    fn from(error: Error) -> Self {
        Self::Redeem(error.into())
    }
}

impl From<TokensError> for PollError {
    fn from(error: TokensError) -> Self {
        Self::Redeem(error.into())
    }
}
