//! Devices that wait for a person to let them in.

use async_trait::async_trait;
use cloakroom_model::authorization::{DeviceAnswer, DeviceRequest};
use cloakroom_model::id::ClientId;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;

use super::endings::Trace;
use super::{Memory, State, id_taken};
use crate::{
    Act, AnswerDeviceRequest, DeviceRequests, Done, Error, InsertDeviceRequest, LiveGrant,
    PollDeviceRequest, Redeem,
};

#[async_trait]
impl DeviceRequests for Memory {
    async fn insert_device_request(
        &self,
        request: DeviceRequest,
    ) -> Result<InsertDeviceRequest, Error> {
        self.state()?.insert_device_request(request)
    }

    async fn find_device_request(
        &self,
        user_code: &Digest,
        now: Timestamp,
    ) -> Result<Option<DeviceRequest>, Error> {
        Ok(self.state()?.waiting_device(user_code, now).cloned())
    }

    async fn answer_device_request(
        &self,
        user_code: &Digest,
        answer: DeviceAnswer,
        act: &Act,
    ) -> Result<AnswerDeviceRequest, Error> {
        Ok(self.state()?.answer_device_request(user_code, answer, act))
    }

    async fn poll_device_request(
        &self,
        digest: &Digest,
        client: &ClientId,
        now: Timestamp,
    ) -> Result<PollDeviceRequest, Error> {
        let mut state = self.state()?;
        let request = state.device_requests.get_mut(digest);
        let asked = request.filter(|it| it.client == *client);
        Ok(asked.map_or(PollDeviceRequest::Gone, |it| PollDeviceRequest::decide(it, now)))
    }

    async fn redeem_device_request(
        &self,
        redeem: Redeem,
        act: &Act,
    ) -> Result<Option<Done<Box<LiveGrant>>>, Error> {
        self.state()?.redeem_device_request(redeem, act)
    }

    async fn expire_device_requests(&self, now: Timestamp) -> Result<(), Error> {
        self.state()?.device_requests.retain(|_, request| request.expires_at > now);
        Ok(())
    }
}

impl State {
    fn waiting_device(&self, user_code: &Digest, now: Timestamp) -> Option<&DeviceRequest> {
        let mut requests = self.device_requests.values();
        requests.find(|request| request.user_code == *user_code && request.expires_at > now)
    }

    fn insert_device_request(
        &mut self,
        request: DeviceRequest,
    ) -> Result<InsertDeviceRequest, Error> {
        if self.device_requests.values().any(|other| other.user_code == request.user_code) {
            return Ok(InsertDeviceRequest::Taken);
        }
        if self.device_requests.contains_key(&request.digest) {
            return Err(id_taken("device's request"));
        }
        self.device_requests.insert(request.digest, request);
        Ok(InsertDeviceRequest::Done)
    }

    fn answer_device_request(
        &mut self,
        user_code: &Digest,
        answer: DeviceAnswer,
        act: &Act,
    ) -> AnswerDeviceRequest {
        let digest = match self.waiting_device(user_code, act.at) {
            Some(request) if request.answer == DeviceAnswer::Pending => request.digest,
            _ => return AnswerDeviceRequest::Gone,
        };
        match answer {
            DeviceAnswer::Pending => return AnswerDeviceRequest::Gone,
            DeviceAnswer::Allowed { user, session }
                if !self.may_hang(Some(user), Some(session)) =>
            {
                return AnswerDeviceRequest::Pointless;
            }
            DeviceAnswer::Allowed { .. } | DeviceAnswer::Denied => {}
        }
        if let Some(request) = self.device_requests.get_mut(&digest) {
            request.answer = answer;
        }
        self.finish(act, Trace::default());
        AnswerDeviceRequest::Done
    }

    fn redeem_device_request(
        &mut self,
        redeem: Redeem,
        act: &Act,
    ) -> Result<Option<Done<Box<LiveGrant>>>, Error> {
        let request = self.device_requests.get(&redeem.digest);
        let Some(request) = request.filter(|request| request.expires_at > act.at) else {
            return Ok(None);
        };
        let DeviceAnswer::Allowed { user, session } = request.answer else { return Ok(None) };
        if !redeem.is_of(&request.client, user, session)
            || !self.may_hang(Some(user), Some(session))
        {
            return Ok(None);
        }
        let digest = redeem.digest;
        let value = self.keep_redeemed(redeem)?;
        self.device_requests.remove(&digest);
        Ok(Some(Done { value, rows: self.finish(act, Trace::default()) }))
    }
}
