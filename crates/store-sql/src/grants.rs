//! Grants and their chains of refresh tokens.

use std::time::Duration;

use async_trait::async_trait;
use cloakroom_model::event::Reason;
use cloakroom_model::grant::Grant;
use cloakroom_model::id::{ClientId, GrantId, SessionId, UserId};
use cloakroom_model::time::Timestamp;
use cloakroom_model::user::Life;
use cloakroom_store::{Act, Done, Error, Grants, InsertGrant, LiveGrant, Rotate, RotateOutcome};

use crate::sweep::Sweep;
use crate::{
    Columns, Database, Db, SqlStore, clients, corrupt, endings, guests, json, milliseconds, number,
    sessions, sql, statuses, users, values,
};

#[async_trait]
impl<D: Database> Grants for SqlStore<D> {
    async fn insert_grant(&self, grant: Grant, act: &Act) -> Result<InsertGrant, Error> {
        self.act(act, grant, |doing, grant| {
            Box::pin(async move {
                if !may_hang(doing.db, grant.user, grant.session).await? {
                    return Ok(InsertGrant::Pointless);
                }
                clients::stays(doing.db, &grant.client).await?;
                insert(doing.db, grant).await?;
                let _nothing_to_announce = doing.done(()).await?;
                Ok(InsertGrant::Done)
            })
        })
        .await
    }

    async fn find_grant(&self, id: GrantId) -> Result<Option<LiveGrant>, Error> {
        self.read_together(id, |db, id| Box::pin(find(db, id))).await
    }

    async fn rotate(&self, rotate: Rotate, act: &Act) -> Result<RotateOutcome, Error> {
        self.write((rotate, act.at), |db, (new, at)| Box::pin(rotate_chain(db, new, *at))).await
    }

    async fn end_grant(
        &self,
        id: GrantId,
        reason: Reason,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        self.act(act, (id, reason), |mut doing, (id, reason)| {
            Box::pin(async move {
                let (delete, id) = (sql::grants::DELETE, values![id.as_bytes()]);
                let ended = endings::grants(&mut doing, delete, id, *reason).await?;
                doing.done_where(ended > 0).await
            })
        })
        .await
    }

    async fn end_grants_of_user_at(
        &self,
        user: UserId,
        client: &ClientId,
        reason: Reason,
        act: &Act,
    ) -> Result<Done<usize>, Error> {
        self.act(act, (user, client.clone(), reason), |mut doing, (user, client, reason)| {
            Box::pin(async move {
                users::find_to_change(doing.db, *user).await?;
                let count = endings::all_of_user_at(&mut doing, *user, client, *reason).await?;
                doing.done(count).await
            })
        })
        .await
    }

    async fn list_grants_of_session(&self, session: SessionId) -> Result<Vec<Grant>, Error> {
        self.read(session, |db, session| {
            Box::pin(async move {
                db.list(sql::grants::LIST_OF_SESSION, values![session.as_bytes()], grant).await
            })
        })
        .await
    }

    async fn list_grants_of_user(&self, user: UserId) -> Result<Vec<Grant>, Error> {
        self.read_long(user, |db, user| {
            Box::pin(async move {
                db.list(sql::grants::LIST_OF_USER, values![user.as_bytes()], grant).await
            })
        })
        .await
    }

    async fn list_grants_of_user_at(
        &self,
        user: UserId,
        client: &ClientId,
    ) -> Result<Vec<Grant>, Error> {
        self.read((user, client.clone()), |db, (user, client)| {
            Box::pin(async move {
                let of_both = values![user.as_bytes(), client.as_str()];
                db.list(sql::grants::LIST_OF_USER_AT, of_both, grant).await
            })
        })
        .await
    }

    async fn expire_grants(&self, limit: usize, act: &Act) -> Result<Done<usize>, Error> {
        self.act(act, limit, |mut doing, limit| {
            Box::pin(async move {
                let sweep = Sweep {
                    to_look_at: sql::grants::TO_LOOK_AT,
                    look_later: sql::grants::LOOK_LATER,
                    // A use of a grant is written at once.
                    lag: Duration::ZERO,
                    end: |doing, id, reason| {
                        Box::pin(async move {
                            let (delete, id) = (sql::grants::DELETE, values![&id]);
                            endings::grants(doing, delete, id, reason).await.map(drop)
                        })
                    },
                };
                let count = sweep.run(&mut doing, *limit).await?;
                doing.done(count).await
            })
        })
        .await
    }
}

/// Whether there is what a grant would hang from: an active user, a live session of theirs or of a guest. Both stay so
/// until the act is over, and the user is locked before the session.
pub(crate) async fn may_hang(
    db: &impl Db,
    user: Option<UserId>,
    session: Option<SessionId>,
) -> Result<bool, Error> {
    if let Some(user) = user {
        let user = users::find_as_parent(db, user).await?;
        if user.is_none_or(|user| user.life != Life::Active) {
            return Ok(false);
        }
    }
    Ok(match (session, user) {
        (None, _) => true,
        (Some(session), Some(_)) => sessions::user_of_as_parent(db, session).await? == user,
        (Some(session), None) => guests::is_there_as_parent(db, session).await?,
    })
}

/// Keeps a new grant; what it hangs from and its client are locked.
pub(crate) async fn insert(db: &impl Db, grant: &Grant) -> Result<(), Error> {
    let (scope, audience) = (json(&grant.scope)?, json(&grant.audience)?);
    let (rotations, details) = (json(&grant.rotations)?, json(&grant.details)?);
    let row = values![
        grant.id.as_bytes(),
        grant.user.as_ref().map(UserId::as_bytes),
        grant.session.as_ref().map(SessionId::as_bytes),
        grant.client.as_str(),
        &scope,
        &audience,
        grant.created_at.0,
        grant.expires_at.0,
        milliseconds(grant.idle),
        grant.last_used_at.0,
        grant.data_key,
        number(grant.counter),
        &rotations,
        grant.bound,
        &details,
        grant.idle_expires_at().0,
    ];
    db.run(sql::grants::INSERT, row).await?;
    statuses::put(db, grant).await
}

/// Finds a grant with what it hangs from.
pub(crate) async fn find(db: &impl Db, id: GrantId) -> Result<Option<LiveGrant>, Error> {
    let Some(grant) = db.find(sql::grants::FIND, values![id.as_bytes()], grant).await? else {
        return Ok(None);
    };
    let gone = |what| corrupt(format!("the grant {id} hangs from a {what} that is gone"));
    let (session, user) = match (grant.session, grant.user) {
        (Some(session), Some(_)) => {
            let live = sessions::find(db, session).await?.ok_or_else(|| gone("session"))?;
            (Some(live.session), Some(live.user))
        }
        (Some(session), None) => {
            (Some(guests::find(db, session).await?.ok_or_else(|| gone("guest"))?), None)
        }
        (None, Some(user)) => {
            (None, Some(users::find(db, user).await?.ok_or_else(|| gone("user"))?))
        }
        (None, None) => (None, None),
    };
    Ok(Some(LiveGrant { grant, session, user }))
}

async fn rotate_chain(
    db: &impl Db,
    rotate: &Rotate,
    at: Timestamp,
) -> Result<RotateOutcome, Error> {
    // A use of the grant is one of its session, which is locked before it: who ends a session takes its grants after it.
    let id = values![rotate.grant.as_bytes()];
    let parents = db.find(sql::grants::PARENTS_OF, id, |row| {
        let user = row.value::<Option<_>>()?.map(UserId::from_bytes);
        Ok((user, row.value::<Option<_>>()?.map(SessionId::from_bytes)))
    });
    let touch = match parents.await? {
        None => return Ok(RotateOutcome::Lost),
        Some((Some(_), Some(session))) => {
            sessions::user_of_to_change(db, session).await?;
            Some((sql::sessions::TOUCH, session))
        }
        Some((None, Some(guest))) => {
            guests::is_there_to_change(db, guest).await?;
            Some((sql::guests::TOUCH, guest))
        }
        Some((_, None)) => None,
    };
    let (expected, next) = (number(rotate.expected), number(rotate.next));
    let rotations = json(&rotate.rotations)?;
    let chain = values![next, &rotations, at.0, rotate.grant.as_bytes(), expected];
    if db.run(sql::grants::ROTATE, chain).await? == 0 {
        return Ok(RotateOutcome::Lost);
    }
    if let Some((touch, session)) = touch {
        db.run(touch, values![at.0, session.as_bytes()]).await?;
    }
    Ok(RotateOutcome::Done)
}

/// Reads a grant from the columns of the statements' `grant_columns`.
fn grant(columns: &mut Columns<'_>) -> Result<Grant, Error> {
    Ok(Grant {
        id: GrantId::from_bytes(columns.value()?),
        user: columns.value::<Option<_>>()?.map(UserId::from_bytes),
        session: columns.value::<Option<_>>()?.map(SessionId::from_bytes),
        client: columns.parsed(ClientId::parse)?,
        scope: columns.json()?,
        audience: columns.json()?,
        created_at: columns.time()?,
        expires_at: columns.time()?,
        idle: columns.span()?,
        last_used_at: columns.time()?,
        data_key: columns.value()?,
        counter: columns.count()?,
        rotations: columns.json()?,
        bound: columns.value()?,
        details: columns.json()?,
    })
}
