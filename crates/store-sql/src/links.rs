//! One-time links. Those for a user or a session are made and spent under its lock.

use async_trait::async_trait;
use cloakroom_model::id::{SessionId, UserId};
use cloakroom_model::link::{Link, Purpose};
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Act, Error, InsertLink, Links};

use crate::doing::Doing;
use crate::{Columns, Database, Db, SqlStore, corrupt, sessions, sql, users, values};

#[async_trait]
impl<D: Database> Links for SqlStore<D> {
    async fn insert_link(&self, link: Link, act: &Act) -> Result<InsertLink, Error> {
        self.act(act, link, |doing, link| Box::pin(insert(doing, link))).await
    }

    async fn find_link(&self, digest: &Digest, now: Timestamp) -> Result<Option<Link>, Error> {
        self.read((*digest, now), |db, (digest, now)| {
            Box::pin(async move { find(db, &digest, now).await })
        })
        .await
    }

    async fn expire_links(&self, now: Timestamp) -> Result<(), Error> {
        self.forget(sql::links::DELETE_ENDED, now).await
    }
}

const SET_UP: &str = "set_up";
const RECOVER: &str = "recover";
const COOKIE: &str = "cookie";

/// Finds a link that is unspent and expires after `now`.
pub(crate) async fn find(
    db: &impl Db,
    digest: &Digest,
    now: Timestamp,
) -> Result<Option<Link>, Error> {
    db.find(sql::links::FIND, values![&digest.0, now.0], link).await
}

/// Spends a link that was found in the same act.
pub(crate) async fn spend(db: &impl Db, digest: &Digest) -> Result<(), Error> {
    db.run(sql::links::DELETE, values![&digest.0]).await.map(drop)
}

/// Makes those who have to do with set-up links follow each other.
pub(crate) async fn lock_all(db: &impl Db) -> Result<(), Error> {
    db.run(sql::links::LOCK_ALL, &[]).await.map(drop)
}

async fn insert(doing: Doing<'_, impl Db>, link: &Link) -> Result<InsertLink, Error> {
    let db = doing.db;
    let (purpose, user, session) = match &link.purpose {
        Purpose::SetUp => {
            lock_all(db).await?;
            if users::has_admin(db).await? {
                return Ok(InsertLink::Pointless);
            }
            db.run(sql::links::DELETE_SET_UP, &[]).await?;
            (SET_UP, None, None)
        }
        Purpose::Recover { user } => {
            if users::find_to_change(db, *user).await?.is_none() {
                return Ok(InsertLink::Pointless);
            }
            db.run(sql::links::DELETE_OF_USER, values![user.as_bytes()]).await?;
            (RECOVER, Some(user.as_bytes()), None)
        }
        Purpose::Cookie { session } => {
            if !sessions::is_anybodys_as_parent(db, *session).await? {
                return Ok(InsertLink::Pointless);
            }
            (COOKIE, None, Some(session.as_bytes()))
        }
    };
    let Link { digest, created_at, expires_at, .. } = link;
    let row = values![&digest.0, purpose, user, session, created_at.0, expires_at.0];
    db.run(sql::links::INSERT, row).await?;
    let _nothing_to_announce = doing.done(()).await?;
    Ok(InsertLink::Done)
}

fn link(columns: &mut Columns<'_>) -> Result<Link, Error> {
    let digest = Digest(columns.value()?);
    let purpose: String = columns.value()?;
    let user = columns.value::<Option<_>>()?.map(UserId::from_bytes);
    let session = columns.value::<Option<_>>()?.map(SessionId::from_bytes);
    let purpose = match (purpose.as_str(), user, session) {
        (SET_UP, None, None) => Purpose::SetUp,
        (RECOVER, Some(user), None) => Purpose::Recover { user },
        (COOKIE, None, Some(session)) => Purpose::Cookie { session },
        (other, ..) => return Err(corrupt(format!("no such link: {other}"))),
    };
    Ok(Link { digest, purpose, created_at: columns.time()?, expires_at: columns.time()? })
}
