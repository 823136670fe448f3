//! How a session begins: everything is locked and checked first, and then everything is written.

use cloakroom_model::data::Owner;
use cloakroom_model::event::{Kind, Reason};
use cloakroom_model::id::{SessionId, UserId};
use cloakroom_model::link::Purpose;
use cloakroom_model::policy::carry_over::CarryOver;
use cloakroom_model::policy::life::{self, Life};
use cloakroom_model::policy::limit::Outcome;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_model::user::{Life as UserLife, User};
use cloakroom_store::{Begin, Begun, Earlier, Error, Merge, Who};

use crate::doing::Doing;
use crate::users::Names;
use crate::{
    Db, clients, data, endings, grants, guests, links, secrets, sessions, throttles, users,
};

pub(crate) async fn begin(mut doing: Doing<'_, impl Db>, begin: &Begin) -> Result<Begun, Error> {
    let (db, now) = (doing.db, doing.now());
    let user = match may_sign_in(db, &begin.who).await? {
        Ok(user) => user,
        Err(refused) => return Ok(refused),
    };
    if let Some(link) = &begin.link
        && !link_allows(db, link, user.id, now).await?
    {
        return Ok(Begun::LinkSpent);
    }
    let predecessor = match &begin.earlier {
        Some(earlier) => Predecessor::find(db, earlier, user.id, now).await?,
        None => None,
    };
    let Some(evicted) = room(db, begin, &user, predecessor.as_ref(), now).await? else {
        return Ok(Begun::Full);
    };
    if let Some(grant) = &begin.grant {
        clients::stays(db, &grant.client).await?;
    }
    // The first thing that is written, and the last that can refuse: somebody else may take a name until then.
    if let Who::New(new) = &begin.who {
        match users::insert(db, new).await? {
            Names::Free => {}
            Names::EmailTaken => return Ok(Begun::EmailTaken),
            Names::UsernameTaken => return Ok(Begun::UsernameTaken),
        }
    }
    if let Some(link) = &begin.link {
        links::spend(db, link).await?;
    }
    sessions::insert(db, &begin.session, begin.secret.as_ref()).await?;
    if let Some(device) = &begin.device {
        throttles::know_device(db, user.id, device, now).await?;
    }
    if let (Some(predecessor), Some(earlier)) = (&predecessor, &begin.earlier) {
        carry_over(&mut doing, predecessor, &earlier.merge, user.id, begin.session.id).await?;
        secrets::supersede(&mut doing, predecessor.id, begin.session.id).await?;
    }
    for id in evicted {
        endings::session(&mut doing, id, Reason::Evicted).await?;
    }
    if let Some(grant) = &begin.grant {
        grants::insert(db, grant).await?;
    }
    Ok(Begun::Done(doing.done(user).await?))
}

/// The user who signs in, or why not. Whoever is there is locked: their generation stays what it is, and another
/// sign-in of theirs waits, so that both are counted.
async fn may_sign_in(db: &impl Db, who: &Who) -> Result<Result<User, Begun>, Error> {
    Ok(match who {
        Who::New(new) => {
            let User { email, username, .. } = &new.user;
            match users::whose_names(db, email, username.as_ref(), None).await? {
                Names::Free => Ok(new.user.clone()),
                Names::EmailTaken => Err(Begun::EmailTaken),
                Names::UsernameTaken => Err(Begun::UsernameTaken),
            }
        }
        Who::Known { user, generation } => match users::find_to_change(db, *user).await? {
            Some(user) if user.generation == *generation && user.life == UserLife::Active => {
                Ok(user)
            }
            _ => Err(Begun::Stale),
        },
    })
}

/// Whether a link lets this user in. One for recovery is spent only under its user's lock, which is held.
async fn link_allows(
    db: &impl Db,
    link: &Digest,
    user: UserId,
    now: Timestamp,
) -> Result<bool, Error> {
    Ok(match links::find(db, link, now).await?.map(|link| link.purpose) {
        Some(Purpose::SetUp) => {
            // Whoever came first with any of these links has made an administrator now, and spent theirs.
            links::lock_all(db).await?;
            links::find(db, link, now).await?.is_some() && !users::has_admin(db).await?
        }
        Some(Purpose::Recover { user: of }) => of == user,
        Some(Purpose::Cookie { .. }) | None => false,
    })
}

/// Whom the new session takes the place of. It is locked.
struct Predecessor {
    id: SessionId,
    is_guest: bool,
    hands_on: bool,
}

impl Predecessor {
    async fn find(
        db: &impl Db,
        earlier: &Earlier,
        user: UserId,
        now: Timestamp,
    ) -> Result<Option<Self>, Error> {
        let id = earlier.id;
        if guests::is_there_to_end(db, id).await? {
            return Ok(Some(Self { id, is_guest: true, hands_on: true }));
        }
        if let Some(of) = sessions::user_of_to_end(db, id).await? {
            return Ok(Some(Self { id, is_guest: false, hands_on: of == user }));
        }
        // A second click on the same page: the first one has made a session already, which is the one to go on from.
        let successor = secrets::successor_of(db, id, now).await?;
        let Some(id) = successor else { return Ok(None) };
        let is_theirs = sessions::user_of_to_end(db, id).await? == Some(user);
        Ok(is_theirs.then_some(Self { id, is_guest: false, hands_on: true }))
    }
}

/// Which sessions must give way; `None` where none does and there is no room.
async fn room(
    db: &impl Db,
    begin: &Begin,
    user: &User,
    predecessor: Option<&Predecessor>,
    now: Timestamp,
) -> Result<Option<Vec<SessionId>>, Error> {
    let Some(limit) = begin.limit else { return Ok(Some(Vec::new())) };
    let live: Vec<_> = sessions::of_user(db, user.id)
        .await?
        .into_iter()
        .filter(|session| predecessor.is_none_or(|predecessor| predecessor.id != session.id))
        .filter(|session| life::of_session(session, session.last_seen_at, now) == Life::Live)
        .map(|session| (session.id, session.last_seen_at))
        .collect();
    Ok(match limit.decide(&live) {
        Outcome::Admit => Some(Vec::new()),
        Outcome::Evict(evicted) => Some(evicted),
        Outcome::Refuse => None,
    })
}

async fn carry_over(
    doing: &mut Doing<'_, impl Db>,
    predecessor: &Predecessor,
    merge: &Merge,
    user: UserId,
    session: SessionId,
) -> Result<(), Error> {
    if !predecessor.hands_on {
        return Ok(());
    }
    let db = doing.db;
    let of_earlier = data::list(db, Owner::Session(predecessor.id)).await?;
    if of_earlier.is_empty() {
        return Ok(());
    }
    let of_user = data::list(db, Owner::User(user)).await?;
    let carry_over = CarryOver {
        user,
        session,
        rules: &merge.rules,
        limit: merge.limit,
        etag_seed: merge.etag_seed,
    };
    let carried = carry_over.decide(&of_user, of_earlier);
    for (key, document) in &carried.documents {
        data::put(db, key, document).await?;
    }
    if predecessor.is_guest {
        let told =
            [(Kind::GuestMerged, carried.documents.len()), (Kind::GuestNotMerged, carried.left)];
        for (kind, count) in told.into_iter().filter(|(_, count)| *count > 0) {
            let mut event = doing.act.another(kind);
            event.user = Some(user);
            event.session = Some(session);
            event.detail = Some(count.to_string());
            doing.record(event);
        }
    }
    Ok(())
}
