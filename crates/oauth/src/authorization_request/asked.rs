//! OpenID Connect Core 1.0 §3.1.2.1, §5.5.1.1, RFC 9470 §5: what a request asks of its person, in the words in which
//! `model::policy::authorization` decides.

use std::time::Duration;

use cloakroom_model::id::UserId;
use cloakroom_model::policy::authorization::{Asked, Assurance};
use cloakroom_model::registration::RequestRules;
use cloakroom_model::session::Acr;
use cloakroom_model::time::Timestamp;

use super::AuthorizationRequest;

impl AuthorizationRequest {
    /// What is asked of the person by a request that came at `began_at`. `user` is whom a hint or a claim names, once
    /// that is proved; `registered` is what holds where the request is silent.
    #[must_use]
    pub fn asked(
        &self,
        registered: &RequestRules,
        began_at: Timestamp,
        user: Option<UserId>,
    ) -> Asked {
        let max_age = self.max_age_seconds.or(registered.default_max_age_seconds);
        Asked {
            began_at,
            prompts: self.prompts.clone(),
            max_age: max_age.map(Duration::from_secs),
            assurance: self.assurance(registered),
            user,
        }
    }

    fn assurance(&self, registered: &RequestRules) -> Assurance {
        let claim =
            self.claims.id_token.get("acr").filter(|wanted| wanted.texts().next().is_some());
        if let Some(wanted) = claim {
            let least = least_known(wanted.texts());
            // §5.5.1.1: an essential one that cannot be met is a failed sign-in; any other is a wish.
            let unheard = if wanted.essential { Assurance::Unheard } else { Assurance::Any };
            return least.map_or(unheard, Assurance::AtLeast);
        }
        // RFC 9470 §5: a value that is understood is met or refused. One that is not is a wish (Core §3.1.2.1).
        let asked = if self.acr_values.is_empty() {
            registered.default_acr_values.iter().copied().min()
        } else {
            least_known(self.acr_values.iter().map(String::as_str))
        };
        asked.map_or(Assurance::Any, Assurance::AtLeast)
    }
}

/// Any one of the values will do, and so does more than that.
fn least_known<'a>(values: impl Iterator<Item = &'a str>) -> Option<Acr> {
    const KNOWN: [Acr; 3] = [Acr::Aal1, Acr::Aal2, Acr::Aal3];
    values.filter_map(|text| KNOWN.into_iter().find(|acr| acr.as_str() == text)).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene;

    fn assurance(parameters: &str, registered: &RequestRules) -> Assurance {
        scene::request(parameters).asked(registered, Timestamp(7), None).assurance
    }

    #[test]
    fn any_of_the_values_that_are_understood_will_do() {
        let none = RequestRules::default();
        let aal2 = RequestRules { default_acr_values: vec![Acr::Aal2], ..RequestRules::default() };
        let essential =
            r#"claims={"id_token":{"acr":{"essential":true,"values":["aal3","aal2"]}}}"#;
        let unheard = r#"claims={"id_token":{"acr":{"essential":true,"value":"sca"}}}"#;
        let wished = r#"claims={"id_token":{"acr":{"value":"sca"}}}"#;
        for (parameters, registered, expected) in [
            ("", &none, Assurance::Any),
            ("", &aal2, Assurance::AtLeast(Acr::Aal2)),
            ("acr_values=aal3+aal2+gold", &none, Assurance::AtLeast(Acr::Aal2)),
            ("acr_values=aal1", &aal2, Assurance::AtLeast(Acr::Aal1)),
            ("acr_values=1+2", &none, Assurance::Any),
            (essential, &none, Assurance::AtLeast(Acr::Aal2)),
            (unheard, &none, Assurance::Unheard),
            (wished, &none, Assurance::Any),
            (r#"claims={"id_token":{"acr":{"essential":true}}}"#, &none, Assurance::Any),
        ] {
            assert_eq!(assurance(parameters, registered), expected, "{parameters}");
        }
    }

    #[test]
    fn what_a_request_does_not_say_its_client_may_have_registered() {
        let registered =
            RequestRules { default_max_age_seconds: Some(60), ..RequestRules::default() };
        let asked = |parameters| scene::request(parameters).asked(&registered, Timestamp(7), None);
        assert_eq!(asked("").max_age, Some(Duration::from_mins(1)));
        assert_eq!(asked("max_age=0").max_age, Some(Duration::ZERO));
        assert_eq!(asked("").began_at, Timestamp(7));
    }
}
