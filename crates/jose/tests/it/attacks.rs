//! Forgeries that worked somewhere once. Each starts from a token that is accepted.

use cloakroom_jose::{
    Algorithm, Algorithms, Error, HmacKey, KeyError, SigningKey, TrustedKeys, VerifyingKey,
    base64url,
};
use serde_json::Value;

use crate::fixture::{AUDIENCE, Good, NOW, expect, forge, sign_encoded, trusting};

#[test]
fn a_token_without_a_signature_is_refused() {
    let good = Good::ed25519();
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let header = good.header.replace("Ed25519", none);
        let unsigned = format!(
            "{}.{}.",
            base64url::encode(header.as_bytes()),
            base64url::encode(good.claims.as_bytes())
        );
        assert_eq!(good.verify(&unsigned, &expect()).unwrap_err(), Error::AlgorithmUnknown);
        assert_eq!(good.with_header(&header).unwrap_err(), Error::AlgorithmUnknown);
    }
    let token = good.token();
    let (signed, _) = token.rsplit_once('.').unwrap();
    assert_eq!(good.verify(&format!("{signed}."), &expect()).unwrap_err(), Error::Signature);
}

#[test]
fn an_rsa_key_is_no_hmac_secret() {
    let good = Good::signed_with(Algorithm::Rs256);
    let jwk = good.key.public_jwk().unwrap();
    let header = good.header.replace("RS256", "HS256");
    // The forger takes what everybody can have of the public key as the secret.
    let der = good.key.to_pkcs8().unwrap();
    for secret in
        [jwk.to_json().into_bytes(), jwk.thumbprint().into_bytes(), der.as_bytes().to_vec()]
    {
        let secret = HmacKey::new(Algorithm::Hs256, good.key.kid(), AUDIENCE, &secret).unwrap();
        let forged = forge(&SigningKey::from(&secret), &header, &good.claims);
        assert_eq!(good.verify(&forged, &expect()).unwrap_err(), Error::AlgorithmNotAllowed);
    }
    // Nor can the key be made to accept HMAC by whoever sets up the verifier.
    let hmac = Algorithms::of(&[Algorithm::Hs256]);
    assert_eq!(VerifyingKey::from_jwk(&jwk, hmac).unwrap_err(), KeyError::NoAlgorithm);
}

#[test]
fn a_key_in_the_header_is_not_used() {
    let good = Good::ed25519();
    let thief = SigningKey::generate(Algorithm::Ed25519).unwrap();
    let jwk = thief.public_jwk().unwrap().to_json();
    let header = good.header.replacen('{', &format!(r#"{{"jwk":{jwk},"#), 1);
    let forged = forge(&thief, &header, &good.claims);
    assert_eq!(good.verify(&forged, &expect()).unwrap_err(), Error::KeyInHeader("jwk"));
    // Even where the true key signed it: nobody who expects such a header should get used to it.
    assert_eq!(good.with_header(&header).unwrap_err(), Error::KeyInHeader("jwk"));
}

#[test]
fn an_address_of_keys_in_the_header_is_not_followed() {
    let good = Good::ed25519();
    for (member, name) in [
        (r#""jku":"https://thief.example/jwks.json""#, "jku"),
        (r#""x5u":"https://thief.example/cert.pem""#, "x5u"),
        (r#""x5c":["MIIB"]"#, "x5c"),
        (r#""jku":null"#, "jku"),
        // The name in other letters.
        (r#""\u006aku":"https://thief.example/jwks.json""#, "jku"),
    ] {
        assert_eq!(good.with_header_member(member).unwrap_err(), Error::KeyInHeader(name));
    }
}

#[test]
fn a_strange_kid_is_just_not_found() {
    let good = Good::ed25519();
    let long = "k".repeat(600);
    for kid in [
        "../../../dev/null",
        "/proc/self/environ",
        "' OR '1'='1",
        "x' UNION SELECT 'secret",
        "https://thief.example/key",
        r"\u0000",
        "",
        long.as_str(),
    ] {
        let header = good.header.replace(good.key.kid(), kid);
        assert_eq!(good.with_header(&header).unwrap_err(), Error::KeyUnknown, "{kid}");
    }
    let header = good.header.replace(good.key.kid(), &"k".repeat(5_000));
    assert_eq!(good.with_header(&header).unwrap_err(), Error::TooLong);
    for kid in ["null", "7", "[]", "{}", "true"] {
        let header = good.header.replace(&format!("\"{}\"", good.key.kid()), kid);
        assert_eq!(good.with_header(&header).unwrap_err(), Error::HeaderMalformed("kid"), "{kid}");
    }
}

#[test]
fn a_kid_is_a_name_and_not_a_proof() {
    let good = Good::ed25519();
    let thief = SigningKey::generate(Algorithm::Ed25519).unwrap();
    let forged = forge(&thief, &good.header, &good.claims);
    assert_eq!(good.verify(&forged, &expect()).unwrap_err(), Error::Signature);
}

#[test]
fn a_missing_kid_is_refused_unless_one_key_is_all_there_is() {
    let good = Good::ed25519();
    let token = forge(&good.key, r#"{"typ":"at+jwt","alg":"Ed25519"}"#, &good.claims);
    assert_eq!(good.verify(&token, &expect()).unwrap_err(), Error::KeyIdMissing);
    let relaxed = expect().key_id_optional();
    good.verify(&token, &relaxed).unwrap();
    let other = SigningKey::generate(Algorithm::Ed25519).unwrap().public_jwk().unwrap();
    let other = VerifyingKey::from_jwk(&other, Algorithms::ALL).unwrap();
    let two = good.keys.clone().with(other).unwrap();
    assert_eq!(two.verify::<Value>(&token, &relaxed, NOW).unwrap_err(), Error::KeyIdMissing);
    let none = TrustedKeys::default();
    assert_eq!(none.verify::<Value>(&token, &relaxed, NOW).unwrap_err(), Error::KeyIdMissing);
}

#[test]
fn another_type_is_refused() {
    let good = Good::ed25519();
    for typ in ["JWT", "id+jwt", "logout+jwt", "at+jwt2", "at", "", "text/at+jwt", "application/at"]
    {
        let header = good.header.replace("at+jwt", typ);
        assert_eq!(good.with_header(&header).unwrap_err(), Error::Type, "{typ}");
    }
    for typ in ["AT+JWT", "application/at+jwt", "Application/AT+jwt"] {
        good.with_header(&good.header.replace("at+jwt", typ)).unwrap();
    }
}

#[test]
fn a_missing_type_is_refused() {
    let good = Good::ed25519();
    let header = good.header.replace(r#""typ":"at+jwt","#, "");
    assert_eq!(good.with_header(&header).unwrap_err(), Error::Type);
    let header = good.header.replace(r#""at+jwt""#, "null");
    assert_eq!(good.with_header(&header).unwrap_err(), Error::HeaderMalformed("typ"));
}

#[test]
fn an_untyped_verifier_takes_no_typed_token() {
    let good = Good::ed25519();
    let untyped = expect().untyped();
    assert_eq!(good.verify(&good.token(), &untyped).unwrap_err(), Error::Type);
    for header in
        [good.header.replace("at+jwt", "JWT"), good.header.replace(r#""typ":"at+jwt","#, "")]
    {
        good.verify(&forge(&good.key, header, &good.claims), &untyped).unwrap();
    }
}

#[test]
fn an_algorithm_that_is_not_the_keys_is_refused() {
    for algorithm in Algorithm::ALL {
        let good = Good::signed_with(algorithm);
        for other in Algorithm::ALL {
            let header = good.header.replace(algorithm.name(), other.name());
            let verified = good.with_header(&header);
            if other == algorithm {
                verified.unwrap();
            } else {
                assert_eq!(
                    verified.unwrap_err(),
                    Error::AlgorithmNotAllowed,
                    "{algorithm}, {other}"
                );
            }
        }
    }
}

#[test]
fn an_algorithm_that_the_verifier_does_not_expect_is_refused() {
    let good = Good::ed25519();
    let only = |algorithm| expect().algorithms(Algorithms::of(&[algorithm]));
    good.verify(&good.token(), &only(Algorithm::Ed25519)).unwrap();
    let refused = good.verify(&good.token(), &only(Algorithm::Es256)).unwrap_err();
    assert_eq!(refused, Error::AlgorithmNotAllowed);
}

#[test]
fn an_unknown_algorithm_is_refused() {
    let good = Good::ed25519();
    for alg in [r#""ed25519""#, r#""ES256K""#, r#""HS1""#, r#""RSA-OAEP""#] {
        let header = good.header.replace(r#""Ed25519""#, alg);
        assert_eq!(good.with_header(&header).unwrap_err(), Error::AlgorithmUnknown, "{alg}");
    }
    for alg in ["null", "7", r#"["Ed25519"]"#] {
        let header = good.header.replace(r#""Ed25519""#, alg);
        assert_eq!(good.with_header(&header).unwrap_err(), Error::HeaderMalformed("alg"), "{alg}");
    }
    let header = good.header.replace(r#""alg":"Ed25519","#, "");
    assert_eq!(good.with_header(&header).unwrap_err(), Error::AlgorithmUnknown);
}

#[test]
fn an_unknown_extension_is_refused() {
    let good = Good::ed25519();
    for member in [
        r#""crit":["exp"],"exp":1"#,
        r#""crit":["http://example.com/UNDEFINED"],"http://example.com/UNDEFINED":true"#,
        r#""crit":[]"#,
        r#""crit":null"#,
    ] {
        let refused = good.with_header_member(member).unwrap_err();
        assert_eq!(refused, Error::CriticalHeader, "{member}");
    }
    // RFC 7515 §4: what is unknown and not critical is ignored.
    good.with_header_member(r#""x-note":{"any":[1]}"#).unwrap();
}

#[test]
fn an_unencoded_payload_is_refused() {
    let good = Good::ed25519();
    for member in [r#""b64":false,"crit":["b64"]"#, r#""b64":false"#, r#""b64":true"#] {
        let header = good.header.replacen('{', &format!("{{{member},"), 1);
        // RFC 7797 §3: the payload is signed as it is.
        let signed = format!("{}.{}", base64url::encode(header.as_bytes()), "claims");
        let token = sign_encoded(&good.key, &signed);
        assert_eq!(good.verify(&token, &expect()).unwrap_err(), Error::CriticalHeader);
        assert_eq!(good.with_header(&header).unwrap_err(), Error::CriticalHeader);
    }
}

#[test]
fn a_header_member_that_appears_twice_is_refused() {
    let good = Good::ed25519();
    for member in
        [r#""alg":"none""#, r#""alg":"Ed25519""#, r#""\u0061lg":"none""#, r#""x":1,"x":1"#]
    {
        let refused = good.with_header_member(member).unwrap_err();
        assert_eq!(refused, Error::DuplicateMember, "{member}");
    }
}

#[test]
fn a_claim_that_appears_twice_is_refused_at_every_level() {
    let good = Good::ed25519();
    for more in [
        r#""sub":"admin""#,
        r#""s\u0075b":"admin""#,
        r#""own":1,"own":2"#,
        r#""own":{"a":1,"a":1}"#,
        r#""own":[{"b":{"a":1,"c":2,"a":1}}]"#,
    ] {
        let claims = good.claims.replacen('{', &format!("{{{more},"), 1);
        assert_eq!(good.with_claims(claims).unwrap_err(), Error::DuplicateMember, "{more}");
    }
    // The same name in different objects is something else.
    good.with_claim("{", r#"{"own":{"sub":{"sub":1},"a":[{"sub":1},{"sub":1}]},"#).unwrap();
}

#[test]
fn an_oversized_token_is_refused_before_it_is_decoded() {
    let good = Good::ed25519();
    let padded = |length: usize| {
        let claims = good.claims.replacen('{', &format!(r#"{{"pad":"{}","#, "p".repeat(length)), 1);
        forge(&good.key, &good.header, claims)
    };
    good.verify(&padded(10_000), &expect()).unwrap();
    assert_eq!(good.verify(&padded(13_000), &expect()).unwrap_err(), Error::TooLong);
    let exact = good.token();
    good.verify(&exact, &expect().max_bytes(exact.len())).unwrap();
    let refused = good.verify(&exact, &expect().max_bytes(exact.len() - 1)).unwrap_err();
    assert_eq!(refused, Error::TooLong);
    // It is not even looked at.
    assert_eq!(good.verify(&"!".repeat(20_000), &expect()).unwrap_err(), Error::TooLong);
}

#[test]
fn deep_nesting_is_refused() {
    let good = Good::ed25519();
    let nested = |depth: usize| {
        good.claims.replacen(
            '{',
            &format!(r#"{{"own":{}{},"#, "[".repeat(depth), "]".repeat(depth)),
            1,
        )
    };
    good.with_claims(nested(15)).unwrap();
    assert_eq!(good.with_claims(nested(16)).unwrap_err(), Error::TooDeep);
    assert_eq!(good.with_claims(nested(5_000)).unwrap_err(), Error::TooDeep);
    good.with_header_member(r#""x":[[[1]]]"#).unwrap();
    assert_eq!(good.with_header_member(r#""x":[[[[1]]]]"#).unwrap_err(), Error::TooDeep);
}

#[test]
fn a_second_spelling_of_base64_is_refused() {
    let good = Good::ed25519();
    let token = good.token();
    // 64 bytes of signature leave four bits behind the last one; the claims here leave two or four as well.
    let last = token.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let place = alphabet.find(last).unwrap();
    let other = &alphabet[place + 1..place + 2];
    let respelled = format!("{}{other}", &token[..token.len() - 1]);
    assert_eq!(good.verify(&respelled, &expect()).unwrap_err(), Error::Base64);
    assert_eq!(good.verify(&format!("{token}=="), &expect()).unwrap_err(), Error::Base64);

    // In header and claims such a spelling is only found by someone who has the key.
    let [header, claims] =
        [&good.header, &good.claims].map(|part| base64url::encode(part.as_bytes()));
    for signed in [
        format!("{header}=.{claims}"),
        format!("{header}.{claims}="),
        format!("{header}.{claims}=="),
        format!("{header}.{}", claims.replacen('J', "+", 1)),
        format!("{header}.{}", claims.replacen('J', "/", 1)),
    ] {
        let token = sign_encoded(&good.key, &signed);
        assert_eq!(good.verify(&token, &expect()).unwrap_err(), Error::Base64, "{signed}");
    }
    let claims = base64url::encode(format!("{} ", good.claims).as_bytes());
    let claims = match claims.len() % 4 {
        0 => base64url::encode(good.claims.as_bytes()),
        _ => claims,
    };
    let place = alphabet.find(claims.chars().last().unwrap()).unwrap();
    let respelled =
        format!("{header}.{}{}", &claims[..claims.len() - 1], &alphabet[place + 1..place + 2]);
    good.verify(&sign_encoded(&good.key, &format!("{header}.{claims}")), &expect()).unwrap();
    let refused = good.verify(&sign_encoded(&good.key, &respelled), &expect()).unwrap_err();
    assert_eq!(refused, Error::Base64);
}

#[test]
fn white_space_is_refused() {
    let good = Good::ed25519();
    let token = good.token();
    for spaced in [
        format!(" {token}"),
        format!("{token} "),
        format!("{token}\n"),
        format!("{token}\r\n"),
        format!("\t{token}"),
        token.replace('.', ". "),
        token.replace('.', "\n."),
        format!("\u{feff}{token}"),
        format!("{token}\0"),
    ] {
        assert_eq!(good.verify(&spaced, &expect()).unwrap_err(), Error::Base64, "{spaced:?}");
    }
}

#[test]
fn other_than_three_parts_are_refused() {
    let good = Good::ed25519();
    let token = good.token();
    for parts in [
        String::new(),
        ".".into(),
        "a".into(),
        token.replacen('.', "", 1),
        token.replace('.', ""),
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.{token}"),
        "a.b.c.d.e".into(),
    ] {
        assert_eq!(good.verify(&parts, &expect()).unwrap_err(), Error::NotCompact, "{parts}");
    }
    assert_eq!(good.verify("..", &expect()).unwrap_err(), Error::NotJson);
}

#[test]
fn bytes_that_are_not_text_are_refused() {
    let good = Good::ed25519();
    let mut claims = good.claims.replace("user", "us?r").into_bytes();
    let at = claims.iter().position(|byte| *byte == b'?').unwrap();
    good.with_claims(&claims).unwrap();
    claims[at] = 0xFF;
    assert_eq!(good.with_claims(&claims).unwrap_err(), Error::NotJson);
    let mut header = good.header.replacen('{', r#"{"x":"?","#, 1).into_bytes();
    let at = header.iter().position(|byte| *byte == b'?').unwrap();
    header[at] = 0xC0;
    let token = forge(&good.key, &header, &good.claims);
    assert_eq!(good.verify(&token, &expect()).unwrap_err(), Error::NotJson);
}

#[test]
fn claims_that_are_not_one_object_are_refused() {
    let good = Good::ed25519();
    for claims in ["", "[]", "null", "\"text\"", "7", "{", "{}{}", "{},", "{\"iss\":}", "{'iss':1}"]
    {
        assert_eq!(good.with_claims(claims).unwrap_err(), Error::NotJson, "{claims}");
    }
    good.with_claims(format!(" \t\r\n{} \n", good.claims)).unwrap();
    assert_eq!(good.with_claims(format!("{}x", good.claims)).unwrap_err(), Error::NotJson);
    assert_eq!(good.with_claims(format!("\u{feff}{}", good.claims)).unwrap_err(), Error::NotJson);
    assert_eq!(good.with_header("[]").unwrap_err(), Error::NotJson);
}

#[test]
fn an_ecdsa_signature_in_der_is_refused() {
    let good = Good::signed_with(Algorithm::Es256);
    let token = good.token();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = base64url::decode(signature).unwrap();
    let integer = |number: &[u8]| {
        let start = number.iter().position(|byte| *byte != 0).unwrap();
        let mut bytes = number[start..].to_vec();
        if bytes[0] & 0x80 != 0 {
            bytes.insert(0, 0);
        }
        [&[2, u8::try_from(bytes.len()).unwrap()], &bytes[..]].concat()
    };
    let (r, s) = signature.split_at(32);
    let body = [integer(r), integer(s)].concat();
    let der = [&[0x30, u8::try_from(body.len()).unwrap()], &body[..]].concat();
    let forged = format!("{signed}.{}", base64url::encode(&der));
    assert_eq!(good.verify(&forged, &expect()).unwrap_err(), Error::Signature);
}

#[test]
fn an_ecdsa_signature_of_zeros_is_refused() {
    for (algorithm, length) in
        [(Algorithm::Es256, 64), (Algorithm::Es384, 96), (Algorithm::Es512, 132)]
    {
        let good = Good::signed_with(algorithm);
        let token = good.token();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = base64url::decode(signature).unwrap();
        assert_eq!(signature.len(), length);
        let half = vec![0; length / 2];
        for psychic in [
            vec![0; length],
            [&half, &signature[length / 2..]].concat(),
            [&signature[..length / 2], &half].concat(),
            vec![0xFF; length],
            Vec::new(),
        ] {
            let forged = format!("{signed}.{}", base64url::encode(&psychic));
            assert_eq!(good.verify(&forged, &expect()).unwrap_err(), Error::Signature);
        }
    }
}

#[test]
fn a_signature_of_another_length_is_refused() {
    for algorithm in Algorithm::ALL {
        let good = Good::signed_with(algorithm);
        let token = good.token();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = base64url::decode(signature).unwrap();
        for other in [
            &signature[..signature.len() - 1],
            &signature[1..],
            &signature[..1],
            &[&signature[..], &[0]].concat(),
            &[&[0], &signature[..]].concat(),
            &[&signature[..], &signature[..]].concat(),
        ] {
            let forged = format!("{signed}.{}", base64url::encode(other));
            assert_eq!(
                good.verify(&forged, &expect()).unwrap_err(),
                Error::Signature,
                "{algorithm}"
            );
        }
    }
}

#[test]
fn a_shared_secret_serves_its_one_audience_alone() {
    let good = Good::signed_with(Algorithm::Hs256);
    let both = r#""aud":["https://api.example","https://other.example"]"#;
    let refused = good.with_claim(r#""aud":"https://api.example""#, both).unwrap_err();
    assert_eq!(refused, Error::Audience);
    let other =
        forge(&good.key, &good.header, good.claims.replace(AUDIENCE, "https://other.example"));
    let expect_both = expect().or_audience("https://other.example");
    assert_eq!(good.verify(&other, &expect_both).unwrap_err(), Error::Audience);
    let any = expect().danger_any_audience();
    assert_eq!(good.verify(&other, &any).unwrap_err(), Error::Audience);
    // A key pair may sign for both: its verifiers can't sign for each other.
    Good::ed25519().with_claim(r#""aud":"https://api.example""#, both).unwrap();
}

#[test]
fn a_key_that_says_nothing_of_its_algorithm_gets_only_what_the_verifier_accepts() {
    let good = Good::signed_with(Algorithm::Ps256);
    let jwk = good.key.public_jwk().unwrap().to_json().replace(r#""alg":"PS256","#, "");
    let jwk = cloakroom_jose::Jwk::from_json(jwk.as_bytes()).unwrap();
    let keys = |accept| TrustedKeys::new([VerifyingKey::from_jwk(&jwk, accept).unwrap()]).unwrap();
    let ps = keys(Algorithms::of(&[Algorithm::Ps256]));
    ps.verify::<Value>(&good.token(), &expect(), NOW).unwrap();
    let rs = keys(Algorithms::of(&[Algorithm::Rs256]));
    let refused = rs.verify::<Value>(&good.token(), &expect(), NOW).unwrap_err();
    assert_eq!(refused, Error::AlgorithmNotAllowed);
}

#[test]
fn a_key_of_another_issuers_set_is_unknown() {
    let good = Good::ed25519();
    let other = trusting(&SigningKey::generate(Algorithm::Ed25519).unwrap());
    assert_eq!(
        other.verify::<Value>(&good.token(), &expect(), NOW).unwrap_err(),
        Error::KeyUnknown
    );
}
