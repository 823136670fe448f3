//! One-time links.

use async_trait::async_trait;
use cloakroom_model::id::{SessionId, UserId};
use cloakroom_model::link::{Link, Purpose};
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Act, Error, InsertLink, Links};

use crate::driver::{Columns, Db, corrupt};
use crate::{Sqlite, guests, sessions, sql, users};

#[async_trait]
impl Links for Sqlite {
    async fn insert_link(&self, link: Link, act: &Act) -> Result<InsertLink, Error> {
        self.act(act, move |doing| {
            let db = doing.db;
            let (purpose, user, session) = match link.purpose {
                Purpose::SetUp => {
                    if users::has_admin(db)? {
                        return Ok(InsertLink::Pointless);
                    }
                    db.run(sql::links::DELETE_SET_UP, [])?;
                    (SET_UP, None, None)
                }
                Purpose::Recover { user } => {
                    if users::find(db, user)?.is_none() {
                        return Ok(InsertLink::Pointless);
                    }
                    db.run(sql::links::DELETE_OF_USER, [user.as_bytes()])?;
                    (RECOVER, Some(*user.as_bytes()), None)
                }
                Purpose::Cookie { session } => {
                    if sessions::user_of(db, session)?.is_none() && !guests::is_there(db, session)?
                    {
                        return Ok(InsertLink::Pointless);
                    }
                    (COOKIE, None, Some(*session.as_bytes()))
                }
            };
            let Link { digest, created_at, expires_at, .. } = link;
            let row = (digest.0, purpose, user, session, created_at.0, expires_at.0);
            db.run(sql::links::INSERT, row)?;
            let _nothing_to_announce = doing.done(())?;
            Ok(InsertLink::Done)
        })
        .await
    }

    async fn find_link(&self, digest: &Digest, now: Timestamp) -> Result<Option<Link>, Error> {
        self.readers.short(|db| find(db, digest, now))
    }

    async fn expire_links(&self, now: Timestamp) -> Result<(), Error> {
        self.write(move |db| db.run(sql::links::DELETE_ENDED, [now.0]).map(drop)).await
    }
}

const SET_UP: &str = "set_up";
const RECOVER: &str = "recover";
const COOKIE: &str = "cookie";

/// Finds a link that is unspent and expires after `now`.
pub(crate) fn find(db: &Db, digest: &Digest, now: Timestamp) -> Result<Option<Link>, Error> {
    db.find(sql::links::FIND, (digest.0, now.0), link)
}

/// Spends a link that was found in the same act.
pub(crate) fn spend(db: &Db, digest: &Digest) -> Result<(), Error> {
    db.run(sql::links::DELETE, [digest.0]).map(drop)
}

fn link(columns: &mut Columns<'_, '_>) -> Result<Link, Error> {
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
