//! How a session begins: everything is locked and checked first, and then everything is written.

use cloakroom_model::data::{Document, DocumentKey, Owner};
use cloakroom_model::event::{Kind, Reason};
use cloakroom_model::id::{SessionId, UserId};
use cloakroom_model::link::Purpose;
use cloakroom_model::policy::carry_over::CarryOver;
use cloakroom_model::policy::life::{self, Life};
use cloakroom_model::policy::limit::Outcome;
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;
use cloakroom_model::user::{Life as UserLife, User};
use cloakroom_store::{Begin, Begun, Earlier, Elsewhere, Error, Merge, Who};

use crate::doing::Doing;
use crate::users::Names;
use crate::{
    Db, clients, data, elsewhere, endings, grants, guests, links, secrets, sessions, throttles,
    users,
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
        Some(earlier) => Predecessor::find(&doing, earlier, user.id).await?,
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
        take_over(&mut doing, predecessor, earlier, user.id, begin.session.id).await?;
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

/// Whom the new session takes the place of. It is locked, but where it lies in another store.
struct Predecessor<'a> {
    id: SessionId,
    is_guest: bool,
    hands_on: bool,
    elsewhere: Option<&'a Elsewhere>,
}

impl<'a> Predecessor<'a> {
    async fn find(
        doing: &Doing<'_, impl Db>,
        earlier: &'a Earlier,
        user: UserId,
    ) -> Result<Option<Self>, Error> {
        let (db, id) = (doing.db, earlier.id);
        let here = |id, is_guest, hands_on| Self { id, is_guest, hands_on, elsewhere: None };
        if guests::is_there_to_end(db, id).await? {
            return Ok(Some(here(id, true, true)));
        }
        if let Some(of) = sessions::user_of_to_end(db, id).await? {
            return Ok(Some(here(id, false, of == user)));
        }
        if earlier.elsewhere.is_some() && !elsewhere::is_over(doing, id).await? {
            return Ok(Some(Self {
                elsewhere: earlier.elsewhere.as_ref(),
                ..here(id, true, true)
            }));
        }
        // A second click on the same page: the first one has made a session already, which is the one to go on from.
        let successor = secrets::successor_of(db, id, doing.now()).await?;
        let Some(id) = successor else { return Ok(None) };
        let is_theirs = sessions::user_of_to_end(db, id).await? == Some(user);
        Ok(is_theirs.then_some(here(id, false, true)))
    }
}

/// Which sessions must give way; `None` where none does and there is no room.
async fn room(
    db: &impl Db,
    begin: &Begin,
    user: &User,
    predecessor: Option<&Predecessor<'_>>,
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

/// Carries what the predecessor has over, and ends it.
async fn take_over(
    doing: &mut Doing<'_, impl Db>,
    predecessor: &Predecessor<'_>,
    earlier: &Earlier,
    user: UserId,
    session: SessionId,
) -> Result<(), Error> {
    let of_earlier = match predecessor.elsewhere {
        Some(elsewhere) => elsewhere.documents.clone(),
        None if predecessor.hands_on => {
            data::list(doing.db, Owner::Session(predecessor.id)).await?
        }
        None => Vec::new(),
    };
    let Some(elsewhere) = predecessor.elsewhere else {
        carry_over(doing, of_earlier, predecessor.is_guest, &earlier.merge, user, session).await?;
        return secrets::supersede(doing, predecessor.id, session).await;
    };
    if let Some(claim) = &elsewhere.claim {
        elsewhere::use_claim(doing, claim).await?;
    }
    carry_over(doing, of_earlier, true, &earlier.merge, user, session).await?;
    // Somebody else who took it over at the same time was first: what was carried is undone.
    let secret = elsewhere.secret.as_ref();
    if elsewhere::supersede(doing, predecessor.id, secret, session).await? {
        Ok(())
    } else {
        Err(Error::Busy)
    }
}

/// Hands documents on to the user and the new session.
async fn carry_over(
    doing: &mut Doing<'_, impl Db>,
    of_earlier: Vec<(DocumentKey, Document)>,
    was_guest: bool,
    merge: &Merge,
    user: UserId,
    session: SessionId,
) -> Result<(), Error> {
    let db = doing.db;
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
    if was_guest {
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
