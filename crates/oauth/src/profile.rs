//! Profiles: how much this server asks of its clients and of itself, chosen by one word.
//!
//! OAuth 2.1 with RFC 9700, the FAPI 2.0 Security Profile (final) and what the certification of OpenID Connect asks for.
//! Each is a row of [`Rules`]; the checks read the rule and never ask which profile it is, so that the rows are all the
//! difference there is. What every profile has in common is with the checks: `iss` in each answer, redirect URIs compared
//! as they are written, codes that live a minute, clocks that may be half a minute apart.

use std::fmt;

use cloakroom_jose::{Algorithm, Algorithms};
use cloakroom_model::client::Client;
use cloakroom_model::registration::{AuthenticationMethod, Registration};

use crate::error::{Code, Error};
use crate::id_token;

/// Which rules hold.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Profile {
    /// OAuth 2.1 and the best current practice (RFC 9700).
    #[default]
    OAuth21,
    /// The FAPI 2.0 Security Profile.
    Fapi2,
    /// What the OpenID certification asks for, and the default does not allow.
    OidcCertification,
}

/// What a profile asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a rule of its own, and the rows are read side by side"
)]
pub struct Rules {
    /// The profile's name, as operators write it.
    pub name: &'static str,
    /// How clients may prove themselves.
    pub methods: &'static [AuthenticationMethod],
    /// What clients and this server may sign with.
    pub algorithms: Algorithms,
    /// What is signed with where a client registered nothing.
    pub default_algorithm: Algorithm,
    /// Who may ask without PKCE.
    pub pkce: Pkce,
    /// Every question is pushed first (RFC 9126).
    pub pushed_always: bool,
    /// Every question names its redirect URI.
    pub redirect_uri_always: bool,
    /// Every token is bound to a key or a certificate. So a password or a cookie alone earns none.
    pub bound_always: bool,
    /// A refresh earns another refresh token.
    pub refresh_tokens_rotate: bool,
    /// `UserInfo` reads a token in the body whatever its client registered (OpenID Connect Core §5.3.1).
    pub token_in_body: bool,
    /// The issuer is https, or the operator says that it is a danger.
    pub https_always: bool,
}

/// Who has to send a challenge (RFC 7636).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pkce {
    /// Everybody.
    Everybody,
    /// Everybody but the confidential clients that were registered with `danger_without_pkce`.
    UnlessRegistered,
    /// Public clients. The certification's own client has a secret and knows nothing of PKCE.
    PublicClients,
}

use AuthenticationMethod as Method;

const OAUTH_21: Rules = Rules {
    name: "oauth21",
    methods: &[
        Method::Unsaid,
        Method::None,
        Method::ClientSecretBasic,
        Method::ClientSecretPost,
        Method::PrivateKeyJwt,
        Method::TlsClientAuth,
        Method::SelfSignedTlsClientAuth,
    ],
    algorithms: Algorithms::ALL,
    default_algorithm: id_token::DEFAULT_ALGORITHM,
    pkce: Pkce::UnlessRegistered,
    pushed_always: false,
    redirect_uri_always: false,
    bound_always: false,
    refresh_tokens_rotate: true,
    token_in_body: false,
    https_always: false,
};

/// FAPI 2.0 Security Profile §5.3.2 and §5.4.
const FAPI_2: Rules = Rules {
    name: "fapi2",
    methods: &[Method::PrivateKeyJwt, Method::TlsClientAuth, Method::SelfSignedTlsClientAuth],
    algorithms: Algorithms::of(&[
        Algorithm::Ed25519,
        Algorithm::EdDsa,
        Algorithm::Es256,
        Algorithm::Ps256,
    ]),
    default_algorithm: Algorithm::Es256,
    pkce: Pkce::Everybody,
    pushed_always: true,
    redirect_uri_always: true,
    bound_always: true,
    refresh_tokens_rotate: false,
    token_in_body: false,
    https_always: true,
};

const OIDC_CERTIFICATION: Rules = Rules {
    name: "oidc-certification",
    pkce: Pkce::PublicClients,
    token_in_body: true,
    ..OAUTH_21
};

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 3] = [Self::OAuth21, Self::Fapi2, Self::OidcCertification];

    /// What it asks for.
    #[must_use]
    pub const fn rules(self) -> &'static Rules {
        match self {
            Self::OAuth21 => &OAUTH_21,
            Self::Fapi2 => &FAPI_2,
            Self::OidcCertification => &OIDC_CERTIFICATION,
        }
    }

    /// Its name, as operators write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.rules().name
    }
}

/// What of a client's registration a profile does not allow.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Contradiction {
    /// The member, by the name by which it is registered.
    pub member: &'static str,
    /// What is the matter with it.
    pub problem: String,
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { member, problem } = self;
        write!(f, "{member}: {problem}")
    }
}

impl Rules {
    /// Refuses a client at an endpoint where its registration contradicts the profile. Who may say this to whom: it tells
    /// how the client is registered and no secret.
    pub fn admit(&self, client: &Client, code: Code) -> Result<(), Error> {
        match self.contradictions(client).into_iter().next() {
            None => Ok(()),
            Some(first) => Err(Error::new(
                code,
                format!("the client cannot work under the profile {}: {first}", self.name),
            )),
        }
    }

    /// All that keeps a client from working.
    #[must_use]
    pub fn contradictions(&self, client: &Client) -> Vec<Contradiction> {
        let Registration { method, requests, signing, .. } = &client.registration;
        let mut found = Vec::new();
        let mut is_wrong = |member, problem: String| found.push(Contradiction { member, problem });
        if !self.methods.contains(method) {
            let names = self.methods.iter().filter_map(|method| method.as_str());
            is_wrong(
                "token_endpoint_auth_method",
                format!(
                    "{} is none of {}",
                    method.as_str().unwrap_or("a method that nobody said"),
                    names.collect::<Vec<_>>().join(", ")
                ),
            );
        }
        let signs: [(&'static str, &Option<String>); 6] = [
            ("algorithm", &client.algorithm),
            ("id_token_signed_response_alg", &signing.id_token),
            ("userinfo_signed_response_alg", &signing.userinfo),
            ("authorization_signed_response_alg", &signing.authorization),
            ("introspection_signed_response_alg", &signing.introspection),
            ("request_object_signing_alg", &requests.algorithm),
        ];
        for (member, name) in signs {
            let Some(name) = name else { continue };
            if name.parse().is_ok_and(|algorithm| !self.algorithms.contains(algorithm)) {
                let allowed: Vec<_> = self.algorithms.iter().map(Algorithm::name).collect();
                is_wrong(member, format!("{name} is none of {}", allowed.join(", ")));
            }
        }
        if requests.danger_without_pkce && self.pkce == Pkce::Everybody {
            is_wrong("danger_without_pkce", "nobody may leave PKCE out".to_owned());
        }
        if !client.token_places.is_empty() && self.bound_always {
            is_wrong("token_places", "a token that is bound to a key is in the header".to_owned());
        }
        found
    }

    /// Whether a client may ask without a challenge.
    #[must_use]
    pub fn may_go_without_pkce(&self, client: &Client) -> bool {
        let registered = client.registration.requests.danger_without_pkce;
        client.is_confidential()
            && match self.pkce {
                Pkce::Everybody => false,
                Pkce::UnlessRegistered => registered,
                Pkce::PublicClients => true,
            }
    }
}

/// Whether a client was registered for OAuth, so that a profile is any of its business.
#[must_use]
pub fn takes_part(client: &Client) -> bool {
    client.registration != Registration::default() || !client.authentication.is_empty()
}

#[cfg(test)]
mod tests {
    use cloakroom_model::registration::ClientKeys;

    use super::*;
    use crate::scene;

    #[test]
    fn the_strict_profile_allows_nothing_that_the_default_forbids() {
        let (strict, usual) = (Profile::Fapi2.rules(), Profile::OAuth21.rules());
        assert!(strict.methods.iter().all(|method| usual.methods.contains(method)));
        assert_eq!(strict.algorithms.and(usual.algorithms), strict.algorithms);
        assert!(!strict.token_in_body);
        for rules in Profile::ALL.map(Profile::rules) {
            assert!(rules.algorithms.contains(rules.default_algorithm), "{}", rules.name);
        }
    }

    /// §5.4.1.
    #[test]
    fn the_strict_profile_signs_with_what_fapi_names() {
        let names: Vec<_> = Profile::Fapi2.rules().algorithms.iter().map(Algorithm::name).collect();
        assert_eq!(names, ["Ed25519", "EdDSA", "ES256", "PS256"]);
    }

    #[test]
    fn a_client_hears_of_each_member_that_does_not_fit() {
        let strict = Profile::Fapi2.rules();
        let mut client = scene::client();
        assert_eq!(strict.contradictions(&client).len(), 1);
        client.registration.method = Method::PrivateKeyJwt;
        client.registration.keys = Some(ClientKeys::Set(r#"{"keys":[]}"#.to_owned()));
        client.authentication.clear();
        assert_eq!(strict.contradictions(&client), []);
        strict.admit(&client, Code::InvalidClient).unwrap();

        client.registration.signing.id_token = Some("RS256".to_owned());
        client.registration.requests.algorithm = Some("RS512".to_owned());
        client.registration.requests.danger_without_pkce = true;
        client.algorithm = Some("HS256".to_owned());
        let members: Vec<_> =
            strict.contradictions(&client).into_iter().map(|it| it.member).collect();
        assert_eq!(
            members,
            [
                "algorithm",
                "id_token_signed_response_alg",
                "request_object_signing_alg",
                "danger_without_pkce"
            ]
        );
        let told = strict.admit(&client, Code::InvalidClient).unwrap_err();
        assert!(told.description.contains("fapi2: algorithm: HS256"), "{}", told.description);
        assert_eq!(Profile::OAuth21.rules().contradictions(&client), []);
    }

    #[test]
    fn only_the_certification_lets_a_client_forget_pkce_unasked() {
        let mut client = scene::client();
        let who_may = |client: &Client| {
            Profile::ALL.map(|profile| profile.rules().may_go_without_pkce(client))
        };
        assert_eq!(who_may(&client), [false, false, true]);
        client.registration.requests.danger_without_pkce = true;
        assert_eq!(who_may(&client), [true, false, true]);
        client.authentication.clear();
        client.registration.method = Method::None;
        assert_eq!(who_may(&client), [false, false, false]);
    }

    #[test]
    fn a_client_that_registered_nothing_takes_no_part() {
        let mut client = scene::client();
        assert!(takes_part(&client));
        client.registration = Registration::default();
        assert!(takes_part(&client), "it has a secret");
        client.authentication.clear();
        assert!(!takes_part(&client));
    }
}
