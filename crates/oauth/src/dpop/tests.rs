use std::sync::LazyLock;

use cloakroom_jose::{Algorithm, SigningKey};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const URL: &str = "https://id.example/oauth/token";
const REQUEST: Request<'static> = Request { method: "POST", url: URL, access_token: None };
/// RFC 9449 §7.1's own token and its digest.
const TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
const ATH: &str = "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo";

static KEY: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::generate(Algorithm::Es256).unwrap());
static NONCES: LazyLock<Nonces> = LazyLock::new(|| Nonces::derive(&[1; 32]));

#[test]
fn a_proof_for_this_request_tells_the_thumbprint_of_its_key() {
    let proved = verify_claims(&claims()).unwrap();
    assert_eq!(proved.thumbprint, KEY.public_jwk().unwrap().thumbprint());
    assert_eq!(proved.mark.until, NOW.plus(AGE).plus(Duration::from_secs(1)));
}

#[test]
fn the_example_of_the_specification_is_read() {
    // RFC 9449 §4.1.
    let proof = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0Rs\
                 cEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.\
                 eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0\
                 IjoxNTYyMjYyNjE2fQ.\
                 2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
    let request = Request { url: "https://server.example.com/token", ..REQUEST };
    let now = Timestamp::from_seconds(1_562_262_620);
    let proved = verify(proof, &request, Freshness::Stated(&NONCES), ALGORITHMS, now).unwrap();
    assert_eq!(proved.thumbprint, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
}

#[test]
fn a_proof_for_another_request_is_refused() {
    for (claim, value) in [
        ("htm", json!("GET")),
        ("htm", json!("post")),
        ("htu", json!("https://api.example/oauth/token")),
        ("htu", json!("https://id.example/oauth/par")),
        ("jti", json!("")),
        ("jti", json!("x".repeat(256))),
        ("jti", json!(1)),
        ("iat", json!(1_800_000_031)),
        ("iat", json!(1_799_999_879)),
        ("iat", json!(-1)),
        ("iat", json!(1e300)),
        ("iat", json!("1800000000")),
        ("ath", json!(7)),
    ] {
        let mut claims = claims();
        claims[claim] = value.clone();
        let refused = verify_claims(&claims).unwrap_err();
        assert_eq!(refused.code, Code::InvalidDpopProof, "{claim}: {value}");
    }
    for claim in ["htm", "htu", "jti", "iat"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(claim);
        assert_eq!(verify_claims(&claims).unwrap_err().code, Code::InvalidDpopProof, "{claim}");
    }
    for iat in [json!(1_800_000_030), json!(1_799_999_880), json!(1_799_999_990.5)] {
        let mut claims = claims();
        claims["iat"] = iat.clone();
        assert!(verify_claims(&claims).is_ok(), "{iat}");
    }
}

#[test]
fn a_proof_beside_a_token_is_for_that_token() {
    let request = Request { access_token: Some(TOKEN), ..REQUEST };
    let with = |ath: Value| {
        let mut claims = claims();
        claims["ath"] = ath;
        verify(&sign(&claims), &request, Freshness::Stated(&NONCES), ALGORITHMS, NOW)
    };
    assert!(with(json!(ATH)).is_ok());
    for ath in [Value::Null, json!(""), json!(&ATH[1..]), json!(format!("{ATH}="))] {
        assert_eq!(with(ath.clone()).unwrap_err().code, Code::InvalidDpopProof, "{ath}");
    }
    let other = Request { access_token: Some("other"), ..REQUEST };
    let mut claims = claims();
    claims["ath"] = json!(ATH);
    assert!(verify(&sign(&claims), &other, Freshness::Stated(&NONCES), ALGORITHMS, NOW).is_err());
}

#[test]
fn a_nonce_is_asked_for_and_a_stale_one_is_never_accepted() {
    let with = |nonce: Option<String>, freshness| {
        let mut claims = claims();
        claims["nonce"] = json!(nonce);
        verify(&sign(&claims), &REQUEST, freshness, ALGORITHMS, NOW).map_err(|error| error.code)
    };
    let (stated, proved) = (Freshness::Stated(&NONCES), Freshness::Proved(&NONCES));
    let fresh = Some(NONCES.current(NOW));
    let stale = Some(NONCES.current(NOW.minus(Duration::from_mins(5))));
    assert!(with(None, stated).is_ok());
    assert_eq!(with(None, proved), Err(Code::UseDpopNonce));
    for freshness in [stated, proved] {
        assert!(with(fresh.clone(), freshness).is_ok());
        for bad in [stale.clone(), Some(String::new()), Some("x".into())] {
            assert_eq!(with(bad, freshness), Err(Code::UseDpopNonce));
        }
    }
}

#[test]
fn the_same_proof_has_the_same_mark_and_another_keys_has_another() {
    let mark = |key: &SigningKey| {
        let proof = sign_with(key, &claims());
        verify(&proof, &REQUEST, Freshness::Stated(&NONCES), ALGORITHMS, NOW).unwrap().mark
    };
    assert_eq!(mark(&KEY), mark(&KEY));
    assert_ne!(mark(&KEY), mark(&SigningKey::generate(Algorithm::Es256).unwrap()));
}

#[test]
fn a_proof_holds_the_key_it_shows_and_no_other() {
    let proved = verify_claims(&claims()).unwrap();
    assert!(proved.holds(&Confirmation::Key(proved.thumbprint.clone())));
    assert!(!proved.holds(&Confirmation::Key("other".into())));
    // The thumbprint of a certificate is made of something else, whatever its letters are.
    assert!(!proved.holds(&Confirmation::Certificate(proved.thumbprint.clone())));
}

#[test]
fn a_bound_token_stands_in_a_scheme_of_its_own() {
    assert_eq!(token(b"DPoP a.b~c="), Ok(Some("a.b~c=")));
    assert_eq!(token(b"dpop  a.b.c"), Ok(Some("a.b.c")));
    for other in [&b"Bearer a.b.c"[..], b"DPoPa.b.c", b"Basic YTpi", b""] {
        assert_eq!(token(other), Ok(None));
    }
    for malformed in [&b"DPoP"[..], b"DPoP ", b"DPoP a b", b"DPoP \xff"] {
        assert_eq!(token(malformed).unwrap_err().code, Code::InvalidRequest);
    }
}

#[test]
fn one_header_holds_one_proof() {
    let none: [&[u8]; 0] = [];
    assert_eq!(only(none.into_iter()), Ok(None));
    assert_eq!(only([&b" a.b.c "[..]].into_iter()), Ok(Some("a.b.c")));
    for lines in [vec![&b"a.b.c"[..], b"a.b.c"], vec![&b"\xff"[..]]] {
        let refused = only(lines.into_iter()).unwrap_err();
        assert_eq!(refused.code, Code::InvalidDpopProof);
    }
}

#[test]
fn a_challenge_says_what_was_wrong_and_what_may_sign() {
    assert!(
        Challenge { refused: None, needs: Needs::Nothing, accept: ALGORITHMS }
            .to_string()
            .starts_with("DPoP algs=\"Ed25519 EdDSA ES256")
    );
    let error = Error::new(Code::UseDpopNonce, "a \"quoted\"\nword");
    let written =
        Challenge { refused: Some(&error), needs: Needs::Nothing, accept: ALGORITHMS }.to_string();
    let expected = r#"DPoP error="use_dpop_nonce", error_description="a quotedword", algs="Ed"#;
    assert!(written.starts_with(expected), "{written}");
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in "\\PC*|([A-Za-z0-9_-]{0,60}\\.){2}[A-Za-z0-9_-]*") {
        prop_assert!(verify(&text, &REQUEST, Freshness::Stated(&NONCES), ALGORITHMS, NOW).is_err());
    }

    #[test]
    fn a_proof_is_accepted_exactly_while_it_is_young(offset in -400..400_i64) {
        let mut claims = claims();
        claims["iat"] = json!(1_800_000_000 + offset);
        prop_assert_eq!(verify_claims(&claims).is_ok(), (-120..=30).contains(&offset));
    }
}

fn claims() -> Value {
    json!({"jti": "1", "htm": "POST", "htu": URL, "iat": 1_800_000_000})
}

fn sign(claims: &Value) -> String {
    sign_with(&KEY, claims)
}

fn sign_with(key: &SigningKey, claims: &Value) -> String {
    let jwk = key.public_jwk().unwrap().to_json();
    let header = format!(r#"{{"typ":"dpop+jwt","alg":"{}","jwk":{jwk}}}"#, key.algorithm());
    let header = base64url::encode(header.as_bytes());
    let signed = format!("{header}.{}", base64url::encode(claims.to_string().as_bytes()));
    let signature = key.signature(signed.as_bytes()).unwrap();
    format!("{signed}.{}", base64url::encode(&signature))
}

fn verify_claims(claims: &Value) -> Result<Proved, Error> {
    verify(&sign(claims), &REQUEST, Freshness::Stated(&NONCES), ALGORITHMS, NOW)
}
