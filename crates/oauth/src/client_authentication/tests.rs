use cloakroom_jose::base64url;
use proptest::prelude::*;

use super::*;
use crate::scene;

const JWT_BEARER: &str = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";

fn basic(text: &str) -> Vec<u8> {
    format!("Basic {}", STANDARD.encode(text)).into_bytes()
}

/// An assertion that says it is from `shop`, and proves nothing.
fn assertion() -> String {
    let claims = base64url::encode(br#"{"sub":"shop"}"#);
    format!("client_assertion_type={JWT_BEARER}&client_assertion=e30.{claims}.x")
}

fn read(authorization: Option<&[u8]>, body: &str) -> Result<(String, Option<String>), Code> {
    claimed(authorization, body)
        .map(|claimed| {
            let secret = match &claimed.proof {
                Proof::Basic(secret) | Proof::Post(secret) => Some(secret.to_string()),
                Proof::Nothing | Proof::Assertion(_) => None,
            };
            (claimed.client.to_string(), secret)
        })
        .map_err(|error| error.code)
}

fn claimed(authorization: Option<&[u8]>, body: &str) -> Result<Claimed, Error> {
    Claimed::read(authorization, &Form::parse(body.as_bytes()).unwrap())
}

#[test]
fn a_client_may_prove_itself_in_the_header_or_in_the_body_or_not_at_all() {
    let with_secret = Ok(("shop".to_owned(), Some("a:b c".to_owned())));
    assert_eq!(read(Some(&basic("shop:a%3Ab+c")), ""), with_secret);
    assert_eq!(read(Some(&basic("shop:a%3Ab+c")), "client_id=shop"), with_secret);
    assert_eq!(read(None, "client_id=shop&client_secret=a:b+c"), with_secret);
    assert_eq!(read(None, "client_id=shop"), Ok(("shop".to_owned(), None)));
    assert_eq!(read(Some(&basic("shop:")), ""), Ok(("shop".to_owned(), None)));
    let name = b"bAsIc c2hvcDp4";
    assert_eq!(read(Some(name), ""), Ok(("shop".to_owned(), Some("x".to_owned()))));
}

#[test]
fn an_assertion_names_its_client() {
    let assertion = assertion();
    assert_eq!(read(None, &assertion), Ok(("shop".to_owned(), None)));
    assert_eq!(read(None, &format!("client_id=shop&{assertion}")), Ok(("shop".to_owned(), None)));
    let other = format!("client_id=other&{assertion}");
    assert_eq!(read(None, &other), Err(Code::InvalidRequest));
    let unknown = assertion.replace("jwt-bearer", "saml2-bearer");
    assert_eq!(read(None, &unknown), Err(Code::InvalidClient));
    for half in assertion.split('&') {
        assert_eq!(read(None, half), Err(Code::InvalidRequest), "{half}");
    }
    let nameless = format!("client_assertion_type={JWT_BEARER}&client_assertion=e30.e30.x");
    assert_eq!(read(None, &nameless), Err(Code::InvalidClient));
}

#[test]
fn two_ways_at_once_are_refused() {
    let (header, assertion) = (basic("shop:x"), assertion());
    assert!(read(Some(&header), "").is_ok());
    for body in ["client_secret=x", "client_id=other", &assertion] {
        assert_eq!(read(Some(&header), body), Err(Code::InvalidRequest), "{body}");
    }
    let both = format!("client_id=shop&client_secret=x&{assertion}");
    assert_eq!(read(None, &both), Err(Code::InvalidRequest));
    // A name without a secret is a way too, once something else is there.
    let name = basic("shop:");
    assert_eq!(read(Some(&name), "client_secret=x"), Err(Code::InvalidRequest));
}

#[test]
fn who_cannot_be_read_is_nobody() {
    for header in ["Bearer abc", "Basic", "Basic !!!", "Basic c2hvcA==", "Basic c2hvcDp4="] {
        let read = read(Some(header.as_bytes()), "client_id=shop");
        assert_eq!(read, Err(Code::InvalidClient), "{header}");
    }
    assert_eq!(read(Some(&basic("sh%op:x")), ""), Err(Code::InvalidClient));
    assert_eq!(read(None, ""), Err(Code::InvalidClient));
    assert_eq!(read(None, "client_id=a+b"), Err(Code::InvalidClient));
}

#[test]
fn what_is_looked_at_is_what_the_client_registered_and_nothing_else() {
    use AuthenticationMethod as Method;

    let header = basic("shop:x");
    let assertion = assertion();
    let brought = [
        claimed(None, "client_id=shop").unwrap(),
        claimed(Some(&header), "").unwrap(),
        claimed(None, "client_id=shop&client_secret=x").unwrap(),
        claimed(None, &assertion).unwrap(),
    ];
    let text = assertion.rsplit_once('=').unwrap().1;
    let (secret, signed) = (Some(Check::Secret("x")), Some(Check::Assertion(text)));
    for (method, confidential, expected) in [
        (Method::Unsaid, false, [Some(Check::Nothing), secret, secret, None]),
        (Method::Unsaid, true, [None, secret, secret, None]),
        (Method::None, false, [Some(Check::Nothing), None, None, None]),
        (Method::ClientSecretBasic, true, [None, secret, None, None]),
        (Method::ClientSecretPost, true, [None, None, secret, None]),
        (Method::PrivateKeyJwt, false, [None, None, None, signed]),
        (Method::TlsClientAuth, false, [Some(Check::CertificateByName), None, None, None]),
        (Method::SelfSignedTlsClientAuth, false, [Some(Check::CertificateByKey), None, None, None]),
    ] {
        let client = client_with(method, confidential);
        for (claimed, expected) in brought.iter().zip(expected) {
            let check = claimed.check(&client);
            let code = check.as_ref().err().map(|error| error.code);
            assert_eq!(check.ok(), expected, "{method:?}");
            assert!(code.is_none_or(|code| code == Code::InvalidClient), "{method:?}");
        }
    }
}

#[test]
fn a_secret_does_not_print() {
    let claimed = claimed(None, "client_id=shop&client_secret=hunter2").unwrap();
    assert!(!format!("{claimed:?}").contains("hunter2"));
    let client = client_with(AuthenticationMethod::ClientSecretPost, true);
    assert_eq!(format!("{:?}", claimed.check(&client).unwrap()), "Secret(..)");
}

proptest! {
    #[test]
    fn no_header_breaks_the_reader(bytes: Vec<u8>, valid: bool) {
        let header = if valid { [b"Basic ", STANDARD.encode(&bytes).as_bytes()].concat() } else { bytes };
        let _ = Claimed::read(Some(&header), &Form::parse(b"").unwrap());
    }
}

fn client_with(method: AuthenticationMethod, confidential: bool) -> Client {
    let mut client = scene::client();
    client.registration.method = method;
    client.authentication.truncate(usize::from(confidential));
    client
}
