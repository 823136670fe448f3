//! RFC 6749 §10.2, OpenID Connect Core 1.0 §3.1.2.4, RFC 9396 §10: what a person must agree to before a client has it.

use cloakroom_model::authorization::Consent;
use cloakroom_model::client::Client;
use cloakroom_model::policy::authorization::Consented;

use crate::authorization_request::AuthorizationRequest;
use crate::scopes;

/// What a request needs a person's agreement to. Texts are sorted, as [`Consent`] keeps them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Needed {
    /// What the tokens shall allow.
    pub scope: Vec<String>,
    /// The claims that are asked for one by one, and that no scope among those has.
    pub claims: Vec<String>,
    /// Whether something is asked for in detail. Agreeing to it once is not agreeing to it again.
    pub in_detail: bool,
}

impl Needed {
    /// What `request` needs.
    #[must_use]
    pub fn by(request: &AuthorizationRequest) -> Self {
        let by_scope: Vec<_> = scopes::claims(&request.scope).collect();
        // What tells who somebody is beside their name is not a claim about them.
        let own = ["sub", "acr", "auth_time", "amr"];
        let asked = request.claims.names().into_iter();
        let claims = asked.filter(|name| !by_scope.contains(name) && !own.contains(name));
        Self {
            scope: request.scope.words().to_vec(),
            claims: claims.map(str::to_owned).collect(),
            in_detail: !request.authorization_details.is_empty(),
        }
    }

    /// How much of it a person agreed to. `kept` is what they allowed this client before; `just_now` says that they have
    /// this moment agreed to this very request, on a page that showed all of it.
    #[must_use]
    pub fn consented(&self, client: &Client, kept: Option<&Consent>, just_now: bool) -> Consented {
        match kept {
            Some(kept)
                if kept.covers(&self.scope, &self.claims) && (just_now || !self.in_detail) =>
            {
                Consented::ToAll(kept.at)
            }
            // Whoever runs this server answers for what their own clients do.
            _ if client.first_party => Consented::NeedNot,
            _ => Consented::NotToAll,
        }
    }
}

#[cfg(test)]
mod tests {
    use cloakroom_model::id::UserId;
    use cloakroom_model::time::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::scene;

    fn kept(scope: &[&str], claims: &[&str]) -> Consent {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        Consent {
            user: UserId::new(Timestamp(1), [1; 10]),
            client: scene::client().id,
            scope: texts(scope),
            claims: texts(claims),
            at: Timestamp(7),
        }
    }

    #[test]
    fn what_a_scope_covers_need_not_be_agreed_to_by_name() {
        let request = scene::read(
            &scene::parameters(
                r#"claims={"userinfo":{"email":null,"name":null},"id_token":{"acr":null}}"#,
            )
            .replace("scope=openid", "scope=openid+email"),
            &scene::client(),
        );
        let needed = Needed::by(&request.unwrap());
        assert_eq!(needed.scope, ["email", "openid"]);
        assert_eq!(needed.claims, ["name"]);
        assert!(!needed.in_detail);
    }

    #[test]
    fn only_agreement_to_all_of_it_counts() {
        let mut client = scene::client();
        let needed = Needed::by(&scene::request(r#"claims={"userinfo":{"name":null}}"#));
        let of = |client: &Client, kept: Option<&Consent>| needed.consented(client, kept, false);
        assert_eq!(of(&client, None), Consented::NotToAll);
        let all = kept(&["email", "openid"], &["name"]);
        assert_eq!(of(&client, Some(&all)), Consented::ToAll(Timestamp(7)));
        for less in [kept(&["email"], &["name"]), kept(&["openid"], &[]), kept(&[], &[])] {
            assert_eq!(of(&client, Some(&less)), Consented::NotToAll);
        }
        client.first_party = true;
        assert_eq!(of(&client, None), Consented::NeedNot);
        // Asked again by `prompt`, and answered: that counts for the operator's own clients too.
        assert_eq!(of(&client, Some(&all)), Consented::ToAll(Timestamp(7)));
    }

    #[test]
    fn what_is_asked_for_in_detail_is_agreed_to_each_time() {
        let client = scene::client();
        let needed = Needed::by(&scene::request(r#"authorization_details=[{"type":"payment"}]"#));
        let all = kept(&["openid"], &[]);
        assert_eq!(needed.consented(&client, Some(&all), false), Consented::NotToAll);
        assert_eq!(needed.consented(&client, Some(&all), true), Consented::ToAll(Timestamp(7)));
        assert_eq!(needed.consented(&client, None, true), Consented::NotToAll);
    }

    proptest! {
        #[test]
        fn nothing_is_covered_that_nobody_agreed_to(
            agreed in proptest::sample::subsequence(vec!["email", "openid", "profile", "read"], 0..5),
            asked in proptest::sample::subsequence(vec!["email", "openid", "profile", "read"], 1..5),
        ) {
            let text = scene::parameters("").replace("scope=openid", &format!("scope={}", asked.join("+")));
            let needed = Needed::by(&scene::read(&text, &scene::client()).unwrap());
            let consented = needed.consented(&scene::client(), Some(&kept(&agreed, &[])), false);
            let all = asked.iter().all(|word| agreed.contains(word));
            prop_assert_eq!(consented == Consented::NotToAll, !all);
        }
    }
}
