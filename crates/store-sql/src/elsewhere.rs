//! Guests that lie in another store: that one of them is over is remembered by a mark.

use cloakroom_model::event::Reason;
use cloakroom_model::id::SessionId;
use cloakroom_model::secret::Digest;
use cloakroom_store::{Elsewhere, Ended, Error};

use crate::doing::Doing;
use crate::{Db, marks, secrets};

/// Whether such a guest is over, as far as is known without a lock.
pub(crate) async fn is_over(doing: &Doing<'_, impl Db>, id: SessionId) -> Result<bool, Error> {
    marks::is_left(doing.db, &Elsewhere::mark_of_end(id), doing.now()).await
}

/// Uses the claim under which a guest's documents were read. Where it was given up the act is undone.
pub(crate) async fn use_claim(doing: &Doing<'_, impl Db>, claim: &Digest) -> Result<(), Error> {
    let until = doing.now().plus(Elsewhere::REMEMBERED);
    if marks::leave(doing.db, claim, until, doing.now()).await? { Ok(()) } else { Err(Error::Busy) }
}

/// Ends such a guest; `false` where it was over before.
pub(crate) async fn end(
    doing: &mut Doing<'_, impl Db>,
    id: SessionId,
    reason: Reason,
) -> Result<bool, Error> {
    let (mark, now) = (Elsewhere::mark_of_end(id), doing.now());
    let first = marks::leave(doing.db, &mark, now.plus(Elsewhere::REMEMBERED), now).await?;
    if first {
        doing.ended(Ended::Session { id, user: None, reason });
    }
    Ok(first)
}

/// Ends such a guest because `successor` goes on from it, and remembers its secret; `false` where it was over before.
pub(crate) async fn supersede(
    doing: &mut Doing<'_, impl Db>,
    id: SessionId,
    secret: Option<&Digest>,
    successor: SessionId,
) -> Result<bool, Error> {
    if !end(doing, id, Reason::Superseded).await? {
        return Ok(false);
    }
    if let Some(secret) = secret {
        secrets::remember_of_guest(doing.db, secret, id, successor, doing.now()).await?;
    }
    Ok(true)
}
