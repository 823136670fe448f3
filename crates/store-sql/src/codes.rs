//! Codes that a browser takes to a client.

use async_trait::async_trait;
use cloakroom_model::authorization::{Code, FoundCode};
use cloakroom_model::id::{ClientId, GrantId, SessionId, UserId};
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Act, Codes, Error, InsertCode, LiveGrant, NewCode, Redeem, Redeemed};

use crate::doing::Doing;
use crate::{
    Columns, Database, Db, SqlStore, clients, consents, corrupt, grants, relying_parties, sql,
    values,
};

#[async_trait]
impl<D: Database> Codes for SqlStore<D> {
    async fn insert_code(&self, new: NewCode, now: Timestamp) -> Result<InsertCode, Error> {
        self.write((new, now), |db, (new, now)| Box::pin(insert_code(db, new, *now))).await
    }

    async fn find_code(&self, digest: &Digest, now: Timestamp) -> Result<Option<FoundCode>, Error> {
        self.read((*digest, now), |db, (digest, now)| {
            Box::pin(async move {
                let found = db.find(sql::codes::FIND, values![&digest.0, now.0], kept).await?;
                Ok(found.map(|kept| match kept.spent_by {
                    None => FoundCode::Fresh(Box::new(kept.code)),
                    Some(grant) => FoundCode::Spent { client: kept.code.client, grant },
                }))
            })
        })
        .await
    }

    async fn redeem_code(&self, redeem: Redeem, act: &Act) -> Result<Redeemed, Error> {
        self.act(act, redeem, |doing, redeem| Box::pin(redeem_code(doing, redeem))).await
    }

    async fn expire_codes(&self, now: Timestamp) -> Result<(), Error> {
        self.forget(sql::codes::DELETE_ENDED, now).await
    }
}

/// A code, and what came of it.
struct Kept {
    code: Code,
    spent_by: Option<GrantId>,
}

async fn insert_code(db: &impl Db, new: &NewCode, now: Timestamp) -> Result<InsertCode, Error> {
    let NewCode { code, spends, rests_on_consent } = new;
    if !grants::may_hang(db, Some(code.user), Some(code.session)).await? {
        return Ok(InsertCode::Pointless);
    }
    clients::stays(db, &code.client).await?;
    // Nobody takes it back meanwhile: the user is locked.
    if *rests_on_consent && consents::find(db, code.user, &code.client).await?.is_none() {
        return Ok(InsertCode::Pointless);
    }
    if let Some(request) = spends {
        let spent = values![&request.0, code.client.as_str(), now.0];
        if db.run(sql::pushed_requests::SPEND, spent).await? == 0 {
            return Ok(InsertCode::RequestSpent);
        }
    }
    insert(db, code).await?;
    Ok(InsertCode::Done)
}

async fn redeem_code(doing: Doing<'_, impl Db>, redeem: &Redeem) -> Result<Redeemed, Error> {
    let (db, now) = (doing.db, doing.now());
    let key = values![&redeem.digest.0, now.0];
    // What it hangs from is locked before it is: whoever ends that deletes it under the same locks.
    let Some(Kept { code, .. }) = db.find(sql::codes::FIND, key, kept).await? else {
        return Ok(Redeemed::Gone);
    };
    if !redeem.is_of(&code.client, code.user, code.session) {
        return Ok(Redeemed::Gone);
    }
    let may_hang = grants::may_hang(db, Some(code.user), Some(code.session)).await?;
    clients::stays(db, &code.client).await?;
    let Some(kept) = db.find(sql::codes::FIND_TO_CHANGE, key, kept).await? else {
        return Ok(Redeemed::Gone);
    };
    if let Some(grant) = kept.spent_by {
        return Ok(Redeemed::Spent { grant });
    }
    if !may_hang {
        return Ok(Redeemed::Gone);
    }
    let live = keep_redeemed(db, redeem).await?;
    let until = now.plus(Code::RECOGNISED);
    let spent = values![redeem.grant.id.as_bytes(), until.0, &redeem.digest.0];
    db.run(sql::codes::SPEND, spent).await?;
    doing.done(live).await.map(Redeemed::Done)
}

/// Makes the grant of a code that was found good for it, and notes the relying party.
pub(crate) async fn keep_redeemed(db: &impl Db, redeem: &Redeem) -> Result<Box<LiveGrant>, Error> {
    grants::insert(db, &redeem.grant).await?;
    if let Some(party) = &redeem.relying_party {
        relying_parties::note(db, party).await?;
    }
    let live = grants::find(db, redeem.grant.id).await?;
    live.map(Box::new).ok_or_else(|| corrupt("a grant is gone that was just made"))
}

async fn insert(db: &impl Db, code: &Code) -> Result<(), Error> {
    let row = values![
        &code.digest.0,
        code.client.as_str(),
        code.user.as_bytes(),
        code.session.as_bytes(),
        &code.request,
        code.created_at.0,
        code.expires_at.0,
    ];
    db.run(sql::codes::INSERT, row).await?;
    Ok(())
}

fn kept(columns: &mut Columns<'_>) -> Result<Kept, Error> {
    let code = Code {
        digest: Digest(columns.value()?),
        client: columns.parsed(ClientId::parse)?,
        user: UserId::from_bytes(columns.value()?),
        session: SessionId::from_bytes(columns.value()?),
        request: columns.value()?,
        created_at: columns.time()?,
        expires_at: columns.time()?,
    };
    Ok(Kept { code, spent_by: columns.value::<Option<_>>()?.map(GrantId::from_bytes) })
}
