//! OpenID Connect Core 1.0 §5.3, §5.4, §5.5: which claims leave for a client that asks who its user is.
//!
//! What is known about a person is the caller's to find out; this says what of it the scope and the `claims` parameter
//! of the request allow.

use std::collections::BTreeMap;

use cloakroom_model::id::ClientId;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::claims::Wanted;
use crate::scope::Scope;
use crate::scopes;

/// Of what is known about a `person`, what a token with this scope and these claims reads. Its `sub` is always there
/// (§5.3.2); a claim with another value than the one that was wanted is left out.
#[must_use]
pub fn select(
    person: &Map<String, Value>,
    scope: &Scope,
    wanted: &BTreeMap<String, Wanted>,
) -> Map<String, Value> {
    let by_scope = scopes::claims(scope).filter_map(|name| person.get_key_value(name));
    let by_name = wanted.iter().filter_map(|(name, wanted)| {
        person.get_key_value(name).filter(|(_, value)| wanted.admits(value))
    });
    let subject = person.get_key_value("sub");
    let all = by_scope.chain(by_name).chain(subject);
    all.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The same as a token, for a client that registered `userinfo_signed_response_alg` (§5.3.2).
///
/// It has no `exp` and no `iat`, so that it can never be taken for an ID token.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Signed<'a> {
    /// Who says so: the issuer's URL.
    pub iss: &'a str,
    /// The client.
    pub aud: &'a ClientId,
    /// What is said.
    #[serde(flatten)]
    pub claims: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::claims::ClaimsRequest;

    fn person() -> Map<String, Value> {
        let person = json!({
            "sub": "ada", "email": "ada@x.example", "email_verified": true,
            "preferred_username": "ada", "updated_at": 7, "department": "engines",
        });
        person.as_object().unwrap().clone()
    }

    fn selected(scope: &str, claims: &str) -> Value {
        let request = ClaimsRequest::parse(claims).unwrap();
        let scope = Scope::parse(scope).unwrap();
        Value::Object(select(&person(), &scope, &request.userinfo))
    }

    #[test]
    fn a_claim_leaves_by_its_scope_or_by_its_name() {
        for (scope, claims, expected) in [
            ("openid", "{}", json!({"sub": "ada"})),
            ("read", "{}", json!({"sub": "ada"})),
            (
                "openid email",
                "{}",
                json!({"sub": "ada", "email": "ada@x.example", "email_verified": true}),
            ),
            (
                "openid profile phone",
                "{}",
                json!({"sub": "ada", "preferred_username": "ada", "updated_at": 7}),
            ),
            (
                "openid",
                r#"{"userinfo":{"department":{"essential":true},"name":null}}"#,
                json!({"sub": "ada", "department": "engines"}),
            ),
            ("openid", r#"{"userinfo":{"department":{"value":"sales"}}}"#, json!({"sub": "ada"})),
            ("openid", r#"{"id_token":{"department":null}}"#, json!({"sub": "ada"})),
        ] {
            assert_eq!(selected(scope, claims), expected, "{scope} {claims}");
        }
    }

    #[test]
    fn a_signed_answer_says_who_says_it_and_to_whom() {
        let client = ClientId::parse("app").unwrap();
        let claims = select(&person(), &Scope::default(), &BTreeMap::new());
        let signed = Signed { iss: "https://id.example", aud: &client, claims };
        assert_eq!(
            serde_json::to_value(&signed).unwrap(),
            json!({"iss": "https://id.example", "aud": "app", "sub": "ada"})
        );
    }

    proptest! {
        #[test]
        fn nothing_leaves_that_nobody_asked_for(
            words in proptest::sample::subsequence(vec!["openid", "profile", "email", "phone"], 1..4),
            names in proptest::sample::subsequence(vec!["department", "email", "sub", "updated_at"], 0..4),
        ) {
            let scope = Scope::of(words.into_iter().map(str::to_owned).collect());
            let wanted: BTreeMap<_, _> =
                names.iter().map(|&name| (name.to_owned(), Wanted::default())).collect();
            let left = select(&person(), &scope, &wanted);
            prop_assert!(left.contains_key("sub"));
            for name in left.keys() {
                let by_scope = scopes::claims(&scope).any(|claim| claim == name);
                prop_assert!(by_scope || wanted.contains_key(name) || name == "sub", "{name}");
            }
        }
    }
}
