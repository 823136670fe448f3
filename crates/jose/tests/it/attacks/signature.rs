//! Signatures that are no signatures.

use cloakroom_jose::{Algorithm, Error, base64url};

use crate::fixture::{Good, expect};

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
