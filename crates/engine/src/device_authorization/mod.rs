//! Letting in a device that has no browser (RFC 8628, with the advice of RFC 10027): it begins to wait here, a person
//! answers it, and it comes for its tokens, a file each.
//!
//! What a device waits with is a secret like any other. What a person types is short: storage keeps an HMAC of it, under
//! a key that is not in the database, and few can be tried. Whoever shows somebody else a code is let in by them, so
//! nothing is answered that was not looked at, and first-party clients are looked at too.

mod answer;
mod redeem;

use aws_lc_rs::hmac;
use cloakroom_model::authorization::{DeviceAnswer, DeviceRequest};
use cloakroom_model::client::Client;
use cloakroom_model::secret::Digest;
use cloakroom_oauth::device_authorization::{DeviceAuthorizationRequest, UserCode};
use cloakroom_oauth::error::Code;
use cloakroom_oauth::scope::Scope;
use cloakroom_oauth::scopes;
use cloakroom_store::{Error, InsertDeviceRequest};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub use self::answer::{Answered, LookError, WaitingDevice};
pub use self::redeem::PollError;
use crate::Engine;
use crate::secret::{digest_of, to_text};
use crate::throttle::{Limited, What};
use crate::visitor::Visitor;

/// What a device waits with.
pub struct Waiting {
    /// What it asks with.
    pub device_code: Zeroizing<String>,
    /// What a person types.
    pub user_code: UserCode,
}

/// Why a device does not wait.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BeginError {
    /// It asks for what its client may not have.
    #[error(transparent)]
    Refused(#[from] cloakroom_oauth::error::Error),
    /// Too many from here.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// What a device asked for, as storage keeps it.
#[derive(Deserialize, Serialize)]
struct Asked {
    #[serde(default, skip_serializing_if = "Scope::is_empty")]
    scope: Scope,
    /// The only service that its tokens shall be for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resource: Option<String>,
}

impl Engine {
    /// Lets a client's device wait. The client has proved itself as far as it must.
    pub async fn begin_to_wait(
        &self,
        request: DeviceAuthorizationRequest,
        client: &Client,
        visitor: &Visitor,
    ) -> Result<Waiting, BeginError> {
        let now = self.time.now();
        self.limits.check(What::Device, &visitor.address, now).await?;
        let DeviceAuthorizationRequest { scope, resource } = request;
        let scope = scopes::registered(scope, client)?;
        if resource.as_ref().is_some_and(|asked| !self.audiences_of(client).contains(asked)) {
            return Err(cloakroom_oauth::error::Error::from(Code::InvalidTarget).into());
        }
        let asked = text_of(&Asked { scope, resource })?;
        // Of 25 billion codes few are taken: the next draw is another one.
        loop {
            let secret = self.random.secret();
            let user_code = UserCode::new(self.random.bytes());
            let waits = DeviceRequest {
                digest: digest_of(&secret),
                user_code: self.digest_of_user_code(&user_code),
                client: client.id.clone(),
                request: asked.clone(),
                address: visitor.address.to_string(),
                created_at: now,
                expires_at: now.plus(DeviceRequest::LIVES),
                answer: DeviceAnswer::Pending,
                interval: DeviceRequest::INTERVAL,
                polled_at: None,
            };
            match self.store.insert_device_request(waits).await? {
                InsertDeviceRequest::Done => {
                    return Ok(Waiting { device_code: to_text(&secret), user_code });
                }
                InsertDeviceRequest::Taken => {}
            }
        }
    }

    /// A plain digest of 34 bits is undone in a minute by whoever reads the database.
    fn digest_of_user_code(&self, code: &UserCode) -> Digest {
        let key = self.data_keys.derive(b"cloakroom user codes");
        let key = hmac::Key::new(hmac::HMAC_SHA256, &*key);
        let mut digest = Digest([0; 32]);
        digest.0.copy_from_slice(hmac::sign(&key, code.letters().as_bytes()).as_ref());
        digest
    }
}

fn text_of(asked: &Asked) -> Result<String, Error> {
    serde_json::to_string(asked).map_err(|error| Error::Corrupt(error.to_string()))
}

fn asked_by(waits: &DeviceRequest) -> Result<Asked, Error> {
    serde_json::from_str(&waits.request).map_err(|error| Error::Corrupt(error.to_string()))
}
