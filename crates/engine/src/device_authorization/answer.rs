//! What a person is shown of a device that waits, and what they say.

use std::net::IpAddr;
use std::sync::Arc;

use cloakroom_model::authorization::{Consent, DeviceAnswer, DeviceRequest};
use cloakroom_model::client::Client;
use cloakroom_model::event::{Actor, Kind};
use cloakroom_model::id::UserId;
use cloakroom_model::network::Network;
use cloakroom_model::time::Timestamp;
use cloakroom_oauth::device_authorization::UserCode;
use cloakroom_oauth::scope::Scope;
use cloakroom_store::{Act, AnswerDeviceRequest, Error, GiveConsent};

use super::asked_by;
use crate::Engine;
use crate::identity::Identity;
use crate::secret::digest_bytes;
use crate::throttle::{Limited, What};
use crate::visitor::Visitor;

/// A device that waits, for the person who is asked about it.
#[derive(Clone, Debug)]
pub struct WaitingDevice {
    /// Whose device it says it is.
    pub client: Arc<Client>,
    /// What it asks for.
    pub scope: Scope,
    /// Where it asked from.
    pub address: String,
    /// Whether that is where the person is too, as far as one can tell.
    pub is_near: bool,
    /// When it began to wait.
    pub began_at: Timestamp,
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Answered {
    /// The device will hear it.
    Done,
    /// No device waits with this code, or not any more.
    Gone,
    /// Whoever answered is signed out by now.
    SignedOut,
}

/// Why a device was not looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LookError {
    /// Too many codes were tried.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Engine {
    /// Finds the device that waits with a code that somebody who is signed in typed, and that nobody has answered.
    pub async fn look_at_device(
        &self,
        code: &UserCode,
        identity: &Identity,
        visitor: &Visitor,
    ) -> Result<Option<WaitingDevice>, LookError> {
        let Some((waits, client)) = self.waiting(code, identity, visitor).await? else {
            return Ok(None);
        };
        let from = waits.address.parse::<IpAddr>().ok().map(Network::of);
        Ok(Some(WaitingDevice {
            client,
            scope: asked_by(&waits)?.scope,
            is_near: from == Some(Network::of(visitor.address)),
            address: waits.address,
            began_at: waits.created_at,
        }))
    }

    /// Lets the device in that waits with this code, for the user who is there: what it may is kept with what other
    /// clients may, and taken back there.
    pub async fn let_device_in(
        &self,
        code: &UserCode,
        identity: &Identity,
        visitor: &Visitor,
    ) -> Result<Answered, LookError> {
        let may_act = identity.may_act().is_ok();
        let Some(user) = identity.user_id().filter(|_| may_act) else {
            return Ok(Answered::SignedOut);
        };
        let Some((waits, client)) = self.waiting(code, identity, visitor).await? else {
            return Ok(Answered::Gone);
        };
        let act = self.act_on(&waits, Kind::ConsentGiven, user, identity, visitor);
        let scope = asked_by(&waits)?.scope.words().to_vec();
        let consent =
            Consent { user, client: client.id.clone(), scope, claims: Vec::new(), at: act.at };
        // First, so that there is no device in the account that its list of apps does not show.
        if self.store.give_consent(consent, &act).await? == GiveConsent::Pointless {
            return Ok(Answered::SignedOut);
        }
        let act = self.act_on(&waits, Kind::DeviceAllowed, user, identity, visitor);
        let answer = DeviceAnswer::Allowed { user, session: identity.sid() };
        Ok(self.store.answer_device_request(&waits.user_code, answer, &act).await?.into())
    }

    /// Turns the device away that waits with this code.
    pub async fn turn_device_away(
        &self,
        code: &UserCode,
        identity: &Identity,
        visitor: &Visitor,
    ) -> Result<Answered, LookError> {
        let Some(user) = identity.user_id() else { return Ok(Answered::SignedOut) };
        let Some((waits, _)) = self.waiting(code, identity, visitor).await? else {
            return Ok(Answered::Gone);
        };
        let act = self.act_on(&waits, Kind::DeviceDenied, user, identity, visitor);
        let answer = DeviceAnswer::Denied;
        Ok(self.store.answer_device_request(&waits.user_code, answer, &act).await?.into())
    }

    /// What waits with this code. Counts as a try, whatever comes of it.
    async fn waiting(
        &self,
        code: &UserCode,
        identity: &Identity,
        visitor: &Visitor,
    ) -> Result<Option<(DeviceRequest, Arc<Client>)>, LookError> {
        let now = self.time.now();
        self.limits.check(What::UserCode, &visitor.address, now).await?;
        self.limits
            .check(What::UserCodeSession, digest_bytes(identity.sid().as_bytes()), now)
            .await?;
        self.hear().await?;
        let found = self.store.find_device_request(&self.digest_of_user_code(code), now).await?;
        let waits = found.filter(|waits| waits.answer == DeviceAnswer::Pending);
        Ok(waits.and_then(|waits| {
            let client = self.clients.find(&waits.client)?;
            Some((waits, client))
        }))
    }

    fn act_on(
        &self,
        waits: &DeviceRequest,
        kind: Kind,
        user: UserId,
        identity: &Identity,
        visitor: &Visitor,
    ) -> Act {
        let mut act = self.act(kind, Actor::User(user));
        act.event.user = Some(user);
        act.event.session = Some(identity.sid());
        act.event.client = Some(waits.client.clone());
        act.event.address = Some(visitor.address.to_string());
        act.event.detail = Some(format!("a device at {}", waits.address));
        act
    }
}

impl From<AnswerDeviceRequest> for Answered {
    fn from(answered: AnswerDeviceRequest) -> Self {
        match answered {
            AnswerDeviceRequest::Done => Self::Done,
            AnswerDeviceRequest::Gone => Self::Gone,
            AnswerDeviceRequest::Pointless => Self::SignedOut,
        }
    }
}
