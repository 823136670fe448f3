//! Proofs that a key is held, by those who do not hold it; and tokens that would like to be read as proofs.

use cloakroom_jose::{Algorithm, Algorithms, DpopProof, Error, Expectations, SigningKey};
use serde_json::Value;

use crate::fixture::{AUDIENCE, Good, ISSUER, NOW, forge, key, trusting};

const CLAIMS: &str = r#"{"jti":"1","htm":"POST","htu":"https://issuer.example/token","iat":1}"#;

#[test]
fn a_proof_is_good_under_the_key_it_brings() {
    for algorithm in Algorithms::ASYMMETRIC.iter() {
        let (key, _) = key(algorithm);
        let proof = verify(&forge(&key, header(&key), CLAIMS)).unwrap();
        assert_eq!(proof.claims()["htm"], "POST", "{algorithm}");
        assert_eq!(proof.key().thumbprint(), key.public_jwk().unwrap().thumbprint());
    }
}

#[test]
fn a_stolen_key_cannot_be_shown_without_its_private_half() {
    let (holder, thief) = (generate(), generate());
    assert!(verify(&forge(&holder, header(&holder), CLAIMS)).is_ok());
    assert_eq!(verify(&forge(&thief, header(&holder), CLAIMS)).unwrap_err(), Error::Signature);
    let proof = forge(&holder, header(&holder), CLAIMS);
    let (signed, _) = proof.rsplit_once('.').unwrap();
    assert_eq!(verify(&format!("{signed}.")).unwrap_err(), Error::Signature);
}

#[test]
fn a_proof_without_a_usable_key_is_refused() {
    let key = generate();
    let jwk = key.public_jwk().unwrap().to_json();
    let private = key.to_private_jwk().unwrap();
    for other in [
        private.as_str(),
        r#"{"kty":"oct","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U"}"#,
        r#"{"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
        &jwk.replace(r#""use":"sig""#, r#""use":"enc""#),
        "{}",
        "null",
        r#""https://thief.example/key""#,
    ] {
        let header = header(&key).replace(&jwk, other);
        assert_eq!(verify(&forge(&key, &header, CLAIMS)).unwrap_err(), Error::ProofKey, "{other}");
    }
    let without = header(&key).replace(&format!(r#","jwk":{jwk}"#), "");
    assert_eq!(verify(&forge(&key, without, CLAIMS)).unwrap_err(), Error::ProofKey);
}

#[test]
fn a_proof_is_signed_as_its_key_can_sign() {
    let key = generate();
    for (alg, why) in [
        ("none", Error::AlgorithmUnknown),
        ("HS256", Error::AlgorithmNotAllowed),
        ("ES256", Error::AlgorithmNotAllowed),
        // The key says that it is for `Ed25519`, the other name of the same thing.
        ("EdDSA", Error::AlgorithmNotAllowed),
    ] {
        let header = header(&key).replacen("\"alg\":\"Ed25519\"", &format!("\"alg\":\"{alg}\""), 1);
        assert_eq!(verify(&forge(&key, header, CLAIMS)).unwrap_err(), why, "{alg}");
    }
    let proof = forge(&key, header(&key), CLAIMS);
    let only = DpopProof::<Value>::verify(&proof, Algorithm::Es256.into());
    assert_eq!(only.unwrap_err(), Error::AlgorithmNotAllowed);
}

#[test]
fn a_shared_secret_proves_nothing_even_where_it_is_asked_for() {
    let (secret, _) = key(Algorithm::Hs256);
    let header = r#"{"typ":"dpop+jwt","alg":"HS256","jwk":{"kty":"oct","k":"BwcH"}}"#;
    let proof = forge(&secret, header, CLAIMS);
    let all = DpopProof::<Value>::verify(&proof, Algorithms::ALL);
    assert_eq!(all.unwrap_err(), Error::AlgorithmNotAllowed);
}

#[test]
fn nothing_else_is_read_as_a_proof() {
    let key = generate();
    for typ in ["at+jwt", "JWT", "dpop", "dbsc+jwt", ""] {
        let header = header(&key).replace("dpop+jwt", typ);
        assert_eq!(verify(&forge(&key, header, CLAIMS)).unwrap_err(), Error::Type, "{typ}");
    }
    let untyped = header(&key).replace(r#""typ":"dpop+jwt","#, "");
    assert_eq!(verify(&forge(&key, untyped, CLAIMS)).unwrap_err(), Error::Type);
    let token = Good::ed25519().token();
    assert_eq!(verify(&token).unwrap_err(), Error::ProofKey);
}

#[test]
fn a_proof_is_no_token_even_where_its_key_is_trusted() {
    let key = generate();
    let claims = format!(r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","exp":{}}}"#, NOW + 60);
    let proof = forge(&key, header(&key), claims);
    assert!(verify(&proof).is_ok());
    let expect = Expectations::new(ISSUER, AUDIENCE, "dpop+jwt").key_id_optional();
    let refused = trusting(&key).verify::<Value>(&proof, &expect, NOW).unwrap_err();
    assert_eq!(refused, Error::KeyInHeader("jwk"));
}

#[test]
fn a_proof_is_read_as_strictly_as_a_token() {
    let key = generate();
    for (member, why) in [
        (r#""jku":"https://thief.example/jwks.json""#, Error::KeyInHeader("jku")),
        (r#""x5c":["MIIB"]"#, Error::KeyInHeader("x5c")),
        (r#""x5u":"https://thief.example/cert.pem""#, Error::KeyInHeader("x5u")),
        (r#""crit":["exp"],"exp":1"#, Error::CriticalHeader),
        (r#""b64":false"#, Error::CriticalHeader),
        (r#""jwk":null"#, Error::DuplicateMember),
        (r#""x":{"a":1,"a":2}"#, Error::DuplicateMember),
    ] {
        let header = header(&key).replacen('{', &format!("{{{member},"), 1);
        assert_eq!(verify(&forge(&key, header, CLAIMS)).unwrap_err(), why, "{member}");
    }
    for (claims, why) in [
        (r#"{"jti":"1","jti":"2"}"#, Error::DuplicateMember),
        (r#"{"jti":7}"#, Error::ClaimMalformed("jti")),
        (r#"{"iat":"1"}"#, Error::ClaimMalformed("iat")),
        ("[]", Error::NotJson),
        ("{", Error::NotJson),
    ] {
        assert_eq!(verify(&forge(&key, header(&key), claims)).unwrap_err(), why, "{claims}");
    }
    let proof = forge(&key, header(&key), CLAIMS);
    for bad in [format!("{proof}="), format!(" {proof}"), proof.replace('.', ".."), String::new()] {
        assert!(verify(&bad).is_err(), "{bad}");
    }
    assert_eq!(verify(&format!("{proof}{}", "A".repeat(4096))).unwrap_err(), Error::TooLong);
}

fn generate() -> SigningKey {
    SigningKey::generate(Algorithm::Ed25519).unwrap()
}

fn header(key: &SigningKey) -> String {
    let jwk = key.public_jwk().unwrap().to_json();
    format!(r#"{{"typ":"dpop+jwt","alg":"{}","jwk":{jwk}}}"#, key.algorithm())
}

fn verify(proof: &str) -> Result<DpopProof<Value>, Error> {
    DpopProof::verify(proof, Algorithms::ASYMMETRIC)
}
