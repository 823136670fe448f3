//! The look at a token for which there is no key yet.

use cloakroom_jose::{Algorithm, Error, TrustedKeys, base64url};

use crate::fixture::{AUDIENCE, Good, ISSUER, NOW, expect, forge};

#[test]
fn what_verification_would_accept_is_worth_a_key() {
    for algorithm in [Algorithm::Ed25519, Algorithm::Es256, Algorithm::Rs256] {
        let good = Good::signed_with(algorithm);
        let token = good.token();
        assert!(good.verify(&token, &expect()).is_ok());
        assert_eq!(expect().could_be_met_by(&token, NOW), Ok(()));
        // Whose signature it is, nobody can tell.
        let (signed, _) = token.rsplit_once('.').unwrap();
        let forged = format!("{signed}.{}", base64url::encode(&[7; 64]));
        assert_eq!(expect().could_be_met_by(&forged, NOW), Ok(()));
    }
}

#[test]
fn what_no_key_could_make_good_is_not() {
    let good = Good::ed25519();
    let with_header = |from: &str, to: &str| {
        assert!(good.header.contains(from), "{from}");
        forge(&good.key, good.header.replace(from, to), &good.claims)
    };
    let with_claims = |from: &str, to: &str| {
        assert!(good.claims.contains(from), "{from}");
        forge(&good.key, &good.header, good.claims.replace(from, to))
    };
    let (token, kid) = (good.token(), format!(r#","kid":"{}""#, good.key.kid()));
    let (signed, _) = token.rsplit_once('.').unwrap();
    for (token, why) in [
        (with_header("Ed25519", "none"), Error::AlgorithmUnknown),
        (with_header("at+jwt", "JWT"), Error::Type),
        (with_header(&kid, ""), Error::KeyIdMissing),
        (with_header(r#""alg""#, r#""jwk":{},"alg""#), Error::KeyInHeader("jwk")),
        (with_header(r#""alg""#, r#""crit":[],"alg""#), Error::CriticalHeader),
        (with_claims(ISSUER, "https://other.example"), Error::Issuer),
        (with_claims(AUDIENCE, "https://other.example"), Error::Audience),
        (with_claims("1800000600", "1800000000"), Error::Expired),
        (with_claims(r#""nbf":1800000000"#, r#""nbf":1800000001"#), Error::NotYetValid),
        (with_claims(r#""jti":"1""#, r#""jti":1"#), Error::ClaimMalformed("jti")),
        (with_claims(r#""jti":"1""#, r#""iss":"1""#), Error::DuplicateMember),
        (format!("{signed}."), Error::Signature),
        (format!("{token}="), Error::Base64),
        (format!("{token}.a.b"), Error::NotCompact),
        ("a".repeat(20_000), Error::TooLong),
    ] {
        assert_eq!(expect().could_be_met_by(&token, NOW), Err(why), "{token}");
    }
    let nobody = TrustedKeys::default().verify::<serde_json::Value>(&token, &expect(), NOW);
    assert_eq!(nobody.unwrap_err(), Error::KeyUnknown);
}
