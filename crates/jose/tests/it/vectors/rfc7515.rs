//! RFC 7515 Appendix A.1 to A.5.

use cloakroom_jose::{Algorithm, Error, Expectations, HmacKey, SigningKey, TrustedKeys, base64url};
use serde_json::Value;

use super::{public, signature_of, verifies};

const CLAIMS: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const EXP: u64 = 1_300_819_380;

/// The examples have neither `kid` nor `aud`.
fn joe() -> Expectations {
    Expectations::new("joe", "", "").untyped().key_id_optional().danger_any_audience()
}

#[test]
fn a1_hs256() {
    let token = format!(
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{CLAIMS}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    );
    let secret = base64url::decode(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    )
    .unwrap();
    let key = HmacKey::new(Algorithm::Hs256, "a1", "", &secret).unwrap();
    let (signed, signature) = signature_of(&token);
    assert!(key.verifies(signed.as_bytes(), &signature));
    assert_eq!(SigningKey::from(&key).signature(signed.as_bytes()).unwrap(), signature);
    assert!(!key.verifies(&signed.as_bytes()[1..], &signature));
    assert!(!key.verifies(signed.as_bytes(), &signature[..31]));
    // Through the front door it needs an audience, which the example lacks.
    let keys = TrustedKeys::default().with_secret(key).unwrap();
    assert_eq!(keys.verify::<Value>(&token, &joe(), EXP - 1).unwrap_err(), Error::Audience);
}

const A2_PRIVATE: &str = r#"{"kty":"RSA",
 "n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
 "e":"AQAB",
 "d":"Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ",
 "p":"4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc",
 "q":"uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc",
 "dp":"BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu1R6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0",
 "dq":"h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0ajaHF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU",
 "qi":"IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U"}"#;

#[test]
fn a2_rs256() {
    let token = format!(
        "eyJhbGciOiJSUzI1NiJ9.{CLAIMS}.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
    );
    let key = SigningKey::from_private_jwk(Algorithm::Rs256, A2_PRIVATE.as_bytes()).unwrap();
    let (signed, signature) = signature_of(&token);
    assert_eq!(key.signature(signed.as_bytes()).unwrap(), signature);
    let public = public(&key.public_jwk().unwrap().to_json());
    verifies(&public, Algorithm::Rs256, &token);
    let keys = TrustedKeys::new([public]).unwrap();
    let verified = keys.verify::<Value>(&token, &joe(), EXP - 1).unwrap();
    assert_eq!(verified.claims()["http://example.com/is_root"], true);
    assert_eq!(keys.verify::<Value>(&token, &joe(), EXP).unwrap_err(), Error::Expired);
}

#[test]
fn a3_es256() {
    let token = format!(
        "eyJhbGciOiJFUzI1NiJ9.{CLAIMS}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    );
    let jwk = r#"{"kty":"EC","crv":"P-256",
        "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
    let public = public(jwk);
    verifies(&public, Algorithm::Es256, &token);
    let keys = TrustedKeys::new([public]).unwrap();
    keys.verify::<Value>(&token, &joe(), EXP - 1).unwrap();
    let d = r#"{"d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI","#;
    let private = jwk.replacen('{', d, 1);
    let key = SigningKey::from_private_jwk(Algorithm::Es256, private.as_bytes()).unwrap();
    let (signed, _) = signature_of(&token);
    let again = base64url::encode(&key.signature(signed.as_bytes()).unwrap());
    keys.verify::<Value>(&format!("{signed}.{again}"), &joe(), EXP - 1).unwrap();
}

#[test]
fn a4_es512() {
    let token = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";
    let public = public(
        r#"{"kty":"EC","crv":"P-521",
        "x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
        "y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"}"#,
    );
    verifies(&public, Algorithm::Es512, token);
    // The payload is text, and no claims.
    let keys = TrustedKeys::new([public]).unwrap();
    assert_eq!(keys.verify::<Value>(token, &joe(), 0).unwrap_err(), Error::NotJson);
}

#[test]
fn a5_none_is_refused() {
    let token = format!("eyJhbGciOiJub25lIn0.{CLAIMS}.");
    let key = SigningKey::generate(Algorithm::Ed25519).unwrap();
    let keys = crate::fixture::trusting(&key);
    assert_eq!(keys.verify::<Value>(&token, &joe(), 0).unwrap_err(), Error::AlgorithmUnknown);
}
