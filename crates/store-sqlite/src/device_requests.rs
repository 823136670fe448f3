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
use crate::driver::{Columns, Db, corrupt, milliseconds};
use crate::{Sqlite, grants, sql};

#[async_trait]
impl DeviceRequests for Sqlite {
    async fn insert_device_request(
        &self,
        request: DeviceRequest,
    ) -> Result<InsertDeviceRequest, Error> {
        self.write(move |db| {
            let is_first = insert(db, &request)?;
            Ok(if is_first { InsertDeviceRequest::Done } else { InsertDeviceRequest::Taken })
        })
        .await
    }

    async fn find_device_request(
        &self,
        user_code: &Digest,
        now: Timestamp,
    ) -> Result<Option<DeviceRequest>, Error> {
        self.readers.short(|db| find_by_user_code(db, user_code, now))
    }

    async fn answer_device_request(
        &self,
        user_code: &Digest,
        answer: DeviceAnswer,
        act: &Act,
    ) -> Result<AnswerDeviceRequest, Error> {
        let user_code = *user_code;
        self.act(act, move |doing| answer_request(doing, &user_code, answer)).await
    }

    async fn poll_device_request(
        &self,
        digest: &Digest,
        client: &ClientId,
        now: Timestamp,
    ) -> Result<PollDeviceRequest, Error> {
        let (digest, client) = (*digest, client.clone());
        self.write(move |db| {
            // Expired ones too: they are told so.
            let found = find(db, &digest, Timestamp(i64::MIN))?;
            let found = found.filter(|request| request.client == client);
            let Some(mut request) = found else { return Ok(PollDeviceRequest::Gone) };
            let told = PollDeviceRequest::decide(&mut request, now);
            let polled_at = request.polled_at.map(|at| at.0);
            let poll = (milliseconds(request.interval), polled_at, digest.0);
            db.run(sql::device_requests::NOTE_POLL, poll)?;
            Ok(told)
        })
        .await
    }

    async fn redeem_device_request(
        &self,
        redeem: Redeem,
        act: &Act,
    ) -> Result<Option<Done<Box<LiveGrant>>>, Error> {
        self.act(act, move |doing| redeem_request(doing, &redeem)).await
    }

    async fn expire_device_requests(&self, now: Timestamp) -> Result<(), Error> {
        self.write(move |db| db.run(sql::device_requests::DELETE_ENDED, [now.0]).map(drop)).await
    }
}

const PENDING: &str = "pending";
const ALLOWED: &str = "allowed";
const DENIED: &str = "denied";

fn answer_request(
    doing: Doing<'_>,
    user_code: &Digest,
    answer: DeviceAnswer,
) -> Result<AnswerDeviceRequest, Error> {
    let db = doing.db;
    let found = find_by_user_code(db, user_code, doing.now())?;
    let waits = found.is_some_and(|request| request.answer == DeviceAnswer::Pending);
    if !waits || answer == DeviceAnswer::Pending {
        return Ok(AnswerDeviceRequest::Gone);
    }
    if let DeviceAnswer::Allowed { user, session } = answer
        && !grants::may_hang(db, Some(user), Some(session))?
    {
        return Ok(AnswerDeviceRequest::Pointless);
    }
    let (answer, user, session) = answer_columns(answer);
    db.run(sql::device_requests::ANSWER, (answer, user, session, user_code.0))?;
    let _nothing_to_announce = doing.done(())?;
    Ok(AnswerDeviceRequest::Done)
}

fn redeem_request(
    doing: Doing<'_>,
    redeem: &Redeem,
) -> Result<Option<Done<Box<LiveGrant>>>, Error> {
    let db = doing.db;
    let Some(request) = find(db, &redeem.digest, doing.now())? else { return Ok(None) };
    let DeviceAnswer::Allowed { user, session } = request.answer else { return Ok(None) };
    if !redeem.is_of(&request.client, user, session)
        || !grants::may_hang(db, Some(user), Some(session))?
    {
        return Ok(None);
    }
    let live = keep_redeemed(db, redeem)?;
    db.run(sql::device_requests::DELETE, [redeem.digest.0])?;
    doing.done(live).map(Some)
}

/// Keeps a new request; `false` where another one has its code.
fn insert(db: &Db, request: &DeviceRequest) -> Result<bool, Error> {
    let (answer, user, session) = answer_columns(request.answer);
    let inserted = db.run(
        sql::device_requests::INSERT,
        rusqlite::params![
            request.digest.0,
            request.user_code.0,
            request.client.as_str(),
            request.request,
            request.address,
            request.created_at.0,
            request.expires_at.0,
            answer,
            user,
            session,
            milliseconds(request.interval),
            request.polled_at.map(|at| at.0),
        ],
    )?;
    Ok(inserted > 0)
}

fn find(db: &Db, digest: &Digest, now: Timestamp) -> Result<Option<DeviceRequest>, Error> {
    db.find(sql::device_requests::FIND, (digest.0, now.0), request)
}

fn find_by_user_code(
    db: &Db,
    user_code: &Digest,
    now: Timestamp,
) -> Result<Option<DeviceRequest>, Error> {
    db.find(sql::device_requests::FIND_BY_USER_CODE, (user_code.0, now.0), request)
}

type AnswerColumns = (&'static str, Option<[u8; 16]>, Option<[u8; 16]>);

fn answer_columns(answer: DeviceAnswer) -> AnswerColumns {
    match answer {
        DeviceAnswer::Pending => (PENDING, None, None),
        DeviceAnswer::Allowed { user, session } => {
            (ALLOWED, Some(*user.as_bytes()), Some(*session.as_bytes()))
        }
        DeviceAnswer::Denied => (DENIED, None, None),
    }
}

fn request(columns: &mut Columns<'_, '_>) -> Result<DeviceRequest, Error> {
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

fn answer(columns: &mut Columns<'_, '_>) -> Result<DeviceAnswer, Error> {
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
