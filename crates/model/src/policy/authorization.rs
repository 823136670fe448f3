//! What must happen before an authorization request is answered (OpenID Connect Core 1.0 §3.1.2.3, §3.1.2.6).
//!
//! The same question is asked each time the browser comes back: what is true by now, and what is still missing? Whatever
//! a person did since the request began counts as an answer to it, so nobody is asked twice, and no page has to be
//! believed about what it asked.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::session::{Acr, Authentication};
use crate::time::Timestamp;

/// What a client wants the person to be asked (`prompt`).
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// Nothing, whatever happens.
    None,
    /// To prove again who they are.
    Login,
    /// To consent, even where they did before.
    Consent,
    /// Which account to use.
    SelectAccount,
    /// To make an account (Initiating User Registration via OpenID Connect 1.0).
    Create,
}

impl Prompt {
    /// Every prompt.
    pub const ALL: [Self; 5] =
        [Self::None, Self::Login, Self::Consent, Self::SelectAccount, Self::Create];

    /// As it stands in a request.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
            Self::Create => "create",
        }
    }
}

/// How surely the person must be known.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Assurance {
    /// It is all the same.
    #[default]
    Any,
    /// This surely.
    AtLeast(Acr),
    /// In a way that this server has never heard of.
    Unheard,
}

/// What a request asks of the person.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Asked {
    /// When the browser brought it first, or the client pushed it.
    pub began_at: Timestamp,
    /// What the person shall be asked.
    pub prompts: Vec<Prompt>,
    /// How long ago they may have proved who they are.
    pub max_age: Option<Duration>,
    /// How surely.
    pub assurance: Assurance,
    /// Who it must be, where the client names somebody.
    pub user: Option<UserId>,
}

/// Who is there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Person {
    /// The session's user.
    pub user: UserId,
    /// How they proved it.
    pub authentication: Authentication,
    /// How surely they can prove it with what they have set up.
    pub reach: Acr,
    /// Whether they said, for this request, that this account is the one.
    pub chosen: bool,
}

/// What the person allowed the client before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Consented {
    /// They need not: the client belongs to whoever runs this server.
    NeedNot,
    /// Not all of what is asked for now.
    NotToAll,
    /// All of it, and when they said so last.
    ToAll(Timestamp),
}

/// What comes next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// Somebody signs in; perhaps somebody else than is there.
    SignIn,
    /// The person proves again who they are, at least this surely.
    Reauthenticate(Acr),
    /// The person says which account it shall be.
    SelectAccount,
    /// The person makes an account.
    CreateAccount,
    /// The person consents.
    Consent,
    /// The client gets its code.
    Issue,
    /// The client gets an error.
    Refuse(Why),
}

/// Why a request cannot be answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Why {
    /// Somebody would have to sign in, or has signed in as another than the client named.
    LoginRequired,
    /// The person would have to choose.
    AccountSelectionRequired,
    /// The person would have to consent.
    ConsentRequired,
    /// The person would have to do something else.
    InteractionRequired,
    /// The person cannot prove who they are as surely as was asked.
    UnmetAuthenticationRequirements,
}

impl Asked {
    /// Decides at `now` with what is true by then; `person` is `None` where nobody is signed in.
    #[must_use]
    pub fn decide(
        &self,
        person: Option<&Person>,
        consented: Consented,
        now: Timestamp,
    ) -> Decision {
        let decision = self.next(person, consented, now);
        if self.asks(Prompt::None) { decision.in_silence() } else { decision }
    }

    fn next(&self, person: Option<&Person>, consented: Consented, now: Timestamp) -> Decision {
        if self.assurance == Assurance::Unheard {
            return Decision::Refuse(Why::UnmetAuthenticationRequirements);
        }
        let Some(person) = person else {
            let new = self.asks(Prompt::Create);
            return if new { Decision::CreateAccount } else { Decision::SignIn };
        };
        // Whoever proved who they are since the request began has answered every question about who they are.
        let fresh = person.authentication.at >= self.began_at;
        if self.user.is_some_and(|user| user != person.user) {
            return if fresh { Decision::Refuse(Why::LoginRequired) } else { Decision::SignIn };
        }
        if self.asks(Prompt::Create) && !fresh {
            return Decision::CreateAccount;
        }
        if self.asks(Prompt::SelectAccount) && !fresh && !person.chosen {
            return Decision::SelectAccount;
        }
        let least = match self.assurance {
            Assurance::AtLeast(acr) => acr,
            Assurance::Any | Assurance::Unheard => Acr::Aal1,
        };
        if person.authentication.acr < least {
            return if person.reach < least {
                Decision::Refuse(Why::UnmetAuthenticationRequirements)
            } else {
                Decision::Reauthenticate(least)
            };
        }
        let age = now.since(person.authentication.at);
        let stale = self.asks(Prompt::Login) || self.max_age.is_some_and(|most| age > most);
        if stale && !fresh {
            return Decision::Reauthenticate(least);
        }
        let asks_again = self.asks(Prompt::Consent);
        match consented {
            Consented::NeedNot if !asks_again => Decision::Issue,
            Consented::ToAll(at) if !asks_again || at >= self.began_at => Decision::Issue,
            Consented::NeedNot | Consented::NotToAll | Consented::ToAll(_) => Decision::Consent,
        }
    }

    fn asks(&self, prompt: Prompt) -> bool {
        self.prompts.contains(&prompt)
    }
}

impl Decision {
    /// The same where nobody may be asked anything.
    fn in_silence(self) -> Self {
        match self {
            Self::SignIn | Self::Reauthenticate(_) => Self::Refuse(Why::LoginRequired),
            Self::SelectAccount => Self::Refuse(Why::AccountSelectionRequired),
            Self::CreateAccount => Self::Refuse(Why::InteractionRequired),
            Self::Consent => Self::Refuse(Why::ConsentRequired),
            Self::Issue | Self::Refuse(_) => self,
        }
    }
}

#[cfg(test)]
mod tests;
