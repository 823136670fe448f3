//! One issuer, one audience, one key; and a forge that signs any header over any bytes.

use std::sync::{Arc, LazyLock};

use cloakroom_jose::{
    Algorithm, Algorithms, Error, Expectations, HmacKey, Jwk, SigningKey, TrustedKeys, Verified,
    VerifyingKey, base64url,
};
use serde_json::Value;

pub(crate) const ISSUER: &str = "https://issuer.example";
pub(crate) const AUDIENCE: &str = "https://api.example";
pub(crate) const NOW: u64 = 1_800_000_000;

/// A key for each algorithm, made once for the whole run, since RSA keys take their time.
static KEYS: LazyLock<Vec<(Arc<SigningKey>, TrustedKeys)>> = LazyLock::new(|| {
    Algorithm::ALL
        .into_iter()
        .map(|algorithm| {
            if algorithm.is_symmetric() {
                let secret = HmacKey::new(algorithm, "shared", AUDIENCE, &[7; 64]).unwrap();
                let keys = TrustedKeys::default().with_secret(secret.clone()).unwrap();
                (Arc::new(SigningKey::from(&secret)), keys)
            } else {
                let key = SigningKey::generate(algorithm).unwrap();
                let keys = trusting(&key);
                (Arc::new(key), keys)
            }
        })
        .collect()
});

pub(crate) fn key(algorithm: Algorithm) -> (Arc<SigningKey>, TrustedKeys) {
    KEYS.iter().find(|(key, _)| key.algorithm() == algorithm).cloned().unwrap()
}

/// The set of this one key, by way of the JSON that would be published.
pub(crate) fn trusting(key: &SigningKey) -> TrustedKeys {
    let jwk = Jwk::from_json(key.public_jwk().unwrap().to_json().as_bytes()).unwrap();
    TrustedKeys::new([VerifyingKey::from_jwk(&jwk, Algorithms::ASYMMETRIC).unwrap()]).unwrap()
}

pub(crate) fn expect() -> Expectations {
    Expectations::new(ISSUER, AUDIENCE, "at+jwt")
}

pub(crate) fn claims() -> String {
    format!(
        r#"{{"iss":"{ISSUER}","sub":"user","aud":"{AUDIENCE}","exp":{},"nbf":{NOW},"iat":{NOW},"jti":"1","scope":"read"}}"#,
        NOW + 600
    )
}

pub(crate) fn header(key: &SigningKey) -> String {
    format!(r#"{{"typ":"at+jwt","alg":"{}","kid":"{}"}}"#, key.algorithm(), key.kid())
}

/// Signs any header over any payload.
pub(crate) fn forge(
    key: &SigningKey,
    header: impl AsRef<[u8]>,
    payload: impl AsRef<[u8]>,
) -> String {
    let header = base64url::encode(header.as_ref());
    sign_encoded(key, &format!("{header}.{}", base64url::encode(payload.as_ref())))
}

/// Signs parts that are encoded already, in whatever way.
pub(crate) fn sign_encoded(key: &SigningKey, signed: &str) -> String {
    let signature = key.signature(signed.as_bytes()).unwrap();
    format!("{signed}.{}", base64url::encode(&signature))
}

/// A good token as the tests of refusals start from, after it was seen to be accepted.
pub(crate) struct Good {
    pub(crate) key: Arc<SigningKey>,
    pub(crate) keys: TrustedKeys,
    pub(crate) header: String,
    pub(crate) claims: String,
}

impl Good {
    pub(crate) fn signed_with(algorithm: Algorithm) -> Self {
        let (key, keys) = key(algorithm);
        let good = Self { header: header(&key), claims: claims(), key, keys };
        good.verify(&good.token(), &expect()).unwrap();
        good
    }

    pub(crate) fn ed25519() -> Self {
        Self::signed_with(Algorithm::Ed25519)
    }

    pub(crate) fn token(&self) -> String {
        forge(&self.key, &self.header, &self.claims)
    }

    /// What comes of the token with another header, signed anew by the true key.
    pub(crate) fn with_header(&self, header: &str) -> Result<Verified<Value>, Error> {
        self.verify(&forge(&self.key, header, &self.claims), &expect())
    }

    /// What comes of the token with something more in its header, signed anew by the true key.
    pub(crate) fn with_header_member(&self, member: &str) -> Result<Verified<Value>, Error> {
        self.with_header(&self.header.replacen('{', &format!("{{{member},"), 1))
    }

    /// What comes of the token with other claims, signed anew by the true key.
    pub(crate) fn with_claims(&self, claims: impl AsRef<[u8]>) -> Result<Verified<Value>, Error> {
        self.verify(&forge(&self.key, &self.header, claims), &expect())
    }

    /// What comes of the token with one claim written differently, signed anew by the true key.
    pub(crate) fn with_claim(&self, before: &str, after: &str) -> Result<Verified<Value>, Error> {
        assert!(self.claims.contains(before), "{before} is in the claims");
        self.with_claims(self.claims.replacen(before, after, 1))
    }

    pub(crate) fn verify(
        &self,
        token: &str,
        expect: &Expectations,
    ) -> Result<Verified<Value>, Error> {
        self.keys.verify(token, expect, NOW)
    }
}
