//! Devices that wait for a person to let them in.

use std::time::Duration;

use async_trait::async_trait;
use cloakroom_model::authorization::{DeviceAnswer, DeviceRequest};
use cloakroom_model::id::ClientId;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;

use crate::{Act, Done, Error, LiveGrant, Redeem};

/// Requests of devices.
#[async_trait]
pub trait DeviceRequests: Send + Sync {
    /// Keeps a new request. Of two that drew the same code for a person to type, one gets it. Records no event.
    ///
    /// A backend that lets two share a code lets a person into a device that is not theirs.
    async fn insert_device_request(
        &self,
        request: DeviceRequest,
    ) -> Result<InsertDeviceRequest, Error>;

    /// Finds a request by what a person typed, answered or not, if it expires after `now`.
    async fn find_device_request(
        &self,
        user_code: &Digest,
        now: Timestamp,
    ) -> Result<Option<DeviceRequest>, Error>;

    /// Answers a request, if nobody has and it expires after the act's time. Who allows it must be active, and in a
    /// session of their own that is live. To say nothing is no answer.
    async fn answer_device_request(
        &self,
        user_code: &Digest,
        answer: DeviceAnswer,
        act: &Act,
    ) -> Result<AnswerDeviceRequest, Error>;

    /// What a client's device is told that asks at `now`. That it asked is written down with it, and
    /// [`PollDeviceRequest::decide`] is the decision. Records no event.
    async fn poll_device_request(
        &self,
        digest: &Digest,
        client: &ClientId,
        now: Timestamp,
    ) -> Result<PollDeviceRequest, Error>;

    /// Makes the grant that a request was allowed, and forgets the request, if it expires after the act's time, its user
    /// is active and the session live in which they allowed it; `None` otherwise. Notes the relying party.
    ///
    /// Of any number of callers exactly one gets a grant. A second one would be for a device that nobody saw.
    async fn redeem_device_request(
        &self,
        redeem: Redeem,
        act: &Act,
    ) -> Result<Option<Done<Box<LiveGrant>>>, Error>;

    /// Forgets requests that expired before `now`. One that is not forgotten yet is told that it expired.
    async fn expire_device_requests(&self, now: Timestamp) -> Result<(), Error>;
}

/// How [`DeviceRequests::insert_device_request`] ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InsertDeviceRequest {
    /// The device waits.
    Done,
    /// Another one has this code: draw again.
    Taken,
}

/// How [`DeviceRequests::answer_device_request`] ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AnswerDeviceRequest {
    /// The device will hear it.
    Done,
    /// The user or the session is gone.
    Pointless,
    /// No device waits for an answer to this, or not any more.
    Gone,
}

/// What a device is told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PollDeviceRequest {
    /// Nobody has answered.
    Pending,
    /// Nobody has answered, and it asked too early: it waits this long from now on.
    TooEarly {
        /// Between two questions.
        interval: Duration,
    },
    /// Nobody let it in while it waited.
    Expired,
    /// It was turned away.
    Denied,
    /// It was let in, and has not come for its tokens yet.
    Allowed(Box<DeviceRequest>),
    /// There is no such request of this client, or it is forgotten.
    Gone,
}

impl PollDeviceRequest {
    /// Decides on what is stored, and writes down in it that the device asked (RFC 8628 §3.5).
    #[must_use]
    pub fn decide(request: &mut DeviceRequest, now: Timestamp) -> Self {
        if request.expires_at <= now {
            return Self::Expired;
        }
        match request.answer {
            // An answer is worth more than patience.
            DeviceAnswer::Denied => return Self::Denied,
            DeviceAnswer::Allowed { .. } => return Self::Allowed(Box::new(request.clone())),
            DeviceAnswer::Pending => {}
        }
        let earliest = request.polled_at.map(|before| before.plus(request.interval));
        request.polled_at = Some(now);
        if earliest.is_some_and(|earliest| now < earliest) {
            request.interval = request.interval.saturating_add(DeviceRequest::INTERVAL);
            return Self::TooEarly { interval: request.interval };
        }
        Self::Pending
    }
}
