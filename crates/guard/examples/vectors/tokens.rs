//! `tokens.json`: tokens as they are presented, and who they are from or why they are refused.

use cloakroom_jose::{Algorithm, HmacKey, SigningKey, base64url};
use serde_json::{Value, json};

const ISSUER: &str = "https://id.example.com";
const AUDIENCE: &str = "https://api.example.com";
const NOW: u64 = 1_800_000_000;
const USER: &str = "019aa1f2-6c1e-7d10-a1f5-0b8f1b2d3c4d";
const SESSION: &str = "019aa1f2-6c1e-7d10-a1f5-222222222222";
const GRANT: &str = "019aa1f2-6c1e-7d10-a1f5-333333333333";
const TOKEN: &str = "019aa1f2-6c1e-7d10-a1f5-111111111111";
const CLIENT: &str = "shop-mobile";
const URL: &str = "https://api.example.com/orders";

/// RFC 8037 Appendix A.1.
const ED25519: &str = r#"{"kty":"OKP","crv":"Ed25519",
    "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

/// RFC 7515 Appendix A.3.1.
const P256: &str = r#"{"kty":"EC","crv":"P-256",
    "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    "d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#;

/// RFC 7515 Appendix A.2.1.
const RSA: &str = r#"{"kty":"RSA",
    "n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
    "e":"AQAB",
    "d":"Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ",
    "p":"4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc",
    "q":"uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc",
    "dp":"BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu1R6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0",
    "dq":"h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0ajaHF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU",
    "qi":"IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U"}"#;

/// A signature with this curve is another one each time, so this one was made once.
const BY_P256: &str = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImtleS0zIiwidHlwIjoiYXQrand0In0.eyJhY3IiOiJhYWwxIiwiYW1yIjpbInB3ZCJdLCJhdWQiOiJodHRwczovL2FwaS5leGFtcGxlLmNvbSIsImF1dGhfdGltZSI6MTc5OTk5OTk0MCwiY2xpZW50X2lkIjoic2hvcC1tb2JpbGUiLCJleHAiOjE4MDAwMDA2MDAsImdyYW50X2lkIjoiMDE5YWExZjItNmMxZS03ZDEwLWExZjUtMzMzMzMzMzMzMzMzIiwiaWF0IjoxODAwMDAwMDAwLCJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIiwianRpIjoiMDE5YWExZjItNmMxZS03ZDEwLWExZjUtMTExMTExMTExMTExIiwicm9sZXMiOlsic3RhZmYiXSwic2NvcGUiOiJvcmRlcnM6cmVhZCBvcmRlcnM6d3JpdGUiLCJzaWQiOiIwMTlhYTFmMi02YzFlLTdkMTAtYTFmNS0yMjIyMjIyMjIyMjIiLCJzdWIiOiIwMTlhYTFmMi02YzFlLTdkMTAtYTFmNS0wYjhmMWIyZDNjNGQifQ.KyotYmGw_x8ABPF1YUqa8Sii_9DGGnWeF_Kul5Nnvlj11e5p0wlgYPnAnxnH4yYh_GN7yUjQkPY-T-9sQzK8wA";

/// The seed of a key that is nobody's: 32 sevens.
const STRANGER: [u8; 32] = [7; 32];

/// What the file holds.
pub(crate) fn all() -> Value {
    let keys = Keys::new();
    let mut cases = good(&keys);
    cases.extend(attacks(&keys));
    cases.extend(wrong_claims(&keys));
    cases.extend(wrong_forms(&keys));
    cases.extend(bound(&keys));
    cases.extend(by_the_feed(&keys));
    let public = [&keys.ed25519, &keys.rsa, &keys.p256].map(|key| {
        let mut jwk: Value = serde_json::from_str(&key.public_jwk().unwrap().to_json()).unwrap();
        jwk["alg"] = key.algorithm().name().into();
        jwk
    });
    json!({
        "issuer": ISSUER,
        "audiences": [AUDIENCE, "orders"],
        "origin": AUDIENCE,
        "leeway_seconds": 5,
        "jwks": { "keys": public },
        "cases": cases,
    })
}

struct Keys {
    ed25519: SigningKey,
    rsa: SigningKey,
    p256: SigningKey,
    stranger: SigningKey,
}

impl Keys {
    fn new() -> Self {
        let read = |algorithm, jwk: &str, kid: &str| {
            SigningKey::from_private_jwk(algorithm, jwk.as_bytes()).unwrap().with_kid(kid)
        };
        // RFC 8410 §7.
        let stranger =
            [&b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"[..], &STRANGER]
                .concat();
        Self {
            ed25519: read(Algorithm::Ed25519, ED25519, "key-1"),
            rsa: read(Algorithm::Rs256, RSA, "key-2"),
            p256: read(Algorithm::Es256, P256, "key-3"),
            stranger: SigningKey::from_pkcs8(Algorithm::Ed25519, &stranger)
                .unwrap()
                .with_kid("key-1"),
        }
    }
}

/// Claims as Cloakroom writes them.
fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": USER, "aud": AUDIENCE, "client_id": CLIENT,
        "exp": NOW + 600, "iat": NOW, "jti": TOKEN, "scope": "orders:read orders:write",
        "sid": SESSION, "grant_id": GRANT, "auth_time": NOW - 60, "acr": "aal1", "amr": ["pwd"],
        "roles": ["staff"],
    })
}

/// Who they are from.
fn identity() -> Value {
    json!({
        "user": USER, "session": SESSION, "client": CLIENT, "scopes": ["orders:read", "orders:write"],
        "roles": ["staff"], "acr": "aal1", "amr": ["pwd"], "authenticated_at": NOW - 60,
        "carrier": "bearer", "expires_at": NOW + 600,
    })
}

/// An object with some members changed; those that become null are taken out of claims.
fn with(mut object: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else { panic!("changes are an object") };
    let members = object.as_object_mut().unwrap();
    for (name, value) in changes {
        members.insert(name, value);
    }
    object
}

fn claims_with(changes: Value) -> Value {
    let mut claims = with(claims(), changes);
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

fn header(key: &SigningKey) -> Value {
    json!({ "typ": "at+jwt", "alg": key.algorithm().name(), "kid": key.kid() })
}

fn signed(key: &SigningKey, claims: &Value) -> String {
    forged(key, &header(key).to_string(), &claims.to_string())
}

/// Any header over any payload, signed.
fn forged(key: &SigningKey, header: &str, payload: &str) -> String {
    let (header, payload) =
        (base64url::encode(header.as_bytes()), base64url::encode(payload.as_bytes()));
    sign_encoded(key, &format!("{header}.{payload}"))
}

fn sign_encoded(key: &SigningKey, text: &str) -> String {
    let signature = key.signature(text.as_bytes()).unwrap();
    format!("{text}.{}", base64url::encode(&signature))
}

/// A token in the scheme `Bearer`, and what comes of it.
fn case(name: &str, token: String, outcome: Value) -> Value {
    with(json!({ "name": name, "now": NOW, "scheme": "Bearer", "token": token }), outcome)
}

fn is(identity: Value) -> Value {
    json!({ "identity": identity })
}

fn refused(reason: &str) -> Value {
    json!({ "refused": reason })
}

/// Refused by a rule that is stricter than what a usual library asks.
fn strictly(reason: &str) -> Value {
    json!({ "refused": reason, "strict": true })
}

fn good(keys: &Keys) -> Vec<Value> {
    let key = &keys.ed25519;
    let ok = |name, changes, expected| {
        case(name, signed(key, &claims_with(changes)), is(with(identity(), expected)))
    };
    let header =
        |changes| forged(key, &with(header(key), changes).to_string(), &claims().to_string());
    let at = |name, token, now: u64| with(case(name, token, is(identity())), json!({ "now": now }));
    vec![
        case("a user's token, by Ed25519", signed(key, &claims()), is(identity())),
        case("a user's token, by RS256", signed(&keys.rsa, &claims()), is(identity())),
        case("a user's token, by ES256", BY_P256.to_owned(), is(identity())),
        ok(
            "a guest's token",
            json!({ "sub": format!("guest:{SESSION}"), "auth_time": null, "acr": null, "amr": null, "roles": null }),
            json!({ "user": null, "authenticated_at": null, "acr": null, "amr": [], "roles": [] }),
        ),
        ok(
            "a client's own token",
            json!({ "sub": format!("client:{CLIENT}"), "sid": null, "grant_id": null, "auth_time": null, "acr": null, "amr": null, "roles": null }),
            json!({ "user": null, "session": null, "authenticated_at": null, "acr": null, "amr": [], "roles": [] }),
        ),
        ok(
            "a client's own token, where its name stands alone",
            json!({ "sub": CLIENT, "sid": null }),
            json!({ "user": null, "session": null }),
        ),
        ok("a grant without a session", json!({ "sid": null }), json!({ "session": null })),
        ok("an audience among others", json!({ "aud": ["x", "orders"] }), json!({})),
        ok(
            "claims that nobody knows",
            json!({ "x": { "y": [1, 2.5e3, null, "\u{e9}"] } }),
            json!({}),
        ),
        ok(
            "no claim that may be missing",
            json!({ "client_id": null, "jti": null, "scope": null, "sid": null, "grant_id": null, "auth_time": null, "acr": null, "amr": null, "roles": null, "iat": null }),
            json!({ "session": null, "client": null, "scopes": [], "roles": [], "acr": null, "amr": [], "authenticated_at": null }),
        ),
        ok(
            "another provider's azp in the place of client_id",
            json!({ "client_id": null, "azp": CLIENT }),
            json!({}),
        ),
        ok(
            "an exchanged token whose origins live",
            json!({ "came_from": [{ "kind": "token", "id": "t-1" }] }),
            json!({}),
        ),
        case(
            "the long form of the type",
            header(json!({ "typ": "application/at+jwt" })),
            is(identity()),
        ),
        case("the type in other letters", header(json!({ "typ": "AT+JWT" })), is(identity())),
        case("a header parameter that nobody knows", header(json!({ "x": 1 })), is(identity())),
        at("expired within the leeway", signed(key, &claims()), NOW + 604),
        at("from the future within the leeway", signed(key, &claims()), NOW - 5),
        ok("valid since now", json!({ "nbf": NOW }), json!({})),
    ]
}

fn attacks(keys: &Keys) -> Vec<Value> {
    let key = &keys.ed25519;
    let good = signed(key, &claims());
    let (text, signature) = good.rsplit_once('.').unwrap();
    let (encoded_header, _) = text.split_once('.').unwrap();
    let header =
        |changes| forged(key, &with(header(key), changes).to_string(), &claims().to_string());
    let unsigned = base64url::encode(
        json!({ "typ": "at+jwt", "alg": "none", "kid": "key-1" }).to_string().as_bytes(),
    );
    let payload = base64url::encode(claims().to_string().as_bytes());
    let other =
        base64url::encode(claims_with(json!({ "sub": "somebody-else" })).to_string().as_bytes());
    let public = key.public_jwk().unwrap();
    let jwk: Value = serde_json::from_str(&public.to_json()).unwrap();
    // The public key as a shared secret: the oldest confusion (RFC 8725 §2.1).
    let secret =
        HmacKey::new(Algorithm::Hs256, "key-1", AUDIENCE, public.to_json().as_bytes()).unwrap();
    let confused = forged(
        &SigningKey::from(&secret),
        r#"{"typ":"at+jwt","alg":"HS256","kid":"key-1"}"#,
        &claims().to_string(),
    );
    let mut bytes = base64url::decode(signature).unwrap();
    bytes[10] ^= 1;
    let changed = format!("{text}.{}", base64url::encode(&bytes));
    bytes.truncate(63);
    let short = format!("{text}.{}", base64url::encode(&bytes));
    vec![
        case(
            "alg none, without a signature",
            format!("{unsigned}.{payload}."),
            refused("algorithm"),
        ),
        case(
            "alg none, with one",
            format!("{unsigned}.{payload}.{signature}"),
            refused("algorithm"),
        ),
        case("alg None", header(json!({ "alg": "None" })), refused("algorithm")),
        case("the public key as a shared secret", confused, refused("algorithm")),
        case(
            "another algorithm than the key's",
            header(json!({ "alg": "RS256" })),
            refused("algorithm"),
        ),
        case("the name of another key", header(json!({ "kid": "key-2" })), refused("algorithm")),
        case("a key that nobody knows", header(json!({ "kid": "key-9" })), refused("unknown_key")),
        case(
            "no name of a key",
            forged(key, r#"{"typ":"at+jwt","alg":"Ed25519"}"#, &claims().to_string()),
            strictly("unknown_key"),
        ),
        case(
            "signed by a stranger under the name of a key",
            signed(&keys.stranger, &claims()),
            refused("signature"),
        ),
        case("a key in the header", header(json!({ "jwk": jwk })), strictly("key_in_header")),
        case(
            "the address of keys in the header",
            header(json!({ "jku": "https://evil.example/keys" })),
            strictly("key_in_header"),
        ),
        case(
            "a certificate in the header",
            header(json!({ "x5c": ["AAAA"] })),
            strictly("key_in_header"),
        ),
        case(
            "the address of a certificate in the header",
            header(json!({ "x5u": "https://evil.example/cert" })),
            strictly("key_in_header"),
        ),
        case(
            "an extension that must be understood",
            header(json!({ "crit": ["x"], "x": 1 })),
            refused("malformed"),
        ),
        case(
            "a payload that is not encoded",
            header(json!({ "crit": ["b64"], "b64": false })),
            refused("malformed"),
        ),
        case("a changed signature", changed, refused("signature")),
        case("a shortened signature", short, refused("signature")),
        case("no signature", format!("{text}."), refused("signature")),
        case(
            "changed claims",
            format!("{encoded_header}.{other}.{signature}"),
            refused("signature"),
        ),
        case(
            "a changed header",
            {
                let header = with(self::header(key), json!({ "x": 1 })).to_string();
                format!("{}.{payload}.{signature}", base64url::encode(header.as_bytes()))
            },
            refused("signature"),
        ),
        case("an ID token", header(json!({ "typ": "JWT" })), refused("type")),
        case(
            "no type",
            forged(key, r#"{"alg":"Ed25519","kid":"key-1"}"#, &claims().to_string()),
            refused("type"),
        ),
        case("a logout token", header(json!({ "typ": "logout+jwt" })), refused("type")),
        case(
            "a proof in the place of a token",
            header(json!({ "typ": "dpop+jwt" })),
            refused("type"),
        ),
    ]
}

fn wrong_claims(keys: &Keys) -> Vec<Value> {
    let key = &keys.ed25519;
    let no = |name, changes, outcome| case(name, signed(key, &claims_with(changes)), outcome);
    let at = |name, now: u64, reason| {
        with(case(name, signed(key, &claims()), refused(reason)), json!({ "now": now }))
    };
    vec![
        no("another issuer", json!({ "iss": "https://evil.example" }), refused("issuer")),
        no(
            "the issuer with a slash more",
            json!({ "iss": format!("{ISSUER}/") }),
            refused("issuer"),
        ),
        no("no issuer", json!({ "iss": null }), refused("issuer")),
        no("another audience", json!({ "aud": "https://shop.example.com" }), refused("audience")),
        no("the issuer's own audience", json!({ "aud": ISSUER }), refused("audience")),
        no(
            "a part of the audience",
            json!({ "aud": "https://api.example.co" }),
            refused("audience"),
        ),
        no("audiences without this one", json!({ "aud": ["a", "b"] }), refused("audience")),
        no("no audience at all", json!({ "aud": [] }), refused("audience")),
        no("no audience claim", json!({ "aud": null }), refused("audience")),
        at("expired on the second", NOW + 605, "expired"),
        no("no expiry", json!({ "exp": null }), refused("malformed")),
        no("an expiry that is text", json!({ "exp": "1800000600" }), refused("malformed")),
        no("not valid yet", json!({ "nbf": NOW + 6 }), refused("not_yet_valid")),
        at("from the future", NOW - 6, "not_yet_valid"),
        no("nobody", json!({ "sub": null }), refused("malformed")),
        no("a number as a name", json!({ "sub": 7 }), refused("malformed")),
        no("roles that are no list", json!({ "roles": "admin" }), refused("malformed")),
        no("a scope that is a number", json!({ "scope": 7 }), refused("malformed")),
        no("a session that is a number", json!({ "sid": 7 }), refused("malformed")),
        no(
            "an origin of a kind that nobody knows",
            json!({ "came_from": [{ "kind": "star", "id": "x" }] }),
            refused("malformed"),
        ),
    ]
}

fn wrong_forms(keys: &Keys) -> Vec<Value> {
    let key = &keys.ed25519;
    let good = signed(key, &claims());
    let (text, signature) = good.rsplit_once('.').unwrap();
    let header = header(key).to_string();
    let twice = claims().to_string().replacen('{', r#"{"sub":"somebody-else","#, 1);
    let hidden = claims().to_string().replacen('{', r#"{"\u0073ub":"somebody-else","#, 1);
    let header_twice = header.replacen('{', r#"{"alg":"none","#, 1);
    let (start, last) = signature.split_at(signature.len() - 1);
    // The last letter of 64 bytes says two bits; a kind decoder reads these as the same.
    let bent = char::from(last.as_bytes()[0] + 1);
    vec![
        case("an encrypted token", format!("{good}.AAAA.AAAA"), refused("malformed")),
        case("two parts", text.to_owned(), refused("malformed")),
        case("no token's text", "x".to_owned(), refused("malformed")),
        case("padding", format!("{good}=="), strictly("malformed")),
        case("bits behind the end", format!("{text}.{start}{bent}"), strictly("malformed")),
        case(
            "the other alphabet",
            {
                let claims = claims_with(json!({ "x": "\u{fb}\u{ff}\u{fe}~~???>>>" }));
                let payload = base64url::encode(claims.to_string().as_bytes())
                    .replace('-', "+")
                    .replace('_', "/");
                sign_encoded(key, &format!("{}.{payload}", base64url::encode(header.as_bytes())))
            },
            strictly("malformed"),
        ),
        case("a claim twice", forged(key, &header, &twice), strictly("malformed")),
        case(
            "a claim twice, once in disguise",
            forged(key, &header, &hidden),
            strictly("malformed"),
        ),
        case(
            "a header parameter twice",
            forged(key, &header_twice, &claims().to_string()),
            strictly("malformed"),
        ),
        case("claims that are a list", forged(key, &header, "[]"), refused("malformed")),
        case("claims that are no JSON", forged(key, &header, "{]"), refused("malformed")),
        case(
            "claims nested too deeply",
            {
                let deep = format!("{}1{}", "[".repeat(40), "]".repeat(40));
                forged(
                    key,
                    &header,
                    &claims().to_string().replacen('{', &format!(r#"{{"x":{deep},"#), 1),
                )
            },
            strictly("malformed"),
        ),
        case(
            "a token that is too long",
            signed(key, &claims_with(json!({ "x": "x".repeat(17_000) }))),
            strictly("malformed"),
        ),
    ]
}

fn bound(keys: &Keys) -> Vec<Value> {
    let key = &keys.ed25519;
    let jkt = keys.stranger.public_jwk().unwrap().thumbprint();
    let bound = signed(key, &claims_with(json!({ "cnf": { "jkt": jkt } })));
    let elsewhere = signed(
        key,
        &claims_with(json!({ "cnf": { "jkt": key.public_jwk().unwrap().thumbprint() } })),
    );
    let plain = signed(key, &claims());
    let by_certificate = signed(key, &claims_with(json!({ "cnf": { "x5t#S256": jkt } })));
    let dpop = |name: &str, token: &str, proof: Option<String>, outcome| {
        let request = json!({ "scheme": "DPoP", "method": "GET", "url": URL, "proof": proof });
        with(case(name, token.to_owned(), outcome), request)
    };
    let proof = |changes| Some(proof(keys, &bound, changes));
    let no_proof = || refused("proof");
    vec![
        dpop(
            "a bound token with its proof",
            &bound,
            proof(json!({})),
            is(with(identity(), json!({ "carrier": "dpop" }))),
        ),
        dpop(
            "a proof whose URL has a query",
            &bound,
            proof(json!({ "htu": format!("{URL}?page=2#x") })),
            is(with(identity(), json!({ "carrier": "dpop" }))),
        ),
        case("a bound token without a proof", bound.clone(), refused("binding")),
        dpop("a bound token whose proof is missing", &bound, None, no_proof()),
        dpop(
            "a token that is bound to another key",
            &elsewhere,
            Some(self::proof(keys, &elsewhere, json!({}))),
            refused("binding"),
        ),
        dpop(
            "a token that is not bound, with a proof",
            &plain,
            Some(self::proof(keys, &plain, json!({}))),
            refused("binding"),
        ),
        case("a token that is bound to a certificate", by_certificate, refused("binding")),
        dpop("a proof for another method", &bound, proof(json!({ "htm": "POST" })), no_proof()),
        dpop(
            "a proof for another place",
            &bound,
            proof(json!({ "htu": "https://api.example.com/other" })),
            no_proof(),
        ),
        dpop(
            "a proof for another token",
            &bound,
            Some(self::proof(keys, &plain, json!({}))),
            no_proof(),
        ),
        dpop("a proof for no token", &bound, proof(json!({ "ath": null })), no_proof()),
        dpop("an old proof", &bound, proof(json!({ "iat": NOW - 121 })), no_proof()),
        dpop("a proof from the future", &bound, proof(json!({ "iat": NOW + 31 })), no_proof()),
        dpop("a proof without a name", &bound, proof(json!({ "jti": null })), no_proof()),
        dpop(
            "a proof of another type",
            &bound,
            Some(proof_with(keys, &bound, json!({}), "JWT")),
            no_proof(),
        ),
        dpop("a proof that is no token", &bound, Some("x".to_owned()), no_proof()),
    ]
}

/// A proof by the stranger's key beside `token`.
fn proof(keys: &Keys, token: &str, changes: Value) -> String {
    proof_with(keys, token, changes, "dpop+jwt")
}

fn proof_with(keys: &Keys, token: &str, changes: Value, typ: &str) -> String {
    let jwk: Value = serde_json::from_str(&keys.stranger.public_jwk().unwrap().to_json()).unwrap();
    let jwk = json!({ "kty": jwk["kty"], "crv": jwk["crv"], "x": jwk["x"] });
    let header = json!({ "typ": typ, "alg": "Ed25519", "jwk": jwk });
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes());
    let ath = base64url::encode(digest.as_ref());
    let mut claims =
        with(json!({ "jti": "p-1", "htm": "GET", "htu": URL, "iat": NOW, "ath": ath }), changes);
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    forged(&keys.stranger, &header.to_string(), &claims.to_string())
}

fn by_the_feed(keys: &Keys) -> Vec<Value> {
    let key = &keys.ed25519;
    let token = || signed(key, &claims());
    let exchanged = signed(
        key,
        &claims_with(
            json!({ "came_from": [{ "kind": "token", "id": "t-1" }, { "kind": "grant", "id": "g-1" }] }),
        ),
    );
    let ended = |kind: &str, id: &str| json!({ "feed": { "ended": [{ "kind": kind, "id": id }] } });
    let after = |name: &str, token: String, feed, outcome| with(case(name, token, outcome), feed);
    let revoked = || refused("revoked");
    vec![
        after("its session ended", token(), ended("session", SESSION), revoked()),
        after("its grant ended", token(), ended("grant", GRANT), revoked()),
        after("its client ended", token(), ended("client", CLIENT), revoked()),
        after("its key ended", token(), ended("key", "key-1"), revoked()),
        after("its user ended", token(), ended("user", USER), revoked()),
        after("it was revoked by its own name", token(), ended("token", TOKEN), revoked()),
        after(
            "a token that it came from was revoked",
            exchanged.clone(),
            ended("token", "t-1"),
            revoked(),
        ),
        after("a grant that it came from ended", exchanged, ended("grant", "g-1"), revoked()),
        after(
            "others ended",
            token(),
            ended("session", "019aa1f2-6c1e-7d10-a1f5-999999999999"),
            is(identity()),
        ),
        after(
            "something else of the same name ended",
            token(),
            ended("grant", SESSION),
            is(identity()),
        ),
        after(
            "its user changed",
            token(),
            json!({ "feed": { "changed": [{ "kind": "user", "id": USER }] } }),
            refused("ask"),
        ),
        after(
            "another user changed",
            token(),
            json!({ "feed": { "changed": [{ "kind": "user", "id": "x" }] } }),
            is(identity()),
        ),
    ]
}
