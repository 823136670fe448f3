//! The verbs about what lies between a client's question and its tokens.

use std::time::Duration;

use async_trait::async_trait;
use cloakroom_model::authorization::{Consent, FoundCode, PushedRequest, RelyingParty};
use cloakroom_model::id::{ClientId, SessionId, UserId};
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;

use crate::memory::broken::{Broken, Slip};
use crate::memory::codes::KeptCode;
use crate::{
    Act, Codes, Consents, Done, Error, GiveConsent, InsertCode, NewCode, PushedRequests, Redeem,
    Redeemed, RelyingParties,
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
    fn redeem_carelessly(&self, redeem: &Redeem, act: &Act) -> Result<(), Error> {
        let mut state = self.inner.state()?;
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
