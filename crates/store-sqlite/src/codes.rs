//! Codes that a browser takes to a client.

use async_trait::async_trait;
use cloakroom_model::authorization::{Code, FoundCode};
use cloakroom_model::id::{ClientId, GrantId, SessionId, UserId};
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Act, Codes, Error, InsertCode, LiveGrant, NewCode, Redeem, Redeemed};

use crate::doing::Doing;
use crate::driver::{Columns, Db, corrupt};
use crate::{Sqlite, consents, grants, relying_parties, sql};

#[async_trait]
impl Codes for Sqlite {
    async fn insert_code(&self, new: NewCode, now: Timestamp) -> Result<InsertCode, Error> {
        self.write(move |db| {
            let NewCode { code, spends, rests_on_consent } = new;
            if !grants::may_hang(db, Some(code.user), Some(code.session))?
                || (rests_on_consent && consents::find(db, code.user, &code.client)?.is_none())
            {
                return Ok(InsertCode::Pointless);
            }
            if let Some(request) = spends {
                let spent = (request.0, code.client.as_str(), now.0);
                if db.run(sql::pushed_requests::SPEND, spent)? == 0 {
                    return Ok(InsertCode::RequestSpent);
                }
            }
            insert(db, &code)?;
            Ok(InsertCode::Done)
        })
        .await
    }

    async fn find_code(&self, digest: &Digest, now: Timestamp) -> Result<Option<FoundCode>, Error> {
        let found = self.readers.short(|db| db.find(sql::codes::FIND, (digest.0, now.0), kept))?;
        Ok(found.map(|kept| match kept.spent_by {
            None => FoundCode::Fresh(Box::new(kept.code)),
            Some(grant) => FoundCode::Spent { client: kept.code.client, grant },
        }))
    }

    async fn redeem_code(&self, redeem: Redeem, act: &Act) -> Result<Redeemed, Error> {
        self.act(act, move |doing| redeem_code(doing, &redeem)).await
    }

    async fn expire_codes(&self, now: Timestamp) -> Result<(), Error> {
        self.write(move |db| db.run(sql::codes::DELETE_ENDED, [now.0]).map(drop)).await
    }
}

/// A code, and what came of it.
struct Kept {
    code: Code,
    spent_by: Option<GrantId>,
}

fn redeem_code(doing: Doing<'_>, redeem: &Redeem) -> Result<Redeemed, Error> {
    let (db, now) = (doing.db, doing.now());
    let digest = redeem.digest.0;
    let Some(Kept { code, spent_by }) = db.find(sql::codes::FIND, (digest, now.0), kept)? else {
        return Ok(Redeemed::Gone);
    };
    if !redeem.is_of(&code.client, code.user, code.session) {
        return Ok(Redeemed::Gone);
    }
    if let Some(grant) = spent_by {
        return Ok(Redeemed::Spent { grant });
    }
    if !grants::may_hang(db, Some(code.user), Some(code.session))? {
        return Ok(Redeemed::Gone);
    }
    let live = keep_redeemed(db, redeem)?;
    let spent = (redeem.grant.id.as_bytes(), now.plus(Code::RECOGNISED).0, digest);
    db.run(sql::codes::SPEND, spent)?;
    doing.done(live).map(Redeemed::Done)
}

/// Makes the grant of a code that was found good for it, and notes the relying party.
pub(crate) fn keep_redeemed(db: &Db, redeem: &Redeem) -> Result<Box<LiveGrant>, Error> {
    grants::insert(db, &redeem.grant)?;
    if let Some(party) = &redeem.relying_party {
        relying_parties::note(db, party)?;
    }
    let live = grants::find(db, redeem.grant.id)?;
    live.map(Box::new).ok_or_else(|| corrupt("a grant is gone that was just made"))
}

fn insert(db: &Db, code: &Code) -> Result<(), Error> {
    let row = (
        code.digest.0,
        code.client.as_str(),
        code.user.as_bytes(),
        code.session.as_bytes(),
        code.request.as_str(),
        code.created_at.0,
        code.expires_at.0,
    );
    db.run(sql::codes::INSERT, row)?;
    Ok(())
}

fn kept(columns: &mut Columns<'_, '_>) -> Result<Kept, Error> {
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
