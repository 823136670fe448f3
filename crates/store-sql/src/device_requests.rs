//! Devices that wait for a person to let them in.

use async_trait::async_trait;
use cloakroom_model::authorization::{DeviceAnswer, DeviceRequest};
use cloakroom_model::id::{ClientId, SessionId, UserId};
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{
    Act, AnswerDeviceRequest, DeviceRequests, Done, Error, InsertDeviceRequest, LiveGrant,
    PollDeviceRequest, Redeem,
};

use crate::codes::keep_redeemed;
use crate::doing::Doing;
use crate::{Columns, Database, Db, SqlStore, clients, corrupt, grants, milliseconds, sql, values};

#[async_trait]
impl<D: Database> DeviceRequests for SqlStore<D> {
    async fn insert_device_request(
        &self,
        request: DeviceRequest,
    ) -> Result<InsertDeviceRequest, Error> {
        self.write(request, |db, request| {
            Box::pin(async move {
                let is_first = insert(db, request).await?;
                Ok(if is_first { InsertDeviceRequest::Done } else { InsertDeviceRequest::Taken })
            })
        })
        .await
    }

    async fn find_device_request(
        &self,
        user_code: &Digest,
        now: Timestamp,
    ) -> Result<Option<DeviceRequest>, Error> {
        self.read((*user_code, now), |db, (user_code, now)| {
            Box::pin(async move {
                let key = values![&user_code.0, now.0];
                db.find(sql::device_requests::FIND_BY_USER_CODE, key, request).await
            })
        })
        .await
    }

    async fn answer_device_request(
        &self,
        user_code: &Digest,
        answer: DeviceAnswer,
        act: &Act,
    ) -> Result<AnswerDeviceRequest, Error> {
        self.act(act, (*user_code, answer), |doing, (user_code, answer)| {
            Box::pin(answer_request(doing, user_code, *answer))
        })
        .await
    }

    async fn poll_device_request(
        &self,
        digest: &Digest,
        client: &ClientId,
        now: Timestamp,
    ) -> Result<PollDeviceRequest, Error> {
        self.write((*digest, client.clone(), now), |db, (digest, client, now)| {
            Box::pin(poll_request(db, digest, client, *now))
        })
        .await
    }

    async fn redeem_device_request(
        &self,
        redeem: Redeem,
        act: &Act,
    ) -> Result<Option<Done<Box<LiveGrant>>>, Error> {
        self.act(act, redeem, |doing, redeem| Box::pin(redeem_request(doing, redeem))).await
    }

    async fn expire_device_requests(&self, now: Timestamp) -> Result<(), Error> {
        self.forget(sql::device_requests::DELETE_ENDED, now).await
    }
}

const PENDING: &str = "pending";
const ALLOWED: &str = "allowed";
const DENIED: &str = "denied";

async fn answer_request(
    doing: Doing<'_, impl Db>,
    user_code: &Digest,
    answer: DeviceAnswer,
) -> Result<AnswerDeviceRequest, Error> {
    let db = doing.db;
    // Who lets it in is locked before it is: their end deletes it.
    let may_hang = match answer {
        DeviceAnswer::Allowed { user, session } => {
            grants::may_hang(db, Some(user), Some(session)).await?
        }
        DeviceAnswer::Pending | DeviceAnswer::Denied => true,
    };
    let key = values![&user_code.0, doing.now().0];
    let found = db.find(sql::device_requests::FIND_BY_USER_CODE_TO_CHANGE, key, request).await?;
    let waits = found.is_some_and(|request| request.answer == DeviceAnswer::Pending);
    if !waits || answer == DeviceAnswer::Pending {
        return Ok(AnswerDeviceRequest::Gone);
    }
    if !may_hang {
        return Ok(AnswerDeviceRequest::Pointless);
    }
    let (answer, user, session) = answer_columns(&answer);
    db.run(sql::device_requests::ANSWER, values![answer, user, session, &user_code.0]).await?;
    let _nothing_to_announce = doing.done(()).await?;
    Ok(AnswerDeviceRequest::Done)
}

async fn poll_request(
    db: &impl Db,
    digest: &Digest,
    client: &ClientId,
    now: Timestamp,
) -> Result<PollDeviceRequest, Error> {
    // Expired ones too: they are told so.
    let key = values![&digest.0, i64::MIN];
    let found = db.find(sql::device_requests::FIND_TO_CHANGE, key, request).await?;
    let found = found.filter(|request| request.client == *client);
    let Some(mut request) = found else { return Ok(PollDeviceRequest::Gone) };
    let told = PollDeviceRequest::decide(&mut request, now);
    let polled_at = request.polled_at.map(|at| at.0);
    let poll = values![milliseconds(request.interval), polled_at, &digest.0];
    db.run(sql::device_requests::NOTE_POLL, poll).await?;
    Ok(told)
}

async fn redeem_request(
    doing: Doing<'_, impl Db>,
    redeem: &Redeem,
) -> Result<Option<Done<Box<LiveGrant>>>, Error> {
    let db = doing.db;
    let key = values![&redeem.digest.0, doing.now().0];
    // What it hangs from is locked before it is: whoever ends that deletes it under the same locks.
    let Some(seen) = db.find(sql::device_requests::FIND, key, request).await? else {
        return Ok(None);
    };
    let DeviceAnswer::Allowed { user, session } = seen.answer else { return Ok(None) };
    if !redeem.is_of(&seen.client, user, session)
        || !grants::may_hang(db, Some(user), Some(session)).await?
    {
        return Ok(None);
    }
    clients::stays(db, &seen.client).await?;
    // An answer stays what it is, so that it is still there says enough.
    if db.find(sql::device_requests::FIND_TO_CHANGE, key, request).await?.is_none() {
        return Ok(None);
    }
    let live = keep_redeemed(db, redeem).await?;
    db.run(sql::device_requests::DELETE, values![&redeem.digest.0]).await?;
    doing.done(live).await.map(Some)
}

/// Keeps a new request; `false` where another one has its code.
async fn insert(db: &impl Db, request: &DeviceRequest) -> Result<bool, Error> {
    clients::stays(db, &request.client).await?;
    let (answer, user, session) = answer_columns(&request.answer);
    let row = values![
        &request.digest.0,
        &request.user_code.0,
        request.client.as_str(),
        &request.request,
        &request.address,
        request.created_at.0,
        request.expires_at.0,
        answer,
        user,
        session,
        milliseconds(request.interval),
        request.polled_at.map(|at| at.0),
    ];
    Ok(db.run(sql::device_requests::INSERT, row).await? > 0)
}

type AnswerColumns<'a> = (&'static str, Option<&'a [u8; 16]>, Option<&'a [u8; 16]>);

fn answer_columns(answer: &DeviceAnswer) -> AnswerColumns<'_> {
    match answer {
        DeviceAnswer::Pending => (PENDING, None, None),
        DeviceAnswer::Allowed { user, session } => {
            (ALLOWED, Some(user.as_bytes()), Some(session.as_bytes()))
        }
        DeviceAnswer::Denied => (DENIED, None, None),
    }
}

fn request(columns: &mut Columns<'_>) -> Result<DeviceRequest, Error> {
    Ok(DeviceRequest {
        digest: Digest(columns.value()?),
        user_code: Digest(columns.value()?),
        client: columns.parsed(ClientId::parse)?,
        request: columns.value()?,
        address: columns.value()?,
        created_at: columns.time()?,
        expires_at: columns.time()?,
        answer: answer(columns)?,
        interval: columns.span()?,
        polled_at: columns.value::<Option<_>>()?.map(Timestamp),
    })
}

fn answer(columns: &mut Columns<'_>) -> Result<DeviceAnswer, Error> {
    let answer: String = columns.value()?;
    let user = columns.value::<Option<_>>()?.map(UserId::from_bytes);
    let session = columns.value::<Option<_>>()?.map(SessionId::from_bytes);
    match (answer.as_str(), user, session) {
        (PENDING, None, None) => Ok(DeviceAnswer::Pending),
        (ALLOWED, Some(user), Some(session)) => Ok(DeviceAnswer::Allowed { user, session }),
        (DENIED, None, None) => Ok(DeviceAnswer::Denied),
        (other, ..) => Err(corrupt(format!("no such answer to a device: {other}"))),
    }
}
