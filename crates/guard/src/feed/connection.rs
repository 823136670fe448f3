//! Holds a stream of the feed open, and comes back with what was heard last.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt as _;
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

use super::events::{Events, Malformed};
use super::follower::{Broken, Follower};
use crate::guard::Shared;
use crate::http::Unreachable;
use crate::provider::{Credentials, ProviderError, request};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// A stream that says nothing for so long is given up: the server speaks every second.
const SILENCE: Duration = Duration::from_secs(4);

/// A stream is given up that says so many times in a row what is too old to be believed. It was asked for long before the server
/// answered, and what it says is counted from the question, so that the next one does better.
const LATE: u32 = 3;

/// The first pause after a failure, and the longest. Each is twice the one before it.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How often rows are forgotten that concern nothing any more.
const SWEEP: Duration = Duration::from_mins(1);

/// Why a stream ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    /// The server closed it, as it does when the token is over.
    #[error("the server ended the stream")]
    Closed,
    #[error("the stream broke")]
    Cut,
    #[error("nothing was heard for too long")]
    Silent,
    #[error("what is heard is too old: the server took too long to begin")]
    Late,
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error(transparent)]
    Broken(#[from] Broken),
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    #[error("the server answers the feed with {status}")]
    Status { status: StatusCode, wait: Option<Duration> },
    #[error("the server answers the feed with something else than events")]
    Type,
}

/// Follows for ever.
pub(crate) async fn follow(shared: Arc<Shared>) {
    let mut reader = Reader {
        follower: Follower::default(),
        credentials: Credentials::default(),
        swept_at: shared.provider.clock().steady(),
        shared,
    };
    let mut pause = FIRST_PAUSE;
    loop {
        let mut heard = false;
        let Err(why) = reader.read_one(&mut heard).await;
        if heard {
            pause = FIRST_PAUSE;
        }
        let wait = reader.learn(&why);
        if matches!(why, Ended::Closed) && heard {
            tracing::debug!("the feed goes on with another stream");
            continue;
        }
        tracing::warn!(error = &why as &dyn std::error::Error, "the feed is not heard");
        sleep(wait.unwrap_or_else(|| spread(pause))).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Never.
enum Never {}

struct Reader {
    shared: Arc<Shared>,
    follower: Follower,
    credentials: Credentials,
    swept_at: Duration,
}

impl Reader {
    /// Reads one stream to its end, which it always has. `heard` becomes true where the stream was of use.
    async fn read_one(&mut self, heard: &mut bool) -> Result<Never, Ended> {
        let provider = &self.shared.provider;
        let credential = self.credentials.token(provider).await?;
        let asked = request(Method::GET, &provider.at("/api/v1/revocations"))
            .header(ACCEPT, "text/event-stream")
            .header(AUTHORIZATION, bearer(&credential));
        let asked = match self.follower.resume_from() {
            Some(place) => asked.header(LAST_EVENT_ID, place),
            None => asked,
        };
        let asked = asked.body(http_body_util::Full::default());
        let asked = asked.map_err(|_| ProviderError::Address("feed"))?;
        self.follower.open(provider.clock().steady());
        let answer = provider.http.open(asked).await?;
        if answer.status() != StatusCode::OK {
            let (status, wait) = (answer.status(), retry_after(answer.headers()));
            return Err(Ended::Status { status, wait });
        }
        if !is_stream(answer.headers()) {
            return Err(Ended::Type);
        }
        let (mut body, mut events, mut late) = (answer.into_body(), Events::default(), 0);
        loop {
            let frame = timeout(SILENCE, body.frame()).await.map_err(|_| Ended::Silent)?;
            let frame = frame.ok_or(Ended::Closed)?.map_err(|_| Ended::Cut)?;
            let Ok(bytes) = frame.into_data() else { continue };
            let now = provider.clock().steady();
            let mut taken = Ok(());
            events.push(&bytes, |event| {
                if taken.is_ok() {
                    let beliefs = &self.shared.beliefs;
                    taken = self.follower.take(&event, beliefs, now);
                    if event.kind == "heard" {
                        let is_fresh = beliefs.are_fresh(now);
                        late = if is_fresh { 0 } else { late + 1 };
                        *heard |= is_fresh;
                    }
                }
            })?;
            taken?;
            if late >= LATE {
                return Err(Ended::Late);
            }
            if now.saturating_sub(self.swept_at) >= SWEEP {
                self.swept_at = now;
                self.shared.beliefs.sweep(provider.clock().wall(), now);
            }
        }
    }

    /// What the end of a stream means for the next one: how long to wait, where the server says so.
    fn learn(&mut self, why: &Ended) -> Option<Duration> {
        match why {
            Ended::Malformed(_) | Ended::Status { status: StatusCode::BAD_REQUEST, .. } => {
                self.follower.forget_place();
            }
            Ended::Status { status: StatusCode::UNAUTHORIZED, .. } => {
                self.credentials = Credentials::default();
            }
            Ended::Status { wait, .. } => return wait.map(|wait| wait.min(LONGEST_PAUSE)),
            _ => {}
        }
        None
    }
}

fn bearer(token: &Zeroizing<String>) -> HeaderValue {
    let text = Zeroizing::new(format!("Bearer {}", token.as_str()));
    let mut value = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

fn is_stream(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = media_type.and_then(|value| value.split(';').next()).unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("text/event-stream")
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Between half of a pause and all of it, so that thousands who lost one server do not come back at once. What a hasher
/// begins with is as good a die as any: nothing depends on its being fair.
fn spread(pause: Duration) -> Duration {
    let thrown = RandomState::new().hash_one(0) % 1024;
    pause / 2 + pause / 2 * u32::try_from(thrown).unwrap_or(0) / 1024
}
