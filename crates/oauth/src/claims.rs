//! OpenID Connect Core 1.0 §5.5: the `claims` parameter, by which a client asks for claims one by one.
//!
//! Members that are not known are ignored, as §5.5 asks. What leaves for whom is decided in `userinfo` and `id_token`.

use std::collections::BTreeMap;

use cloakroom_jose::strict_json;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The longest text that is read.
pub const MAX_BYTES: usize = 8 * 1024;

/// The most claims that are asked for in one place.
const MOST_CLAIMS: usize = 64;

/// The longest name of a claim.
const LONGEST_NAME: usize = 128;

/// The most values of which a claim shall have one.
const MOST_VALUES: usize = 32;

/// The parameter, its claims and one member of each, and a value that is itself an object.
const MAX_DEPTH: usize = 6;

/// What is asked for, by place and by name.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct ClaimsRequest {
    /// From UserInfo.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub userinfo: BTreeMap<String, Wanted>,
    /// In the ID token.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub id_token: BTreeMap<String, Wanted>,
}

/// How a claim is asked for (§5.5.1).
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Wanted {
    /// Whether the client cannot do without it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub essential: bool,
    /// What it shall be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// One of what it shall be, the preferred first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
}

impl ClaimsRequest {
    /// Reads the parameter.
    pub fn parse(text: &str) -> Result<Self, NotAClaimsRequest> {
        /// `null` asks for a claim without saying more (§5.5.1).
        type Place = Option<BTreeMap<String, Option<Wanted>>>;
        #[derive(Deserialize)]
        struct Members {
            userinfo: Place,
            id_token: Place,
        }
        if text.len() > MAX_BYTES {
            return Err(NotAClaimsRequest);
        }
        strict_json::check(text.as_bytes(), MAX_DEPTH).map_err(|_| NotAClaimsRequest)?;
        let members: Members = serde_json::from_str(text).map_err(|_| NotAClaimsRequest)?;
        let place = |place: Place| {
            let wanted: BTreeMap<_, _> = place
                .unwrap_or_default()
                .into_iter()
                .map(|(name, wanted)| (name, wanted.unwrap_or_default()))
                .collect();
            let named = |name: &String| (1..=LONGEST_NAME).contains(&name.len());
            let fits = wanted.len() <= MOST_CLAIMS
                && wanted.keys().all(named)
                && wanted.values().all(|one| one.values.len() <= MOST_VALUES);
            fits.then_some(wanted).ok_or(NotAClaimsRequest)
        };
        Ok(Self { userinfo: place(members.userinfo)?, id_token: place(members.id_token)? })
    }

    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty()
    }

    /// Every claim that is asked for in either place, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> =
            self.userinfo.keys().chain(self.id_token.keys()).map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Whom it must be about (§5.5.1: a `sub` with a value), as the client calls them.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        let places = [&self.id_token, &self.userinfo];
        places.iter().find_map(|place| place.get("sub")?.value.as_ref()?.as_str())
    }
}

impl Wanted {
    /// Whether a claim with this value is what was asked for.
    #[must_use]
    pub fn admits(&self, value: &Value) -> bool {
        let exact = self.value.as_ref().is_none_or(|wanted| wanted == value);
        exact && (self.values.is_empty() || self.values.contains(value))
    }

    /// The texts that it may be, the preferred first.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.value.iter().chain(&self.values).filter_map(Value::as_str)
    }
}

/// The text is not the parameter `claims`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("claims must be a JSON object whose userinfo and id_token name claims")]
pub struct NotAClaimsRequest;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_specifications_own_request_is_read() {
        // OpenID Connect Core §5.5.
        let text = r#"{
            "userinfo": {
                "given_name": {"essential": true},
                "nickname": null,
                "email": {"essential": true},
                "picture": null,
                "http://example.info/claims/groups": null
            },
            "id_token": {
                "auth_time": {"essential": true},
                "acr": {"values": ["urn:mace:incommon:iap:silver"]}
            }
        }"#;
        let request = ClaimsRequest::parse(text).unwrap();
        assert!(request.userinfo["email"].essential);
        assert_eq!(request.userinfo["nickname"], Wanted::default());
        let acr: Vec<_> = request.id_token["acr"].texts().collect();
        assert_eq!(acr, ["urn:mace:incommon:iap:silver"]);
        assert_eq!(request.names().len(), 7);
        assert_eq!(request.subject(), None);
        let kept = serde_json::to_string(&request).unwrap();
        assert_eq!(ClaimsRequest::parse(&kept).unwrap(), request);
    }

    #[test]
    fn what_is_unknown_is_ignored_and_what_is_wrong_is_refused() {
        for good in [
            "{}",
            r#"{"userinfo":null}"#,
            r#"{"somewhere":{"name":7},"userinfo":{"name":{"purpose":"greeting"}}}"#,
            r#"{"id_token":{"sub":{"value":"ada"},"n":{"values":[1,null]}}}"#,
        ] {
            assert!(ClaimsRequest::parse(good).is_ok(), "{good}");
        }
        let many: Vec<_> = (0..65).map(|n| format!(r#""c{n}":null"#)).collect();
        for bad in [
            "",
            "[]",
            "null",
            r#"{"userinfo":[]}"#,
            r#"{"userinfo":{"name":true}}"#,
            r#"{"userinfo":{"name":{"essential":"yes"}}}"#,
            r#"{"userinfo":{"name":{"values":"x"}}}"#,
            r#"{"userinfo":{"name":null,"name":null}}"#,
            r#"{"userinfo":{"":null}}"#,
            r#"{"userinfo":{"n":{"value":{"a":{"b":{"c":{}}}}}}}"#,
            &format!(r#"{{"userinfo":{{{}}}}}"#, many.join(",")),
            &format!(r#"{{"userinfo":{{"{}":null}}}}"#, "n".repeat(129)),
            &format!(r#"{{"userinfo":{{"n":{{"value":"{}"}}}}}}"#, "v".repeat(MAX_BYTES)),
        ] {
            assert_eq!(ClaimsRequest::parse(bad), Err(NotAClaimsRequest), "{bad:.80}");
        }
    }

    #[test]
    fn a_value_that_was_not_asked_for_is_not_admitted() {
        let wanted = |json: Value| serde_json::from_value::<Wanted>(json).unwrap();
        let table = [
            (json!({}), json!("x"), true),
            (json!({"value": "x"}), json!("x"), true),
            (json!({"value": "x"}), json!("y"), false),
            (json!({"values": ["x", 2]}), json!(2), true),
            (json!({"values": ["x", 2]}), json!("2"), false),
            (json!({"value": "x", "values": ["y"]}), json!("x"), false),
        ];
        for (asked, value, admitted) in table {
            assert_eq!(wanted(asked.clone()).admits(&value), admitted, "{asked} {value}");
        }
        let subject = ClaimsRequest::parse(r#"{"id_token":{"sub":{"value":"ada"}}}"#).unwrap();
        assert_eq!(subject.subject(), Some("ada"));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "\\PC*") {
            let _ = ClaimsRequest::parse(&text);
        }

        #[test]
        fn what_is_read_is_kept_the_same(
            names in proptest::collection::btree_map("[a-z]{1,8}", proptest::option::of(any::<bool>()), 0..8)
        ) {
            let members: serde_json::Map<_, _> = names
                .into_iter()
                .map(|(name, essential)| (name, essential.map_or(Value::Null, |it| json!({"essential": it}))))
                .collect();
            let request = ClaimsRequest::parse(&json!({"userinfo": members}).to_string()).unwrap();
            let kept = serde_json::to_string(&request).unwrap();
            prop_assert_eq!(ClaimsRequest::parse(&kept).unwrap(), request.clone());
            prop_assert_eq!(serde_json::from_str::<ClaimsRequest>(&kept).unwrap(), request);
        }
    }
}
