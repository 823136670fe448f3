//! Who may enter at a service behind a proxy, and what is still missing of whoever wants to.
//!
//! A service has a host of its own, and a host has one rule. Left out: how somebody shows who they are, and what a
//! request looks like.

mod open;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use self::open::{NotOpenable, Open};
use crate::id::UserId;
use crate::session::{Acr, Authentication};
use crate::time::Timestamp;
use crate::user::Role;

/// The rule of one host.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rule {
    /// The host as browsers name it: ASCII in lower case, with a port where that is not the scheme's own.
    pub host: String,
    /// Who may enter.
    pub who: Who,
    /// How surely they must be known.
    pub level: Option<Acr>,
    /// How recently they must have proved who they are.
    pub within: Option<Duration>,
    /// Where nobody need be known.
    pub open: Vec<Open>,
    /// What the service is told as the name of a user.
    pub name: Name,
    /// What the service has to do with tokens.
    pub service: Option<Service>,
}

/// Who may enter.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Who {
    /// Whoever is signed in. A guest is not.
    SignedIn,
    /// Whoever has one of the roles, or is one of the users.
    Of {
        /// The roles.
        roles: Vec<Role>,
        /// The users.
        users: Vec<UserId>,
    },
}

/// What the service is told as the name of a user.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Name {
    /// The id: it stays, and nobody else ever gets it.
    #[default]
    Id,
    /// The email, which users can change, and which is free for others afterwards.
    Email,
    /// The username, of which the same is true; users who have none have no name there.
    Username,
}

/// A service that reads tokens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Service {
    /// What it is called in tokens.
    pub audience: String,
    /// What a token allows there: what one must have that a request brings, and what one has that it is handed.
    pub scope: Vec<String>,
    /// Whether requests may bring an access token in the place of a cookie.
    pub accepts: bool,
    /// Where it finds the token that it is handed; `None` where it is handed none.
    pub passes: Option<Passes>,
}

/// Where a service finds the token that it is handed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Passes {
    /// In a header of our own.
    OwnHeader,
    /// Where every other token stands, in place of whatever the request has there.
    Authorization,
}

/// Somebody who wants to enter.
#[derive(Clone, Copy, Debug)]
pub struct Entrant<'a> {
    /// Who it is.
    pub user: UserId,
    /// What they may do.
    pub roles: &'a [Role],
    /// How they proved who they are.
    pub proof: Option<Proof>,
}

/// How somebody proved who they are, as far as it is asked for here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Proof {
    /// When.
    pub at: Timestamp,
    /// How surely.
    pub acr: Acr,
}

impl From<&Authentication> for Proof {
    fn from(proof: &Authentication) -> Self {
        Self { at: proof.at, acr: proof.acr }
    }
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// It goes on to the service.
    Enter,
    /// Nobody is known, and somebody must be.
    SignIn,
    /// Whoever it is may not enter, and no other proof would change that.
    Refuse,
    /// They must be known more surely than they are.
    StepUp(Acr),
    /// Their proof is older than this.
    ProveAgain(Duration),
}

impl Rule {
    /// Decides on a request of `entrant`, or of nobody, at `now`.
    ///
    /// Who may not enter at all is not asked to prove anything, so a right is never learnt by a password.
    #[must_use]
    pub fn decide(&self, entrant: Option<&Entrant<'_>>, now: Timestamp) -> Outcome {
        let Some(entrant) = entrant else { return Outcome::SignIn };
        if !self.who.admits(entrant) {
            return Outcome::Refuse;
        }
        if let Some(level) = self.level
            && entrant.proof.is_none_or(|proof| proof.acr < level)
        {
            return Outcome::StepUp(level);
        }
        match self.within {
            Some(within) if entrant.proof.is_none_or(|proof| now.since(proof.at) > within) => {
                Outcome::ProveAgain(within)
            }
            _ => Outcome::Enter,
        }
    }

    /// Whether nobody need be known to read this path, which is without its query.
    #[must_use]
    pub fn is_open(&self, path: &str) -> bool {
        !self.open.is_empty()
            && open::is_unmistakable(path)
            && self.open.iter().any(|open| open.holds(path))
    }
}

impl Who {
    fn admits(&self, entrant: &Entrant<'_>) -> bool {
        match self {
            Self::SignedIn => true,
            Self::Of { roles, users } => {
                users.contains(&entrant.user)
                    || roles.iter().any(|role| entrant.roles.contains(role))
            }
        }
    }
}
