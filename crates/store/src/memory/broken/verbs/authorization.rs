//! The verbs about what lies between a client's question and its tokens.

use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use cloakroom_model::authorization::{
    Consent, DeviceAnswer, DeviceRequest, FoundCode, PushedRequest, RelyingParty,
};
use cloakroom_model::id::{ClientId, SessionId, UserId};
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;

use crate::memory::broken::{Broken, Slip};
use crate::memory::codes::KeptCode;
use crate::{
    Act, AnswerDeviceRequest, Codes, Consents, DeviceRequests, Done, Error, GiveConsent,
    InsertCode, InsertDeviceRequest, LiveGrant, Marks, NewCode, PollDeviceRequest, PushedRequests,
    Redeem, Redeemed, RelyingParties, StatusLists, Statuses,
};

pass_on! { Consents {
    async fn give_consent(&self, consent: Consent, act: &Act) -> GiveConsent {
        let key = (consent.user, consent.client.clone());
        if self.slips(Slip::GiveAnyway) {
            self.inner.state()?.consents.insert(key.clone(), consent.clone());
        }
        if self.slips(Slip::GiveNarrows) {
            self.inner.state()?.consents.remove(&key);
        }
    }
    async fn find_consent(&self, user: UserId, client: &ClientId) -> Option<Consent> {}
    async fn list_consents(&self, user: UserId) -> Vec<Consent> {}
    async fn withdraw_consent(
        &self, user: UserId, client: &ClientId, act: &Act
    ) -> Option<Done<()>> {}
} }

pass_on! { PushedRequests {
    async fn insert_pushed_request(&self, request: PushedRequest) -> () {
        if self.slips(Slip::InsertRequestReplaces) {
            self.inner.state()?.pushed_requests.remove(&request.digest);
        }
    }
    async fn find_pushed_request(&self, digest: &Digest, now: Timestamp) -> Option<PushedRequest> {
        if self.slips(Slip::FindRequestSpends) {
            return Ok(self.inner.state()?.pushed_requests.remove(digest));
        }
        let now = if self.slips(Slip::FindRequestForever) { Timestamp(0) } else { now };
    }
    async fn expire_pushed_requests(&self, now: Timestamp) -> () {}
} }

pass_on! { Codes {
    async fn insert_code(&self, new: NewCode, now: Timestamp) -> InsertCode {
        let mut new = new;
        if self.slips(Slip::InsertCodeAnyway) {
            let NewCode { code, .. } = new;
            self.inner.state()?.codes.insert(code.digest, KeptCode { code, spent_by: None });
            return Ok(InsertCode::Done);
        }
        if self.slips(Slip::InsertCodeSpendsNothing) {
            new.spends = None;
        }
        new.rests_on_consent &= !self.slips(Slip::InsertCodeWithoutConsent);
        let now = if self.slips(Slip::InsertCodeForever) { Timestamp(0) } else { now };
    }
    async fn find_code(&self, digest: &Digest, now: Timestamp) -> Option<FoundCode> {
        let now = if self.slips(Slip::FindCodeForever) { Timestamp(0) } else { now };
    }
    async fn redeem_code(&self, redeem: Redeem, act: &Act) -> Redeemed {
        self.redeem_carelessly(&redeem, act)?;
    }
    async fn expire_codes(&self, now: Timestamp) -> () {
        if self.slips(Slip::ExpireForgetsSpent) {
            self.inner.state()?.codes.retain(|_, kept| kept.spent_by.is_none());
        }
    }
} }

pass_on! { DeviceRequests {
    async fn insert_device_request(&self, request: DeviceRequest) -> InsertDeviceRequest {}
    async fn find_device_request(
        &self, user_code: &Digest, now: Timestamp
    ) -> Option<DeviceRequest> {
        let now = if self.slips(Slip::FindDeviceForever) { Timestamp(0) } else { now };
    }
    async fn answer_device_request(
        &self, user_code: &Digest, answer: DeviceAnswer, act: &Act
    ) -> AnswerDeviceRequest {
        self.answer_carelessly(user_code, answer)?;
    }
    async fn poll_device_request(
        &self, digest: &Digest, client: &ClientId, now: Timestamp
    ) -> PollDeviceRequest {
        if let Some(request) = self.inner.state()?.device_requests.get_mut(digest)
            && self.slips(Slip::PollForAnybody)
        {
            request.client = client.clone();
        }
    }
    async fn redeem_device_request(
        &self, redeem: Redeem, act: &Act
    ) -> Option<Done<Box<LiveGrant>>> {
        self.redeem_carelessly(&redeem, act)?;
    }
    async fn expire_device_requests(&self, now: Timestamp) -> () {}
} }

pass_on! { Marks {
    async fn mark_once(&self, mark: Digest, until: Timestamp, now: Timestamp) -> bool {
        let now = if self.slips(Slip::MarkForever) { Timestamp(0) } else { now };
    }
    async fn expire_marks(&self, now: Timestamp) -> () {}
} }

pass_on! { Statuses {
    async fn take_status(&self) -> u32 {}
    async fn find_status_lists(&self) -> StatusLists {}
    async fn list_ended_statuses(&self, places: Range<u32>, now: Timestamp) -> Vec<u32> {
        let places = if self.slips(Slip::ListEverywhere) { 0..u32::MAX } else { places };
        let now = if self.slips(Slip::ListEndedForever) { Timestamp(0) } else { now };
    }
    async fn expire_statuses(&self, now: Timestamp) -> () {}
} }

pass_on! { RelyingParties {
    async fn list_relying_parties(&self, session: SessionId) -> Vec<RelyingParty> {}
    async fn claim_relying_parties(
        &self, now: Timestamp, lease_until: Timestamp, limit: usize
    ) -> Vec<RelyingParty> {
        if self.slips(Slip::ClaimOfTheLiving) {
            self.inner.state()?.sessions.clear();
        }
        let now = if self.slips(Slip::ClaimTooEarly) { Timestamp(i64::MAX) } else { now };
        let lease_until = if self.slips(Slip::ClaimForNobody) { now } else { lease_until };
        let limit = if self.slips(Slip::ClaimUnlimited) { usize::MAX } else { limit };
    }
    async fn forget_relying_party(&self, session: SessionId, client: &ClientId) -> () {}
    async fn put_off_relying_party(
        &self, session: SessionId, client: &ClientId, try_at: Timestamp
    ) -> () {}
} }

impl Broken {
    fn answer_carelessly(&self, user_code: &Digest, answer: DeviceAnswer) -> Result<(), Error> {
        let mut state = self.inner.state()?;
        let mut requests = state.device_requests.values_mut();
        let Some(request) = requests.find(|request| request.user_code == *user_code) else {
            return Ok(());
        };
        if self.slips(Slip::AnswerAnyway) {
            request.answer = answer;
        }
        if self.slips(Slip::AnswerAgain) {
            request.answer = DeviceAnswer::Pending;
        }
        if self.slips(Slip::AnswerForever) {
            request.expires_at = Timestamp::NEVER;
        }
        Ok(())
    }

    fn redeem_carelessly(&self, redeem: &Redeem, act: &Act) -> Result<(), Error> {
        let mut state = self.inner.state()?;
        if let Some(request) = state.device_requests.get_mut(&redeem.digest) {
            if self.slips(Slip::RedeemForAnybody) {
                request.client = redeem.grant.client.clone();
            }
            if self.slips(Slip::RedeemForever) {
                request.expires_at = Timestamp::NEVER;
            }
        }
        let Some(KeptCode { code, spent_by }) = state.codes.get_mut(&redeem.digest) else {
            return Ok(());
        };
        if self.slips(Slip::RedeemSpent) {
            *spent_by = None;
        }
        if self.slips(Slip::RedeemForAnybody) {
            code.client = redeem.grant.client.clone();
            code.user = redeem.grant.user.unwrap_or(code.user);
            code.session = redeem.grant.session.unwrap_or(code.session);
        }
        if self.slips(Slip::RedeemForever) {
            code.expires_at = act.at.plus(Duration::from_secs(1));
        }
        Ok(())
    }
}
