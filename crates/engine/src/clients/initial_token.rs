//! Initial access tokens (RFC 7591 §3): an administrator hands on the right to register clients.

use std::time::Duration;

use cloakroom_model::event::{Actor, Kind};
use cloakroom_model::id::InitialTokenId;
use cloakroom_model::initial_token::InitialToken;
use cloakroom_store::Error;
use zeroize::Zeroizing;

use crate::Engine;
use crate::secret::{digest_of, to_text};

/// An initial access token that is to be made.
#[derive(Clone, Debug)]
pub struct NewInitialToken {
    /// Whom it is for, in its maker's words.
    pub note: String,
    /// How long it works.
    pub lives: Duration,
    /// How many clients it registers; as many as there is room for where `None`.
    pub uses: Option<u32>,
}

impl NewInitialToken {
    /// How long one works whose maker does not say.
    pub const LIVES: Duration = Duration::from_hours(24);
    /// The longest that one works: whoever needs more has forgotten to whom it was given.
    pub const LONGEST: Duration = Duration::from_hours(365 * 24);
    /// The most clients that one registers, if there is a limit.
    pub const MOST_USES: u32 = 1_000_000;
    /// The longest note, in characters.
    pub const LONGEST_NOTE: usize = 100;
}

/// Why an initial access token was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitialTokenError {
    /// A value does not fit.
    #[error("{field}: expected {expected}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// What was expected.
        expected: &'static str,
    },
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Engine {
    /// Makes an initial access token, and shows it this once.
    pub async fn make_initial_token(
        &self,
        new: NewInitialToken,
        actor: Actor,
    ) -> Result<(InitialToken, Zeroizing<String>), InitialTokenError> {
        let invalid = |field, expected| Err(InitialTokenError::Invalid { field, expected });
        let NewInitialToken { note, lives, uses } = new;
        let is_line = note.chars().count() <= NewInitialToken::LONGEST_NOTE
            && !note.chars().any(char::is_control);
        if !is_line {
            return invalid("note", "one line of at most 100 characters");
        }
        if lives.is_zero() || lives > NewInitialToken::LONGEST {
            return invalid("lives", "more than nothing and at most 365 days");
        }
        if uses.is_some_and(|uses| !(1..=NewInitialToken::MOST_USES).contains(&uses)) {
            return invalid("uses", "1 to 1000000");
        }
        let now = self.time.now();
        let secret = self.random.secret();
        let token = InitialToken {
            id: InitialTokenId::new(now, self.random.bytes()),
            digest: digest_of(&secret),
            note,
            created_at: now,
            expires_at: now.plus(lives),
            uses_left: uses,
        };
        let mut act = self.act(Kind::InitialTokenMade, actor);
        act.event.detail = Some(token.id.to_string());
        self.store.insert_initial_token(token.clone(), &act).await?;
        Ok((token, to_text(&secret)))
    }

    /// The initial access tokens that work, the oldest first.
    pub async fn list_initial_tokens(&self) -> Result<Vec<InitialToken>, Error> {
        self.store.list_initial_tokens(self.time.now()).await
    }

    /// Takes an initial access token back; `false` where there is none. Clients that were registered by it stay.
    pub async fn remove_initial_token(
        &self,
        id: InitialTokenId,
        actor: Actor,
    ) -> Result<bool, Error> {
        let mut act = self.act(Kind::InitialTokenRemoved, actor);
        act.event.detail = Some(id.to_string());
        self.store.remove_initial_token(id, &act).await
    }
}
