//! OpenID Connect Core 1.0 §5.4, §11: what the standard scopes stand for.
//!
//! One table: the scope, the claims that it asks for, and what a person is told when they are asked. Scopes that are not
//! here are an application's own.

use cloakroom_model::client::Client;
use cloakroom_model::registration::GrantType;

use crate::error::{Code, Error};
use crate::scope::Scope;

/// That an ID token is asked for.
pub const OPENID: &str = "openid";

/// That tokens shall work while the person is away.
pub const OFFLINE_ACCESS: &str = "offline_access";

/// A scope that means the same everywhere.
#[derive(Debug, Eq, PartialEq)]
pub struct Standard {
    /// The word.
    pub name: &'static str,
    /// The claims that UserInfo then has, as far as the person has them.
    pub claims: &'static [&'static str],
    /// What a client with it can do, for the person who is asked.
    pub sentence: &'static str,
}

/// Every scope of OpenID Connect.
pub const STANDARD: &[Standard] = &[
    Standard { name: OPENID, claims: &["sub"], sentence: "know you by a name for you" },
    Standard {
        name: "profile",
        claims: &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
        sentence: "see your profile",
    },
    Standard {
        name: "email",
        claims: &["email", "email_verified"],
        sentence: "see your email address",
    },
    Standard { name: "address", claims: &["address"], sentence: "see your postal address" },
    Standard {
        name: "phone",
        claims: &["phone_number", "phone_number_verified"],
        sentence: "see your phone number",
    },
    Standard {
        name: OFFLINE_ACCESS,
        claims: &[],
        sentence: "do all this while you are away, until you take it back",
    },
];

/// The standard scope of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Standard> {
    STANDARD.iter().find(|standard| standard.name == name)
}

/// What a client may have of what it asks for a person's leave for: all of it, or nothing where there is a word that it
/// is not registered for.
pub fn registered(asked: Option<Scope>, client: &Client) -> Result<Scope, Error> {
    let mut words = asked.unwrap_or_default().words().to_vec();
    if !client.registration.grant_types.contains(&GrantType::RefreshToken) {
        // OpenID Connect Core §11: ignored where nothing can come of it.
        words.retain(|word| word != OFFLINE_ACCESS);
    }
    if !words.iter().all(|word| client.scopes.contains(word)) {
        let why = "the scope has words that the client is not registered for";
        return Err(Error::new(Code::InvalidScope, why));
    }
    Ok(Scope::of(words))
}

/// The claims that a scope asks for.
pub fn claims(scope: &Scope) -> impl Iterator<Item = &'static str> {
    let granted = STANDARD.iter().filter(|standard| scope.contains(standard.name));
    granted.flat_map(|standard| standard.claims.iter().copied())
}

/// Every claim that a standard scope asks for.
pub fn all_claims() -> impl Iterator<Item = &'static str> {
    STANDARD.iter().flat_map(|standard| standard.claims.iter().copied())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_scope_asks_for_its_claims_and_no_others() {
        for (scope, asked) in [
            ("openid", &["sub"][..]),
            ("openid email", &["sub", "email", "email_verified"]),
            ("address phone", &["address", "phone_number", "phone_number_verified"]),
            ("offline_access read", &[]),
        ] {
            let claims: Vec<_> = claims(&Scope::parse(scope).unwrap()).collect();
            assert_eq!(claims, asked, "{scope}");
        }
        assert_eq!(claims(&Scope::parse("profile").unwrap()).count(), 14);
        assert!(find("email").is_some() && find("read").is_none());
    }

    #[test]
    fn no_claim_belongs_to_two_scopes() {
        let all: Vec<_> = all_claims().collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    }

    proptest! {
        #[test]
        fn more_scope_never_asks_for_less(words in proptest::sample::subsequence(vec!["openid", "profile", "email", "phone", "x"], 1..5)) {
            let part = Scope::of(vec![words[0].to_owned()]);
            let whole = Scope::of(words.iter().map(|&word| word.to_owned()).collect());
            let whole: BTreeSet<_> = claims(&whole).collect();
            prop_assert!(claims(&part).all(|claim| whole.contains(claim)));
        }
    }
}
