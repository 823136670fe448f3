//! RFC 8037 Appendix A.1 to A.5.

use cloakroom_jose::{Algorithm, SigningKey};

use super::{public, signature_of, verifies};

const PRIVATE: &str = r#"{"kty":"OKP","crv":"Ed25519",
    "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
const TOKEN: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

#[test]
fn the_example_is_signed_alike() {
    let key = SigningKey::from_private_jwk(Algorithm::EdDsa, PRIVATE.as_bytes()).unwrap();
    let (signed, signature) = signature_of(TOKEN);
    assert_eq!(key.signature(signed.as_bytes()).unwrap(), signature);
    // A.3: the thumbprint, which is the name of a key without one.
    assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn the_example_verifies_under_both_names() {
    let public = public(
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
    );
    verifies(&public, Algorithm::EdDsa, TOKEN);
    verifies(&public, Algorithm::Ed25519, TOKEN);
}
