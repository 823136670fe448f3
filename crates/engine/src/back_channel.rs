//! Telling relying parties that a session has ended (OpenID Connect Back-Channel Logout 1.0).
//!
//! Who must be told is kept beside the session and outlives it, so that neither a crash nor an app that is away makes
//! anybody forgotten. Whoever claims one tells it: of many nodes, one does. What was claimed and not told, because this
//! node went away, is due again when the claim is over.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cloakroom_model::authorization::RelyingParty;
use cloakroom_model::log::{Change, Row, Subject};
use cloakroom_oauth::logout_token::{Claims, TYP};
use cloakroom_store::Error;
use tokio::sync::Notify;
use url::Url;

use crate::Engine;
use crate::fetch::{Fetch, FetchError, Limits};
use crate::rounds::{self, Delivery, Pace};
use crate::tokens::{MintError, seconds};

/// How many are told at once.
const PARTIES: usize = 32;

/// How long a claim holds: longer than any answer is waited for.
const CLAIM: Duration = Duration::from_mins(1);

/// How often it is looked for those that were put off, and how soon after an end for whom it concerns.
const PACE: Pace = Pace { round: Duration::from_secs(10), breath: Duration::from_millis(200) };

/// How long a relying party that could not be told is left alone, after each time. Then it is given up.
const PAUSES: [Duration; 6] = [
    Duration::from_secs(10),
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(6),
];

/// What wakes those that tell.
#[derive(Default)]
pub(crate) struct Ends(Notify);

impl Ends {
    /// Wakes them where a row of the log is about the end of a session.
    pub(crate) fn hear(&self, rows: &[Row]) {
        let is_end =
            |row: &Row| matches!((&row.subject, row.change), (Subject::Session(_), Change::Ended));
        if rows.iter().any(is_end) {
            self.0.notify_one();
        }
    }
}

/// Why a relying party was not told.
#[derive(Debug, thiserror::Error)]
enum NotTold {
    #[error("this node does not know it yet")]
    Client,
    #[error("its backchannel_logout_uri is no URL")]
    Url,
    #[error(transparent)]
    Mint(#[from] MintError),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("it answered {0}")]
    Answer(u16),
}

impl Engine {
    /// Tells relying parties of the sessions that end, until the task is aborted.
    pub async fn keep_telling(&self, fetch: Arc<dyn Fetch>) {
        let in_vain = "relying parties were not told of sessions that ended";
        let claim = |room| self.claim_due_parties(&fetch, room);
        rounds::keep(PACE, PARTIES, &self.ends.0, in_vain, claim).await;
    }

    /// Tells those that are due, as many as are told at once. Answers whether there may be more.
    pub async fn tell_relying_parties(&self, fetch: &Arc<dyn Fetch>) -> Result<bool, Error> {
        let due = self.claim_due_parties(fetch, PARTIES).await?;
        let more = due.len() >= PARTIES;
        rounds::finished(due).await.map(|()| more)
    }

    async fn claim_due_parties(
        &self,
        fetch: &Arc<dyn Fetch>,
        most: usize,
    ) -> Result<Vec<Delivery>, Error> {
        let now = self.time.now();
        let due = self.store.claim_relying_parties(now, now.plus(CLAIM), most).await?.into_iter();
        let tell = |party| -> Delivery {
            let (engine, fetch) = (self.clone(), Arc::clone(fetch));
            Box::pin(async move { engine.tell(&party, &*fetch).await })
        };
        Ok(due.map(tell).collect())
    }

    async fn tell(&self, party: &RelyingParty, fetch: &dyn Fetch) -> Result<(), Error> {
        let RelyingParty { session, client, failures, .. } = party;
        let Err(why) = self.try_to_tell(party, fetch).await else {
            return self.store.forget_relying_party(*session, client).await;
        };
        let pause = usize::try_from(*failures).ok().and_then(|before| PAUSES.get(before));
        if let Some(pause) = pause {
            tracing::info!(%client, %why, "a client was not told of a sign-out yet");
            let try_at = self.time.now().plus(*pause);
            self.store.put_off_relying_party(*session, client, try_at).await
        } else {
            tracing::warn!(%client, %why, "a client is never told of a sign-out");
            self.store.forget_relying_party(*session, client).await
        }
    }

    /// Posts a logout token, where the client wants one.
    async fn try_to_tell(&self, party: &RelyingParty, fetch: &dyn Fetch) -> Result<(), NotTold> {
        // Where it is gone, so is the note.
        let client = self.clients.find(&party.client).ok_or(NotTold::Client)?;
        let Some(uri) = &client.registration.logout.back_channel else { return Ok(()) };
        let url = Url::parse(uri).map_err(|_| NotTold::Url)?;
        let claims = Claims::new(
            &self.settings.issuer,
            client.id.clone(),
            party.subject.clone(),
            party.session,
            URL_SAFE_NO_PAD.encode(self.random.bytes::<16>()),
            seconds(self.time.now()),
        );
        // §2.4: signed as the client's ID tokens are.
        let algorithm = self.algorithm_of(client.registration.signing.id_token.as_deref())?;
        let token = self.sign_as(TYP, algorithm, &claims)?;
        let answer = fetch.post(&url, &[("logout_token", &token)], Limits::default()).await?;
        // §2.8: 200, and 204 from frameworks that put it in its place.
        match answer.status {
            200 | 204 => Ok(()),
            status => Err(NotTold::Answer(status)),
        }
    }
}
