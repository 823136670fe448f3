//! Proving once more who one is, in a session that goes on.
//!
//! An open browser is not its owner. Some acts therefore want the password beside them ([`profile`](crate::profile)),
//! others a proof that is not older than `fresh_sign_in` ([`devices`](crate::devices)), and both are checked here,
//! throttled like a sign-in. A renewed proof is a new right: the session's cookie gets another secret in the same act.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_model::event::Kind;
use cloakroom_model::password::Password;
use cloakroom_model::policy::freshness::{Freshness, Outcome};
use cloakroom_model::session::{Acr, Authentication, Carrier};
use cloakroom_model::user::Lookup;
use cloakroom_store::{Error, LiveSession, Login, ReplaceSecret, Replacing};

use crate::Engine;
use crate::begin::SignedIn;
use crate::identity::{IdentifiesOnly, Identity};
use crate::memory::{Name, Remembered};
use crate::secret::{CookieSecret, Kind as CookieKind};
use crate::sign_in::SignInError;
use crate::visitor::{Browser, Visitor};

/// Why somebody did not prove who they are.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// The identifying cookie earns nothing.
    #[error(transparent)]
    IdentifiesOnly(#[from] IdentifiesOnly),
    /// A guest has nothing to prove.
    #[error("a guest has no account")]
    Guest,
    /// The password is not right, or was tried too often.
    #[error(transparent)]
    Password(SignInError),
    /// The account changed meanwhile: look again.
    #[error("the account was changed at the same time; look again")]
    Stale,
}

/// Why a session's proof is as old as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReauthenticateError {
    /// There was no new one.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The session ended meanwhile.
    #[error("the session has ended")]
    Ended,
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// The last proof of who is there is too old for this.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the last proof of who is there is too old for this")]
pub struct NotFresh {
    /// How recent a proof would be enough.
    pub within: Duration,
}

impl Engine {
    /// Renews the proof of whoever asks and knows the password. The session stays the same one, with a new secret.
    ///
    /// Where the session is carried by tokens nobody is given that secret: a browser that holds the session's cookie
    /// as well has proved nothing, so its old secret must not earn what the new proof earns.
    pub async fn reauthenticate(
        &self,
        identity: &Identity,
        password: &Password,
        browser: &Browser,
        visitor: &Visitor,
    ) -> Result<SignedIn, ReauthenticateError> {
        let login = self.prove(identity, password, browser, visitor).await?;
        let noted = self.memory.note();
        let cookie = CookieSecret { kind: CookieKind::SignedIn, secret: self.random.secret() };
        let mut act = self.act(Kind::Reauthenticated, identity.actor());
        act.event.user = Some(login.user.id);
        act.event.session = Some(identity.sid());
        act.event.address = Some(visitor.address.to_string());
        let proof = Authentication { at: act.at, acr: Acr::Aal1, amr: vec!["pwd".to_owned()] };
        let replace = ReplaceSecret {
            session: identity.sid(),
            secret: cookie.digest(),
            link: None,
            earlier: None,
            elsewhere: None,
            authentication: Some(proof),
            expected_generation: Some(login.user.generation),
        };
        let done = match self.store.replace_secret(replace, &act).await? {
            Replacing::Done(done) => done,
            Replacing::Stale => return Err(ProofError::Stale.into()),
            Replacing::NoSession | Replacing::LinkSpent => return Err(ReauthenticateError::Ended),
        };
        self.heard(&done.rows).await;
        let LiveSession { session, user, secret } = *done.value;
        let session = Remembered::new(session, Some(user), noted, self.time.now());
        let session = Arc::new(session.with_secret(secret));
        self.memory.keep(Name::Secret(cookie.digest()), Arc::clone(&session));
        let cookie = (identity.carrier == Carrier::Cookie).then_some(cookie);
        Ok(SignedIn { session, cookie, tokens: None, device: None })
    }

    /// Refuses whoever proved too long ago who they are.
    pub(crate) fn must_be_fresh(&self, identity: &Identity) -> Result<(), NotFresh> {
        let within = self.settings.fresh_sign_in;
        let freshness = Freshness { within };
        let proof = identity.session.session.authentication.as_ref();
        match freshness.decide(proof, self.time.now()) {
            Outcome::GoOn => Ok(()),
            Outcome::AskAgain => Err(NotFresh { within }),
        }
    }

    /// Checks the password of whoever asks, throttled like a sign-in.
    pub(crate) async fn prove(
        &self,
        identity: &Identity,
        password: &Password,
        browser: &Browser,
        visitor: &Visitor,
    ) -> Result<Login, ProofError> {
        identity.may_act()?;
        let user = identity.session.user.as_ref().ok_or(ProofError::Guest)?;
        let lookup = Lookup::of(user.email.as_str());
        let began = self.time.steady();
        let login = self.check_password(&lookup, password, browser, visitor).await;
        self.leave_at(began + self.settings.answer_delay).await;
        let login = login.map_err(ProofError::Password)?;
        // The address may have changed hands since this session was looked up.
        if login.user.id == user.id { Ok(login) } else { Err(ProofError::Stale) }
    }
}
