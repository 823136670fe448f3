//! What the engine refuses, as problems: who reads this file reads every refusal of the API.
//!
//! The caller's faults say what to do about them. Ours say only that they are ours; the operator finds the cause in
//! the log.

use std::error::Error;
use std::time::Duration;

use cloakroom_engine::StoreError;
use cloakroom_engine::begin::CarryError;
use cloakroom_engine::clients::ClientError;
use cloakroom_engine::devices::EndError;
use cloakroom_engine::feed::FollowError;
use cloakroom_engine::guest::GuestError;
use cloakroom_engine::keys::{KeysError, RotateError};
use cloakroom_engine::links::LinkError;
use cloakroom_engine::password::Unavailable;
use cloakroom_engine::profile::ProfileError;
use cloakroom_engine::reauthenticate::{ProofError, ReauthenticateError};
use cloakroom_engine::session_cookie::SessionCookieError;
use cloakroom_engine::session_data::DataError;
use cloakroom_engine::session_token::SessionTokenError;
use cloakroom_engine::sign_in::SignInError;
use cloakroom_engine::sign_up::SignUpError;
use cloakroom_engine::throttle::Limited;
use cloakroom_engine::tokens::MintError;
use cloakroom_engine::users::UserError;
use cloakroom_model::policy::password::Refusal;

use crate::problem::{Kind, Problem};

/// When somebody is asked to try again and nothing says when it will work.
const SOON: Duration = Duration::from_secs(1);

/// The same where somebody else must leave first.
const A_WHILE: Duration = Duration::from_secs(5);

/// Something broke on this side.
#[must_use]
pub fn internal(error: &(dyn Error + 'static)) -> Problem {
    tracing::error!(error, "a request could not be answered");
    Problem::new(Kind::Internal)
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::new(Kind::Unavailable).retry_after(SOON),
            StoreError::Unavailable(_) => {
                tracing::error!(error = &error as &dyn Error, "storage did not answer");
                Self::new(Kind::Unavailable).retry_after(SOON)
            }
            // Told once by who lost it, and not for every guest.
            StoreError::OutOfReach(_) => {
                tracing::debug!(error = &error as &dyn Error, "a guest waits");
                Self::new(Kind::Unavailable).retry_after(SOON)
            }
            error => internal(&error),
        }
    }
}

impl From<KeysError> for Problem {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Store(error) => error.into(),
            error => internal(&error),
        }
    }
}

impl From<MintError> for Problem {
    fn from(error: MintError) -> Self {
        match error {
            MintError::Keys(error) => error.into(),
            error => internal(&error),
        }
    }
}

impl From<Limited> for Problem {
    fn from(limited: Limited) -> Self {
        Self::new(Kind::TooManyRequests).retry_after(limited.retry_after)
    }
}

impl From<Unavailable> for Problem {
    fn from(unavailable: Unavailable) -> Self {
        match unavailable {
            Unavailable::Busy { retry_after } => {
                Self::new(Kind::Unavailable).retry_after(retry_after)
            }
            Unavailable::Stopped => Self::new(Kind::Unavailable).retry_after(SOON),
            Unavailable::Failed => internal(&unavailable),
        }
    }
}

impl From<CarryError> for Problem {
    fn from(error: CarryError) -> Self {
        let field = match error {
            CarryError::NoClient | CarryError::NotFirstParty => "client_id",
            CarryError::Carrier | CarryError::Bound => "carry",
        };
        Self::new(Kind::ClientRefused).and_field(field, error.to_string())
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Mismatch => Self::new(Kind::WrongCredentials),
            SignInError::Wait(wait) => Self::new(Kind::TooManyRequests).retry_after(wait),
            SignInError::Refused => Self::because(
                Kind::TooManyRequests,
                "There were too many failures in a row: only devices that signed in before may try. \
                 The operator of this server can lift this.",
            ),
            SignInError::Full => Self::new(Kind::TooManySessions),
            SignInError::Carry(error) => error.into(),
            SignInError::Limited(limited) => limited.into(),
            SignInError::Passwords(unavailable) => unavailable.into(),
            SignInError::Mint(error) => error.into(),
            SignInError::Store(error) => error.into(),
            error => internal(&error),
        }
    }
}

impl From<SignUpError> for Problem {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::Closed => Self::new(Kind::SignUpClosed),
            SignUpError::Invalid(problems) => {
                problems.iter().fold(Self::new(Kind::InvalidRequest), |problem, wrong| {
                    problem.and_field(wrong.field(), wrong.to_string())
                })
            }
            SignUpError::EmailTaken => Self::new(Kind::EmailTaken),
            SignUpError::UsernameTaken => Self::new(Kind::UsernameTaken),
            SignUpError::Carry(error) => error.into(),
            SignUpError::Limited(limited) => limited.into(),
            SignUpError::Passwords(unavailable) => unavailable.into(),
            SignUpError::Mint(error) => error.into(),
            SignUpError::Store(error) => error.into(),
            error => internal(&error),
        }
    }
}

impl From<GuestError> for Problem {
    fn from(error: GuestError) -> Self {
        match error {
            GuestError::Carry(error) => error.into(),
            GuestError::Limited(limited) => limited.into(),
            GuestError::Mint(error) => error.into(),
            GuestError::Store(error) => error.into(),
            error => internal(&error),
        }
    }
}

impl From<ProofError> for Problem {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Guest => Self::new(Kind::UserRequired),
            ProofError::Password(SignInError::Mismatch) => Self::new(Kind::WrongPassword),
            ProofError::Password(error) => error.into(),
            ProofError::Stale => Self::new(Kind::Conflict),
            error => internal(&error),
        }
    }
}

/// The handler sees to `Ended`, which depends on who asks.
impl From<ReauthenticateError> for Problem {
    fn from(error: ReauthenticateError) -> Self {
        match error {
            ReauthenticateError::Proof(error) => error.into(),
            ReauthenticateError::Ended => Self::new(Kind::SessionUnknown),
            ReauthenticateError::Store(error) => error.into(),
            error => internal(&error),
        }
    }
}

impl From<EndError> for Problem {
    fn from(error: EndError) -> Self {
        match error {
            EndError::NotFresh(_) => Self::new(Kind::ReauthenticationRequired),
            EndError::Store(error) => error.into(),
            error => internal(&error),
        }
    }
}

impl From<ProfileError> for Problem {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::Proof(error) => error.into(),
            ProfileError::NewPassword(refusal) => password("new_password", refusal),
            ProfileError::Email(error) => Self::field("email", error.to_string()),
            ProfileError::Username(error) => Self::field("username", error.to_string()),
            ProfileError::EmailTaken => Self::new(Kind::EmailTaken),
            ProfileError::UsernameTaken => Self::new(Kind::UsernameTaken),
            ProfileError::LastAdministrator => Self::new(Kind::LastAdministrator),
            ProfileError::Stale => Self::new(Kind::Conflict),
            ProfileError::Passwords(unavailable) => unavailable.into(),
            ProfileError::Store(error) => error.into(),
            error => internal(&error),
        }
    }
}

impl From<UserError> for Problem {
    fn from(error: UserError) -> Self {
        match error {
            UserError::NoUser => Self::new(Kind::NotFound),
            UserError::EmailTaken => Self::new(Kind::EmailTaken),
            UserError::UsernameTaken => Self::new(Kind::UsernameTaken),
            UserError::LastAdministrator => Self::new(Kind::LastAdministrator),
            UserError::Password(refusal) => password("password", refusal),
            UserError::Stale => Self::new(Kind::Conflict),
            UserError::Passwords(unavailable) => unavailable.into(),
            UserError::Store(error) => error.into(),
            error => internal(&error),
        }
    }
}

impl From<LinkError> for Problem {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Spent => Self::new(Kind::NotFound),
            LinkError::Pointless => Self::because(
                Kind::Conflict,
                "The user may not sign in, so a link would lead to nothing; enable the user first.",
            ),
            LinkError::Password(refusal) => password("password", refusal),
            LinkError::Limited(limited) => limited.into(),
            LinkError::Passwords(unavailable) => unavailable.into(),
            LinkError::Store(error) => error.into(),
            error => internal(&error),
        }
    }
}

impl From<ClientError> for Problem {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Taken => Self::new(Kind::ClientTaken),
            ClientError::Ended => Self::because(Kind::ClientTaken, error.to_string()),
            ClientError::NoClient => Self::new(Kind::NotFound),
            ClientError::BuiltIn => Self::because(
                Kind::Conflict,
                "The built-in client `cloakroom` is always there and cannot be changed.",
            ),
            ClientError::Invalid { field, problem } => Self::field(field, problem),
            ClientError::Registration(error) => Self::field("registration", error.description),
            ClientError::Lost => Self::new(Kind::Conflict),
            ClientError::Keys(error) => error.into(),
            ClientError::Store(error) => error.into(),
            error => internal(&error),
        }
    }
}

impl From<RotateError> for Problem {
    fn from(error: RotateError) -> Self {
        match error {
            RotateError::NoKey => Self::new(Kind::NotFound),
            RotateError::Algorithm(expected) => Self::field("algorithm", expected),
            RotateError::Lost => Self::new(Kind::Conflict),
            RotateError::Keys(error) => error.into(),
            error => internal(&error),
        }
    }
}

impl From<SessionTokenError> for Problem {
    fn from(error: SessionTokenError) -> Self {
        match error {
            SessionTokenError::NotACookie => {
                Self::because(Kind::ClientRefused, "Only a session's cookie earns a token.")
            }
            SessionTokenError::Bound => Self::because(
                Kind::ClientRefused,
                "This client's tokens are bound to a key, and a cookie proves none.",
            ),
            SessionTokenError::Audience => {
                Self::new(Kind::ClientRefused).and_field("audience", error.to_string())
            }
            SessionTokenError::Mint(error) => error.into(),
            error => internal(&error),
        }
    }
}

/// What a session cookie's and a data document's errors have in common is that one of them depends on who asks;
/// the handlers see to `Ended` and `NotAllowed` before they come here.
impl From<SessionCookieError> for Problem {
    fn from(error: SessionCookieError) -> Self {
        match error {
            SessionCookieError::Guest => Self::new(Kind::UserRequired),
            SessionCookieError::NotAllowed => Self::new(Kind::InsufficientScope),
            SessionCookieError::Ended => Self::new(Kind::SessionUnknown),
            SessionCookieError::LinkSpent => Self::new(Kind::NotFound),
            SessionCookieError::Limited(limited) => limited.into(),
            SessionCookieError::Store(error) => error.into(),
            error => internal(&error),
        }
    }
}

impl From<DataError> for Problem {
    fn from(error: DataError) -> Self {
        match error {
            DataError::NotYours => {
                Self::new(Kind::ClientRefused).and_field("namespace", error.to_string())
            }
            DataError::NoClient => {
                Self::new(Kind::ClientRefused).and_field("client_id", error.to_string())
            }
            DataError::NotAsSeen(_) => Self::new(Kind::PreconditionFailed),
            DataError::TooLarge(limit) => Self::because(
                Kind::TooLarge,
                format!("There would be more than {limit} bytes in all."),
            ),
            DataError::Ended => Self::new(Kind::SessionUnknown),
            DataError::Store(error) => error.into(),
            error => internal(&error),
        }
    }
}

/// The handler sees to `Token` and `Scope`, which are answered with a challenge.
impl From<FollowError> for Problem {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::NotAService => Self::because(
                Kind::ClientRefused,
                "Only a service that the operator registered may follow, with a token of its own.",
            ),
            FollowError::TooMany => Self::new(Kind::TooManyRequests).retry_after(A_WHILE),
            FollowError::Full => Self::new(Kind::Unavailable).retry_after(A_WHILE),
            error => internal(&error),
        }
    }
}

fn password(field: &str, refusal: Refusal) -> Problem {
    Problem::field(field, refusal.to_string())
}
