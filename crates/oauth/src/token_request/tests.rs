use cloakroom_model::id::GrantId;
use proptest::prelude::*;

use super::*;
use crate::refresh_token::ChainKey;

const DEVICE: &str = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";
const EXCHANGE: &str = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange";
const ACCESS: &str = "urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token";

fn read(body: &str) -> Result<TokenRequest, Code> {
    let form = Form::parse(body.as_bytes()).map_err(Error::from).map_err(|error| error.code)?;
    TokenRequest::read(&form).map_err(|error| error.code)
}

fn token() -> String {
    ChainKey::derive(&[1; 32], GrantId::from_bytes([2; 16])).token(9).to_string()
}

#[test]
fn a_refresh_names_its_token_and_perhaps_less_scope() {
    let token = token();
    let read_refresh = |body: String| match read(&body).unwrap() {
        TokenRequest::Refresh(refresh) => refresh,
        other => panic!("{other:?}"),
    };
    let refresh = read_refresh(format!("grant_type=refresh_token&refresh_token={token}&scope=b+a"));
    assert_eq!(refresh.refresh_token.counter, 9);
    assert_eq!(refresh.scope, Some(Scope::parse("a b").unwrap()));
    let refresh = read_refresh(format!("grant_type=refresh_token&refresh_token={token}&scope="));
    assert_eq!(refresh.scope, None);
}

#[test]
fn a_code_comes_with_what_must_be_as_before() {
    let body = "grant_type=authorization_code&code=abc&redirect_uri=https%3A%2F%2Fa.example%2Fcb&code_verifier=v&resource=r";
    let request = read(body).unwrap();
    assert_eq!(request.grant_type(), GrantType::AuthorizationCode);
    let TokenRequest::AuthorizationCode(code) = request else { panic!("{request:?}") };
    assert_eq!(code.code.as_str(), "abc");
    assert_eq!(code.redirect_uri.as_deref(), Some("https://a.example/cb"));
    assert_eq!(code.code_verifier.unwrap().as_str(), "v");
    assert_eq!(code.resource.as_deref(), Some("r"));
    let TokenRequest::AuthorizationCode(least) =
        read("grant_type=authorization_code&code=a").unwrap()
    else {
        panic!("another grant type")
    };
    assert!(least.redirect_uri.is_none() && least.code_verifier.is_none());
}

#[test]
fn a_client_asks_for_itself_and_a_device_for_whoever_lets_it_in() {
    let request =
        read("grant_type=client_credentials&scope=a&resource=https://api.example").unwrap();
    let TokenRequest::ClientCredentials(own) = &request else { panic!("{request:?}") };
    assert_eq!(own.scope, Some(Scope::parse("a").unwrap()));
    assert_eq!(own.resource.as_deref(), Some("https://api.example"));
    assert_eq!(request.grant_type(), GrantType::ClientCredentials);
    let request = read(&format!("grant_type={DEVICE}&device_code=abc")).unwrap();
    assert_eq!(request.grant_type(), GrantType::DeviceCode);
    assert!(
        matches!(request, TokenRequest::DeviceCode(device) if device.device_code.as_str() == "abc")
    );
}

#[test]
fn an_exchange_brings_one_token_or_two_and_asks_for_one_audience() {
    let subject = format!("grant_type={EXCHANGE}&subject_token=s&subject_token_type={ACCESS}");
    let exchange = |more: &str| match read(&format!("{subject}{more}")) {
        Ok(TokenRequest::Exchange(exchange)) => Ok(*exchange),
        Ok(other) => panic!("{other:?}"),
        Err(code) => Err(code),
    };
    let least = exchange("").unwrap();
    assert_eq!(least.subject.as_str(), "s");
    assert!(least.actor.is_none() && least.audience.is_none() && least.scope.is_none());
    let both = exchange(&format!(
        "&actor_token=a&actor_token_type={ACCESS}&requested_token_type={ACCESS}&audience=x&resource=x&scope=b"
    ))
    .unwrap();
    assert_eq!(both.actor.unwrap().as_str(), "a");
    assert_eq!(both.audience.as_deref(), Some("x"));
    assert_eq!(exchange("&audience=y").unwrap().audience.as_deref(), Some("y"));
    for (more, code) in [
        ("&actor_token=a", Code::InvalidRequest),
        ("&actor_token_type=a", Code::InvalidRequest),
        ("&actor_token=a&actor_token_type=a", Code::InvalidRequest),
        (
            "&requested_token_type=urn:ietf:params:oauth:token-type:refresh_token",
            Code::InvalidRequest,
        ),
        ("&audience=x&resource=y", Code::InvalidTarget),
        ("&audience=x&audience=y", Code::InvalidRequest),
        ("&scope=a++b", Code::InvalidScope),
    ] {
        assert_eq!(exchange(more).unwrap_err(), code, "{more}");
    }
}

#[test]
fn each_fault_has_its_code() {
    let token = token();
    let long = "x".repeat(513);
    for (body, code) in [
        (String::new(), Code::InvalidRequest),
        ("grant_type=password".into(), Code::UnsupportedGrantType),
        ("grant_type=refresh_token".into(), Code::InvalidRequest),
        ("grant_type=authorization_code".into(), Code::InvalidRequest),
        (format!("grant_type=authorization_code&code={long}"), Code::InvalidGrant),
        (format!("grant_type={DEVICE}"), Code::InvalidRequest),
        (format!("grant_type={DEVICE}&device_code={long}"), Code::InvalidGrant),
        (format!("grant_type={EXCHANGE}"), Code::InvalidRequest),
        (format!("grant_type={EXCHANGE}&subject_token=s"), Code::InvalidRequest),
        ("grant_type=client_credentials&scope=a++b".into(), Code::InvalidScope),
        ("grant_type=refresh_token&refresh_token=x".into(), Code::InvalidGrant),
        (format!("grant_type=refresh_token&refresh_token={token}&scope=a++b"), Code::InvalidScope),
        (
            format!("grant_type=refresh_token&refresh_token={token}&resource=a&resource=b"),
            Code::InvalidTarget,
        ),
        (
            format!("grant_type=refresh_token&refresh_token={token}&grant_type=refresh_token"),
            Code::InvalidRequest,
        ),
    ] {
        assert_eq!(read(&body).unwrap_err(), code, "{body}");
    }
}

#[test]
fn what_is_presented_does_not_print() {
    let request = read("grant_type=authorization_code&code=hunter2&code_verifier=hunter3").unwrap();
    assert!(!format!("{request:?}").contains("hunter"), "{request:?}");
}

proptest! {
    #[test]
    fn no_body_breaks_the_reader(
        grant_type in prop::sample::select(&GrantType::ALL[..]),
        body in "(&(refresh_token|code|device_code|subject_token|subject_token_type|scope|resource)=\\PC*){0,5}",
    ) {
        let _ = read(&format!("grant_type={}{body}", grant_type.as_str()));
    }
}
