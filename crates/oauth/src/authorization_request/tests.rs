use cloakroom_model::client::Client;
use cloakroom_model::policy::authorization::Prompt;
use cloakroom_model::registration::{AuthenticationMethod, GrantType};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::error::Code;
use crate::profile::Profile;
use crate::scene::{self, CHALLENGE, REDIRECT, RULES, parameters, read};

/// Where an error goes, and which it is.
fn outcome(refused: &Refused) -> (&'static str, Code) {
    match refused {
        Refused::Shown(error) => ("shown", error.code),
        Refused::Returned(returned) => ("returned", returned.error.code),
    }
}

fn returned(text: &str, client: &Client) -> Returned {
    match read(text, client) {
        Err(Refused::Returned(returned)) => *returned,
        other => panic!("{text}: {other:?}"),
    }
}

/// The parameters of a request that is granted, with one of them replaced or taken out.
fn with(name: &str, value: &str) -> String {
    let base = parameters("");
    let others = base.split('&').filter(|pair| !pair.starts_with(&format!("{name}=")));
    format!("{}&{name}={value}", others.collect::<Vec<_>>().join("&"))
}

#[test]
fn a_request_is_read_whole() {
    let request = scene::request(
        "nonce=n&prompt=login+consent&max_age=60&acr_values=aal2+aal1&login_hint=ada@x.example\
         &id_token_hint=a.b.c&ui_locales=de-CH+en&display=popup&response_mode=form_post\
         &claims={\"userinfo\":{\"name\":null}}&resource=https://api.example\
         &authorization_details=[{\"type\":\"payment\"}]\
         &dpop_jkt=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    );
    let kept = json!({
        "redirect_uri": REDIRECT,
        "redirect_uri_sent": true,
        "response_mode": "form_post",
        "state": "s",
        "scope": "openid",
        "resources": ["https://api.example"],
        "authorization_details": [{"type": "payment"}],
        "code_challenge": CHALLENGE,
        "dpop_jkt": CHALLENGE,
        "nonce": "n",
        "prompts": ["login", "consent"],
        "max_age_seconds": 60,
        "acr_values": ["aal2", "aal1"],
        "login_hint": "ada@x.example",
        "id_token_hint": "a.b.c",
        "ui_locales": ["de-CH", "en"],
        "display": "popup",
        "claims": {"userinfo": {"name": {}}},
    });
    assert_eq!(serde_json::to_value(&request).unwrap(), kept);
    assert_eq!(serde_json::from_value::<AuthorizationRequest>(kept).unwrap(), request);
    assert_eq!(request.redirect(&scene::client()).unwrap().as_str(), REDIRECT);
    assert_eq!(request.prompts, [Prompt::Login, Prompt::Consent]);
}

#[test]
fn least_is_enough_and_what_is_unknown_is_ignored() {
    let client = scene::client();
    let least = format!(
        "response_type=code&extra=foobar&claims_locales=se&code_challenge={CHALLENGE}&code_challenge_method=S256"
    );
    let request = read(&least, &client).unwrap();
    assert!(!request.redirect_uri_sent && request.scope.is_empty() && !request.is_openid());
    let kept = serde_json::to_string(&request).unwrap();
    assert_eq!(serde_json::from_str::<AuthorizationRequest>(&kept).unwrap(), request);
}

#[test]
fn without_a_place_that_is_registered_no_error_leaves() {
    let client = scene::client();
    assert!(read(&with("redirect_uri", REDIRECT), &client).is_ok());
    for text in [
        with("redirect_uri", "https://evil.example/cb"),
        with("redirect_uri", "https://app.example/cb/"),
        with("redirect_uri", ""),
        // Whatever else is wrong comes after.
        with("redirect_uri", "https://evil.example/cb&prompt=nonsense"),
        "response_type=token&scope=openid".to_owned(),
    ] {
        assert_eq!(
            outcome(&read(&text, &client).unwrap_err()),
            ("shown", Code::InvalidRequest),
            "{text}"
        );
    }
}

#[test]
fn each_fault_goes_to_the_client_with_its_code() {
    let client = scene::client();
    let long = "x".repeat(2049);
    for (name, value, code) in [
        ("response_type", "", Code::InvalidRequest),
        ("response_type", "token", Code::UnsupportedResponseType),
        ("response_type", "code+id_token", Code::UnsupportedResponseType),
        ("response_mode", "web_message", Code::InvalidRequest),
        ("state", long.as_str(), Code::InvalidRequest),
        ("state", "%C3%BC", Code::InvalidRequest),
        ("nonce", "a%0Ab", Code::InvalidRequest),
        ("request", "a.b.c", Code::InvalidRequest),
        ("request_uri", "urn:x", Code::InvalidRequest),
        ("registration", "{}", Code::RegistrationNotSupported),
        ("code_challenge", "", Code::InvalidRequest),
        ("code_challenge_method", "plain", Code::InvalidRequest),
        ("scope", "openid++email", Code::InvalidScope),
        ("scope", "openid+write", Code::InvalidScope),
        ("resource", "https://other.example", Code::InvalidTarget),
        ("resource", "/relative", Code::InvalidTarget),
        ("authorization_details", "{}", Code::InvalidAuthorizationDetails),
        ("authorization_details", "[{\"type\":\"other\"}]", Code::InvalidAuthorizationDetails),
        ("dpop_jkt", "short", Code::InvalidRequest),
        ("prompt", "none+login", Code::InvalidRequest),
        ("prompt", "mfa", Code::InvalidRequest),
        ("max_age", "-1", Code::InvalidRequest),
        ("max_age", "1.5", Code::InvalidRequest),
        ("max_age", "%2B1", Code::InvalidRequest),
        ("max_age", "99999999999999999999", Code::InvalidRequest),
        ("display", "hologram", Code::InvalidRequest),
        ("claims", "[]", Code::InvalidRequest),
    ] {
        let refused = returned(&with(name, value), &client);
        assert_eq!(refused.error.code, code, "{name}={value}");
        assert!(refused.error.code.is_redirectable());
        assert_eq!(refused.redirect.as_str(), REDIRECT);
        let state = (name != "state").then(|| "s".to_owned());
        assert_eq!(refused.state, state, "{name}={value}");
    }
}

#[test]
fn an_error_travels_as_the_answer_would() {
    let client = scene::client();
    for (mode, expected) in [
        ("fragment", ResponseMode::Fragment),
        ("form_post.jwt", ResponseMode::FormPostJwt),
        ("jwt", ResponseMode::QueryJwt),
        ("nonsense", ResponseMode::Query),
    ] {
        let refused = returned(&parameters(&format!("prompt=x&response_mode={mode}")), &client);
        assert_eq!(refused.mode, expected, "{mode}");
    }
}

#[test]
fn pkce_is_left_out_only_by_a_client_that_proves_itself_and_was_allowed_to() {
    let mut client = scene::client();
    let without =
        with("code_challenge_method", "").replace(&format!("code_challenge={CHALLENGE}&"), "");
    assert_eq!(returned(&without, &client).error.code, Code::InvalidRequest);
    client.registration.requests.danger_without_pkce = true;
    assert_eq!(read(&without, &client).unwrap().code_challenge, None);
    let always = Rules { profile: Profile::Fapi2.rules(), ..RULES };
    let form = Form::parse(without.as_bytes()).unwrap();
    let pushed = Arrival { pushed: true, signed: false };
    let whole = Form::parse(parameters("").as_bytes()).unwrap();
    assert!(AuthorizationRequest::read(&whole, &client, pushed, &always).is_ok());
    assert!(AuthorizationRequest::read(&form, &client, pushed, &always).is_err());
    // A challenge that is there is held to, whoever sent it.
    assert!(read(&with("code_challenge_method", "plain"), &client).is_err());
    client.registration.method = AuthenticationMethod::Unsaid;
    assert!(read(&without, &client).is_ok());
    client.authentication.clear();
    assert!(read(&without, &client).is_err());
    client.registration.method = AuthenticationMethod::None;
    assert!(read(&without, &client).is_err());
}

/// FAPI 2.0 Security Profile §5.3.2.2.
#[test]
fn a_strict_profile_takes_no_redirect_uri_for_granted() {
    let client = scene::client();
    let plain = parameters("").replace("scope=openid", "scope=read");
    let without = plain.replace(&format!("redirect_uri={REDIRECT}&"), "");
    let strict = Rules { profile: Profile::Fapi2.rules(), ..RULES };
    let pushed = Arrival { pushed: true, signed: false };
    let outcome = |text: &str, rules: &Rules<'_>| {
        let form = Form::parse(text.as_bytes()).unwrap();
        AuthorizationRequest::read(&form, &client, pushed, rules).map_err(|why| outcome(&why))
    };
    assert!(outcome(&plain, &strict).is_ok());
    assert!(outcome(&without, &RULES).is_ok());
    assert_eq!(outcome(&without, &strict).unwrap_err(), ("shown", Code::InvalidRequest));
}

#[test]
fn a_request_comes_the_way_it_must() {
    let form = Form::parse(parameters("").as_bytes()).unwrap();
    let (pushed, signed) =
        (Arrival { pushed: true, signed: false }, Arrival { pushed: false, signed: true });
    let reads = |client: &Client, arrival, rules: &Rules<'_>| {
        AuthorizationRequest::read(&form, client, arrival, rules).is_ok()
    };
    let mut client = scene::client();
    assert!(reads(&client, Arrival::default(), &RULES));
    let always = Rules { profile: Profile::Fapi2.rules(), ..RULES };
    assert!(!reads(&client, signed, &always) && reads(&client, pushed, &always));
    client.registration.requests.pushed = true;
    assert!(!reads(&client, signed, &RULES) && reads(&client, pushed, &RULES));
    client.registration.requests.pushed = false;
    client.registration.requests.signed = true;
    assert!(!reads(&client, pushed, &RULES) && reads(&client, signed, &RULES));
}

#[test]
fn only_a_client_that_registered_for_codes_gets_one() {
    let mut client = scene::client();
    assert!(read(&parameters(""), &client).is_ok());
    client.registration.grant_types = vec![GrantType::RefreshToken];
    assert_eq!(returned(&parameters(""), &client).error.code, Code::UnauthorizedClient);
}

#[test]
fn offline_access_is_ignored_where_nothing_can_come_of_it() {
    let mut client = scene::client();
    let text = with("scope", "openid+offline_access");
    assert!(read(&text, &client).unwrap().is_offline());
    client.registration.grant_types = vec![GrantType::AuthorizationCode];
    let request = read(&text, &client).unwrap();
    assert!(!request.is_offline() && request.is_openid());
}

#[test]
fn a_hint_that_cannot_be_followed_is_left_out() {
    let request = scene::request("login_hint=a%00b&ui_locales=+de++%C3%BC&acr_values=+");
    assert_eq!((request.login_hint, request.acr_values), (None, vec![]));
    assert_eq!(request.ui_locales, ["de"]);
}

#[test]
fn what_was_kept_is_answered_only_where_it_is_still_registered() {
    let mut client = scene::client();
    let request = scene::request("response_mode=fragment");
    let denied = Error::from(Code::AccessDenied);
    let Refused::Returned(refused) = request.refused(&client, denied.clone()) else { panic!() };
    assert_eq!((refused.mode, refused.state.as_deref()), (ResponseMode::Fragment, Some("s")));
    client.registration.redirect_uris = vec!["https://app.example/other".to_owned()];
    assert!(request.redirect(&client).is_err());
    assert_eq!(outcome(&request.refused(&client, denied)), ("shown", Code::InvalidRequest));
}

#[test]
fn an_error_beside_an_object_goes_only_where_the_client_registered() {
    let client = scene::client();
    let beside = |text: &str| {
        let form = Form::parse(text.as_bytes()).unwrap();
        let error = Error::from(Code::InvalidRequestObject);
        outcome(&Refused::beside(&form, &client, error)).0
    };
    assert_eq!(beside(&format!("request=x&state=s&redirect_uri={REDIRECT}")), "returned");
    assert_eq!(beside("request=x&redirect_uri=https://evil.example/cb"), "shown");
    assert_eq!(beside("request=x"), "shown");
}

proptest! {
    #[test]
    fn no_request_breaks_the_reader_and_no_error_goes_astray(
        pairs in proptest::collection::vec(
            ("(redirect_uri|response_type|response_mode|state|nonce|scope|prompt|max_age|claims|authorization_details|resource|display|dpop_jkt|acr_values|x)",
             "(https://(app|evil)\\.example/cb|code|openid|login|[0-9]{1,3}|\\PC{0,12})"),
            0..12,
        )
    ) {
        if let Ok(form) = Form::of(pairs) {
            let client = scene::client();
            match AuthorizationRequest::read(&form, &client, Arrival::default(), &RULES) {
                Ok(request) => prop_assert_eq!(request.redirect_uri, REDIRECT),
                Err(Refused::Returned(returned)) => {
                    prop_assert_eq!(returned.redirect.as_str(), REDIRECT);
                    prop_assert!(returned.error.code.is_redirectable());
                    prop_assert!(form.value("redirect_uri").is_none_or(|uri| uri == REDIRECT));
                }
                Err(Refused::Shown(_)) => {}
            }
        }
    }
}
