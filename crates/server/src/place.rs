//! `Cloakroom-Place`: whether an answer can be remembered by who follows the feed.
//!
//! A follower names the place up to which it has heard, and gets it back where this node had heard the log up to there, in
//! the same history, before it looked. Then every row that could disprove the answer is one that the follower has yet to hear.
//! Numbers alone would not do: after a failover two nodes may count on from histories that ended otherwise.

use axum::response::Response;
use cloakroom_oauth::feed;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::app::App;

/// The header of the question and of the answer.
pub const PLACE: HeaderName = HeaderName::from_static("cloakroom-place");

/// A place that was named and that this node had passed.
#[derive(Debug)]
pub struct Passed(Option<HeaderValue>);

impl Passed {
    /// Looks whether there is one; to be called before the answer is looked for.
    #[must_use]
    pub fn before(app: &App, headers: &HeaderMap) -> Self {
        // Most who ask follow nothing.
        let Some(named) = headers.get(PLACE) else { return Self(None) };
        let place = named.to_str().ok().and_then(|text| feed::parse_place(text).ok());
        let passed = place.is_some_and(|place| app.engine.has_passed(place));
        Self(passed.then(|| named.clone()))
    }

    /// Says so with the answer.
    #[must_use]
    pub fn told_by(self, mut answer: Response) -> Response {
        if let Some(place) = self.0 {
            answer.headers_mut().insert(PLACE, place);
        }
        answer
    }
}
