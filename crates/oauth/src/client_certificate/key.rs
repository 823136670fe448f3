//! RFC 5280 §4.1.2.7, RFC 5480, RFC 8410, RFC 8017 appendix A.1.1: the public key of a certificate, as a JWK.

use cloakroom_jose::{Jwk, base64url};
use serde_json::{Value, json};
use x509_cert::der::asn1::{ObjectIdentifier, UintRef};
use x509_cert::der::{self, Decode as _, Reader as _, SliceReader};
use x509_cert::spki::SubjectPublicKeyInfoOwned;

const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// The curves: their identifier, their name in a JWK, and the bytes of a coordinate.
const CURVES: &[(ObjectIdentifier, &str, usize)] = &[
    (ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"), "P-256", 32),
    (ObjectIdentifier::new_unwrap("1.3.132.0.34"), "P-384", 48),
    (ObjectIdentifier::new_unwrap("1.3.132.0.35"), "P-521", 66),
];

/// The key, where it is one that a key set can hold. Goes by way of JSON, so that sizes and lengths are judged in one place.
pub(super) fn jwk(info: &SubjectPublicKeyInfoOwned) -> Option<Jwk> {
    let bits = info.subject_public_key.as_bytes()?;
    let members = match info.algorithm.oid {
        ED25519 => json!({"kty": "OKP", "crv": "Ed25519", "x": base64url::encode(bits)}),
        EC => {
            let curve = info.algorithm.parameters.as_ref()?;
            ec(curve.decode_as::<ObjectIdentifier>().ok()?, bits)?
        }
        RSA => rsa(bits).ok()?,
        _ => return None,
    };
    Jwk::from_json(members.to_string().as_bytes()).ok()
}

fn ec(curve: ObjectIdentifier, point: &[u8]) -> Option<Value> {
    let &(_, name, bytes) = CURVES.iter().find(|(oid, ..)| *oid == curve)?;
    // SEC 1 §2.3.3: 4 is an uncompressed point, the only kind that RFC 5480 §2.2 asks everybody to read.
    let (x, y) = point.strip_prefix(&[4])?.split_at_checked(bytes)?;
    let (x, y) = (base64url::encode(x), base64url::encode(y));
    Some(json!({"kty": "EC", "crv": name, "x": x, "y": y}))
}

fn rsa(key: &[u8]) -> der::Result<Value> {
    let mut reader = SliceReader::new(key)?;
    let members = reader.sequence(|numbers| {
        let (n, e) = (UintRef::decode(numbers)?, UintRef::decode(numbers)?);
        let (n, e) = (base64url::encode(n.as_bytes()), base64url::encode(e.as_bytes()));
        Ok::<_, der::Error>(json!({"kty": "RSA", "n": n, "e": e}))
    })?;
    reader.finish()?;
    Ok(members)
}
