//! What holds for every key and every token.

use cloakroom_jose::{Algorithm, Expectations, Signer};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixture::{AUDIENCE, Good, ISSUER, NOW, expect, key};

fn algorithms() -> impl Strategy<Value = Algorithm> {
    proptest::sample::select(Algorithm::ALL.to_vec())
}

/// Signs and is verified with the same claims.
fn round_trip(algorithm: Algorithm, claims: &Value) {
    let (key, keys) = key(algorithm);
    let token = Signer::new(key, "at+jwt").sign(claims).unwrap();
    let expect = expect().max_bytes(1 << 20);
    assert_eq!(keys.verify::<Value>(&token, &expect, NOW).unwrap().claims(), claims);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_signed_verifies_with_the_same_claims(
        algorithm in algorithms(),
        subject in any::<String>(),
        lifetime in 1..1_000_000_u64,
        own in proptest::collection::hash_map("[a-z_]{4,8}", any::<String>(), 0..20),
    ) {
        let mut claims = json!({"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "exp": NOW + lifetime});
        for (name, value) in own {
            claims[name] = value.into();
        }
        round_trip(algorithm, &claims);
    }

    #[test]
    fn no_text_upsets_the_verifier(algorithm in algorithms(), text in "[ -~.]{0,200}|\\PC{0,50}") {
        let (_, keys) = key(algorithm);
        keys.verify::<Value>(&text, &expect(), NOW).unwrap_err();
    }

    #[test]
    fn a_damaged_token_is_refused(
        algorithm in algorithms(),
        at in any::<prop::sample::Index>(),
        with in any::<char>(),
    ) {
        let good = Good::signed_with(algorithm);
        let token = good.token();
        let at = at.index(token.len());
        let mut damaged = token[..at].to_owned();
        damaged.push(with);
        damaged.push_str(&token[at + 1..]);
        prop_assume!(damaged != token);
        good.verify(&damaged, &expect()).unwrap_err();
    }

    #[test]
    fn times_are_compared_exactly(
        exp in NOW - 5..NOW + 5, nbf in NOW - 5..NOW + 5, iat in NOW - 5..NOW + 5, leeway in 0..5_u32,
    ) {
        let (key, keys) = key(Algorithm::Hs256);
        let claims = json!({"iss": ISSUER, "aud": AUDIENCE, "exp": exp, "nbf": nbf, "iat": iat});
        let token = Signer::new(key, "at+jwt").sign(&claims).unwrap();
        let expect: Expectations = expect().leeway_seconds(leeway);
        let leeway = u64::from(leeway);
        let valid = NOW < exp + leeway && nbf <= NOW + leeway && iat <= NOW + leeway;
        assert_eq!(keys.verify::<Value>(&token, &expect, NOW).is_ok(), valid);
    }
}

#[test]
fn every_single_bit_counts() {
    for algorithm in Algorithm::ALL {
        let good = Good::signed_with(algorithm);
        let token = good.token();
        for place in 0..token.len() {
            for bit in 0..7 {
                let mut bytes = token.clone().into_bytes();
                bytes[place] ^= 1 << bit;
                // Seven bits of an ASCII character stay ASCII.
                let damaged = String::from_utf8(bytes).unwrap();
                let verdict = good.verify(&damaged, &expect());
                assert!(verdict.is_err(), "{algorithm}: bit {bit} of character {place}");
            }
        }
    }
}
