//! Codes that a browser takes to a client.

use async_trait::async_trait;
use cloakroom_model::authorization::{Code, FoundCode};
use cloakroom_model::id::GrantId;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;

use super::endings::Trace;
use super::{Memory, State, id_taken};
use crate::{Act, Codes, Done, Error, InsertCode, LiveGrant, NewCode, Redeem, Redeemed};

/// A code, and what came of it.
#[derive(Clone)]
pub(super) struct KeptCode {
    /// As it was given; once it is spent it expires when it is recognised no more.
    pub(super) code: Code,
    pub(super) spent_by: Option<GrantId>,
}

#[async_trait]
impl Codes for Memory {
    async fn insert_code(&self, new: NewCode, now: Timestamp) -> Result<InsertCode, Error> {
        self.state()?.insert_code(new, now)
    }

    async fn find_code(&self, digest: &Digest, now: Timestamp) -> Result<Option<FoundCode>, Error> {
        Ok(self.state()?.kept_code(digest, now).map(|kept| match kept.spent_by {
            None => FoundCode::Fresh(Box::new(kept.code.clone())),
            Some(grant) => FoundCode::Spent { client: kept.code.client.clone(), grant },
        }))
    }

    async fn redeem_code(&self, redeem: Redeem, act: &Act) -> Result<Redeemed, Error> {
        self.state()?.redeem_code(redeem, act)
    }

    async fn expire_codes(&self, now: Timestamp) -> Result<(), Error> {
        self.state()?.codes.retain(|_, kept| kept.code.expires_at > now);
        Ok(())
    }
}

impl State {
    fn kept_code(&self, digest: &Digest, now: Timestamp) -> Option<&KeptCode> {
        self.codes.get(digest).filter(|kept| kept.code.expires_at > now)
    }

    fn insert_code(&mut self, new: NewCode, now: Timestamp) -> Result<InsertCode, Error> {
        let NewCode { code, spends, rests_on_consent } = new;
        let consent = self.consents.get(&(code.user, code.client.clone()));
        if !self.may_hang(Some(code.user), Some(code.session))
            || (rests_on_consent && consent.is_none())
        {
            return Ok(InsertCode::Pointless);
        }
        if spends.is_some_and(|request| !self.waits(&request, &code.client, now)) {
            return Ok(InsertCode::RequestSpent);
        }
        if self.codes.contains_key(&code.digest) {
            return Err(id_taken("code"));
        }
        if let Some(request) = spends {
            self.pushed_requests.remove(&request);
        }
        self.codes.insert(code.digest, KeptCode { code, spent_by: None });
        Ok(InsertCode::Done)
    }

    fn redeem_code(&mut self, redeem: Redeem, act: &Act) -> Result<Redeemed, Error> {
        let Some(KeptCode { code, spent_by }) = self.kept_code(&redeem.digest, act.at) else {
            return Ok(Redeemed::Gone);
        };
        if !redeem.is_of(&code.client, code.user, code.session) {
            return Ok(Redeemed::Gone);
        }
        if let Some(grant) = *spent_by {
            return Ok(Redeemed::Spent { grant });
        }
        if !self.may_hang(Some(code.user), Some(code.session)) {
            return Ok(Redeemed::Gone);
        }

        let (digest, grant) = (redeem.digest, redeem.grant.id);
        let live = self.keep_redeemed(redeem)?;
        if let Some(kept) = self.codes.get_mut(&digest) {
            kept.spent_by = Some(grant);
            kept.code.expires_at = act.at.plus(Code::RECOGNISED);
        }
        let rows = self.finish(act, Trace::default());
        Ok(Redeemed::Done(Done { value: live, rows }))
    }

    /// Makes the grant of a code that was found good for it, and notes the relying party.
    pub(super) fn keep_redeemed(&mut self, redeem: Redeem) -> Result<Box<LiveGrant>, Error> {
        let id = redeem.grant.id;
        self.keep_grant(redeem.grant)?;
        if let Some(party) = redeem.relying_party {
            self.relying_parties.insert((party.session, party.client.clone()), party);
        }
        let live = self.find_grant(id).ok_or_else(|| Error::Corrupt("no grant".to_owned()))?;
        Ok(Box::new(live))
    }
}
