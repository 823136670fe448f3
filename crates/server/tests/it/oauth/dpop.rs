//! Tokens that are bound to a key (`DPoP`, RFC 9449): from the request that asks for them to the one that presents them.

use std::time::Duration;

use cloakroom_jose::{Algorithm, SigningKey};
use cloakroom_model::id::ClientId;
use cloakroom_model::registration::{AuthenticationMethod, Binding};
use cloakroom_testkit::browser::{Answer, request};
use cloakroom_testkit::engine::{ISSUER, PASSWORD};
use cloakroom_testkit::server::Server;
use http::Method;
use serde_json::{Value, json};

use super::keys::{ath, fresh, key, public, sealed, sealed_with_secret, signed};
use super::relying_party::{RelyingParty, ada, claims, walk};

const ASK: (&str, &str) = ("grant_type", "client_credentials");

/// Where tokens are presented.
const PLACES: [&str; 2] = ["/oauth/userinfo", "/api/v1/session"];

#[tokio::test]
async fn a_token_is_bound_to_the_key_that_was_proved_for_it() {
    let server = Server::start().await;
    let (holder, tokens) = holder(&server).await;
    assert_eq!(tokens["token_type"], "DPoP");
    let jkt = holder.thumbprint();
    assert_eq!(claims(&tokens["access_token"])["cnf"], json!({ "jkt": jkt }));
    for path in PLACES {
        holder.get(path, &tokens).await.is(200);
    }
    let service = RelyingParty::with(&server, |new| {
        new.id = Some(ClientId::parse("service").unwrap());
        new.audiences = vec![ISSUER.to_owned()];
    });
    let token = tokens["access_token"].as_str().unwrap();
    let told = service.await.post("/oauth/introspect", &[("token", token)]).await;
    assert_eq!(
        (&told.json()["token_type"], &told.json()["cnf"]),
        (&json!("DPoP"), &json!({ "jkt": jkt }))
    );
}

#[tokio::test]
async fn a_stolen_token_is_worth_nothing_without_its_key() {
    let server = Server::start().await;
    let (holder, tokens) = holder(&server).await;
    let thief = Holder::new(&server);
    let token = tokens["access_token"].as_str().unwrap();
    for path in PLACES {
        let url = format!("{ISSUER}{path}");
        let good = || holder.claims("GET", &url, Some(token));
        let with = |name: &str, value: Value| {
            let mut claims = good();
            claims[name] = value;
            claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            holder.sign(&claims)
        };
        let proof = holder.sign(&good());
        present(&server, path, "DPoP", token, &[&proof]).await.is(200);
        let other = ath("another token");
        for (scheme, proofs, why) in [
            ("Bearer", vec![], "a downgrade"),
            ("Bearer", vec![holder.sign(&good())], "a downgrade beside a proof"),
            ("DPoP", vec![], "no proof"),
            ("DPoP", vec![proof], "a proof that was used"),
            ("DPoP", vec![thief.sign(&thief.claims("GET", &url, Some(token)))], "another key"),
            ("DPoP", vec![with("ath", Value::Null)], "no ath"),
            ("DPoP", vec![with("ath", other.into())], "ath of another token"),
            ("DPoP", vec![with("htm", json!("POST"))], "another method"),
            ("DPoP", vec![with("htu", json!(format!("{ISSUER}/other")))], "another place"),
            ("DPoP", vec![with("htu", json!(format!("https://thief.example{path}")))], "host"),
            ("DPoP", vec![holder.sign(&good()), holder.sign(&good())], "two proofs"),
        ] {
            let proofs: Vec<_> = proofs.iter().map(String::as_str).collect();
            let answer = present(&server, path, scheme, token, &proofs).await;
            assert_eq!(answer.status, 401, "{path}: {why}: {}", answer.text());
            let challenge = challenge(&answer);
            assert!(challenge.contains("algs=\"") && challenge.contains("ES256"), "{challenge}");
            let error = if scheme == "DPoP" && why != "another key" {
                "DPoP error=\"invalid_dpop_proof\""
            } else {
                "error=\"invalid_token\""
            };
            assert!(challenge.contains(error), "{path}: {why}: {challenge}");
        }
        holder.get(path, &tokens).await.is(200);
    }
}

#[tokio::test]
async fn a_token_that_is_bound_to_nothing_is_not_taken_for_a_bound_one() {
    let server = Server::start().await;
    let app = own_audience(&server, |_| ()).await;
    let tokens = app.tokens(&mut ada(&server).await, &[]).await;
    assert_eq!(tokens["token_type"], "Bearer");
    let holder = Holder::new(&server);
    let token = tokens["access_token"].as_str().unwrap();
    for path in PLACES {
        present(&server, path, "Bearer", token, &[]).await.is(200);
        holder.get(path, &tokens).await.is(401);
    }
}

#[tokio::test]
async fn what_is_no_proof_of_a_key_earns_no_token() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let holder = Holder::new(&server);
    let url = format!("{ISSUER}/oauth/token");
    let (header, now) = (holder.header(), server.engine.now().seconds());
    let good = || holder.claims("POST", &url, None);
    let with = |name: &str, value: Value| {
        let mut claims = good();
        claims[name] = value;
        holder.sign(&claims)
    };
    let made = |name: &str, value: Value| {
        let mut header = header.clone();
        header[name] = value;
        signed(&holder.key, &header, &good())
    };
    let proof = holder.sign(&good());
    let first = app.post_beside("/oauth/token", &[ASK], &[("dpop", &proof)]).await;
    assert_eq!(first.is(200).json()["token_type"], "DPoP");
    // A private half, though it is not the key's own: it is refused for being there.
    let mut private = public(&holder.key);
    private["d"] = private["x"].clone();
    let symmetric = json!({ "kty": "oct", "k": "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0ISEhISE" });
    let secret = b"secret secret secret secret!!!!!";
    let mut with_secret = header.clone();
    with_secret["jwk"] = symmetric;
    for (why, proof) in [
        ("it was used", proof),
        ("another method", with("htm", json!("GET"))),
        ("another endpoint", with("htu", json!(format!("{ISSUER}/oauth/par")))),
        ("another server", with("htu", json!("https://thief.example/oauth/token"))),
        ("too old", with("iat", json!(now - 121))),
        ("from the future", with("iat", json!(now + 31))),
        ("no name", with("jti", json!(""))),
        ("another type", made("typ", json!("JWT"))),
        ("a private key", made("jwk", private)),
        ("another key than it was signed with", made("jwk", public(&key()))),
        ("a shared secret", sealed_with_secret(&with_secret, &good(), secret)),
        ("an HMAC under the public key", sealed_with_secret(&header, &good(), secret)),
        ("no signature", sealed(&header, &good(), |_| Vec::new())),
        ("nothing", "x".to_owned()),
    ] {
        let answer = app.post_beside("/oauth/token", &[ASK], &[("dpop", &proof)]).await;
        assert_eq!(answer.status, 400, "{why}: {}", answer.text());
        assert_eq!(answer.json()["error"], "invalid_dpop_proof", "{why}");
    }
    let (one, other) = (holder.sign(&good()), holder.sign(&good()));
    app.post_beside("/oauth/token", &[ASK], &[("dpop", &one), ("dpop", &other)]).await.is(400);
    app.post_beside("/oauth/token", &[ASK], &[("dpop", &one)]).await.is(200);
}

#[tokio::test]
async fn a_stolen_refresh_token_of_a_public_client_is_worth_nothing_without_its_key() {
    let server = Server::start().await;
    let app = own_audience(&server, |new| {
        new.confidential = false;
        new.registration.method = AuthenticationMethod::None;
    })
    .await;
    let (holder, thief) = (Holder::new(&server), Holder::new(&server));
    let code = app.code(&mut ada(&server).await, &[]).await;
    let tokens = holder.redeem(&app, &code).await.is(200).json();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let again = [("grant_type", "refresh_token"), ("refresh_token", refresh)];

    server.clock.go(Duration::from_mins(1));
    let alone = app.post("/oauth/token", &again).await;
    assert_eq!(alone.is(400).json()["error"], "invalid_grant");
    let by_another = thief.post(&app, "/oauth/token", &again).await;
    assert_eq!(by_another.is(400).json()["error"], "invalid_grant");

    let next = holder.post(&app, "/oauth/token", &again).await.is(200).json();
    assert_eq!(next["token_type"], "DPoP");
    holder.get("/oauth/userinfo", &next).await.is(200);
}

#[tokio::test]
async fn a_code_is_for_the_key_that_its_question_named() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let (holder, thief) = (Holder::new(&server), Holder::new(&server));
    let mut browser = ada(&server).await;
    let jkt = holder.thumbprint();
    for pushed in [false, true] {
        let code = if pushed {
            let question = parameters(&app, &[]);
            let answer = holder.post(&app, "/oauth/par", &pairs(&question)).await;
            let name = answer.is(201).json()["request_uri"].as_str().unwrap().to_owned();
            let path = format!("/oauth/authorize?client_id=app&request_uri={name}");
            walk(&mut browser, &path).await.parameters["code"].clone()
        } else {
            app.code(&mut browser, &[("dpop_jkt", &jkt)]).await
        };
        assert_eq!(app.redeem(&code).await.is(400).json()["error"], "invalid_grant");
        let refused = thief.redeem(&app, &code).await;
        assert_eq!(refused.is(400).json()["error"], "invalid_grant");
        assert_eq!(holder.redeem(&app, &code).await.is(200).json()["token_type"], "DPoP");
    }
}

#[tokio::test]
async fn who_pushes_a_question_for_one_key_does_not_prove_another() {
    let server = Server::start().await;
    let app = RelyingParty::new(&server).await;
    let (holder, thief) = (Holder::new(&server), Holder::new(&server));
    let question = parameters(&app, &[("dpop_jkt", &holder.thumbprint())]);
    let refused = thief.post(&app, "/oauth/par", &pairs(&question)).await;
    assert_eq!(refused.is(400).json()["error"], "invalid_dpop_proof");
    holder.post(&app, "/oauth/par", &pairs(&question)).await.is(201);
}

#[tokio::test]
async fn a_client_whose_tokens_are_bound_gets_no_others() {
    let server = Server::start().await;
    let app = own_audience(&server, |new| {
        new.first_party = true;
        new.registration.binding = Binding::Dpop;
    })
    .await;
    let holder = Holder::new(&server);
    let mut browser = ada(&server).await;
    let code = app.code(&mut browser, &[]).await;
    assert_eq!(app.redeem(&code).await.is(400).json()["error"], "invalid_dpop_proof");
    let alone = app.post("/oauth/token", &[ASK]).await;
    assert_eq!(alone.is(400).json()["error"], "invalid_dpop_proof");
    holder.redeem(&app, &code).await.is(200);
    holder.post(&app, "/oauth/token", &[ASK]).await.is(200);

    let wish = json!({
        "identifier": "ada@example.com", "password": PASSWORD, "carry": "token", "client_id": "app",
    });
    server.browser().post("/api/v1/sign-in", &wish).await.is(403);
}

#[tokio::test]
async fn a_nonce_that_is_not_ours_is_answered_with_one_that_is() {
    let server = Server::start().await;
    let (holder, tokens) = holder(&server).await;
    let app = RelyingParty::with(&server, |new| new.id = None).await;
    let url = format!("{ISSUER}/oauth/token");
    let with = |nonce: &str| {
        let mut claims = holder.claims("POST", &url, None);
        claims["nonce"] = json!(nonce);
        holder.sign(&claims)
    };
    let refused = app.post_beside("/oauth/token", &[ASK], &[("dpop", &with("mine"))]).await;
    assert_eq!(refused.is(400).json()["error"], "use_dpop_nonce");
    let nonce = refused.header("dpop-nonce");
    app.post_beside("/oauth/token", &[ASK], &[("dpop", &with(nonce))]).await.is(200);

    let token = tokens["access_token"].as_str().unwrap();
    for path in PLACES {
        let mut claims = holder.claims("GET", &format!("{ISSUER}{path}"), Some(token));
        claims["nonce"] = json!("mine");
        let answer = present(&server, path, "DPoP", token, &[&holder.sign(&claims)]).await;
        assert!(challenge(answer.is(401)).contains("DPoP error=\"use_dpop_nonce\""));
        claims["nonce"] = json!(answer.header("dpop-nonce"));
        claims["jti"] = json!(fresh());
        present(&server, path, "DPoP", token, &[&holder.sign(&claims)]).await.is(200);
    }
}

/// Whoever holds a key.
pub(crate) struct Holder {
    server: Server,
    key: SigningKey,
}

impl Holder {
    pub(crate) fn new(server: &Server) -> Self {
        Self { server: server.clone(), key: key() }
    }

    pub(crate) fn thumbprint(&self) -> String {
        self.key.public_jwk().unwrap().thumbprint()
    }

    fn header(&self) -> Value {
        json!({ "typ": "dpop+jwt", "alg": Algorithm::Es256.name(), "jwk": public(&self.key) })
    }

    fn claims(&self, method: &str, url: &str, token: Option<&str>) -> Value {
        let now = self.server.engine.now().seconds();
        let mut claims = json!({ "jti": fresh(), "htm": method, "htu": url, "iat": now });
        if let Some(token) = token {
            claims["ath"] = json!(ath(token));
        }
        claims
    }

    fn sign(&self, claims: &Value) -> String {
        signed(&self.key, &self.header(), claims)
    }

    /// Posts to an OAuth endpoint as `app`, and proves the key.
    pub(crate) async fn post(
        &self,
        app: &RelyingParty,
        path: &str,
        form: &[(&str, &str)],
    ) -> Answer {
        let proof = self.sign(&self.claims("POST", &format!("{ISSUER}{path}"), None));
        app.post_beside(path, form, &[("dpop", &proof)]).await
    }

    pub(crate) async fn redeem(&self, app: &RelyingParty, code: &str) -> Answer {
        let proof = self.sign(&self.claims("POST", &format!("{ISSUER}/oauth/token"), None));
        app.redeem_beside(code, &[("dpop", &proof)]).await
    }

    /// A proof to present a token with, once.
    pub(crate) fn proof(&self, path: &str, token: &str) -> String {
        self.sign(&self.claims("GET", &format!("{ISSUER}{path}"), Some(token)))
    }

    /// Presents a token as it should be.
    async fn get(&self, path: &str, tokens: &Value) -> Answer {
        let token = tokens["access_token"].as_str().unwrap();
        let proof = self.proof(path, token);
        present(&self.server, path, "DPoP", token, &[&proof]).await
    }
}

/// Somebody who holds a key, and what Ada's sign-in got them.
async fn holder(server: &Server) -> (Holder, Value) {
    let app = own_audience(server, |_| ()).await;
    let holder = Holder::new(server);
    let code = app.code(&mut ada(server).await, &[]).await;
    let tokens = holder.redeem(&app, &code).await.is(200).json();
    (holder, tokens)
}

/// An app whose tokens are for Cloakroom itself.
async fn own_audience(
    server: &Server,
    change: impl FnOnce(&mut cloakroom_engine::clients::NewClient),
) -> RelyingParty {
    RelyingParty::with(server, |new| {
        new.audiences.clear();
        change(new);
    })
    .await
}

async fn present(
    server: &Server,
    path: &str,
    scheme: &str,
    token: &str,
    proofs: &[&str],
) -> Answer {
    let mut request = request(Method::GET, path, axum::body::Body::empty());
    let headers = request.headers_mut();
    headers.insert("authorization", format!("{scheme} {token}").parse().unwrap());
    for proof in proofs {
        headers.append("dpop", proof.parse().unwrap());
    }
    server.browser().send(request).await
}

/// All challenges of an answer.
fn challenge(answer: &Answer) -> String {
    let lines = answer.headers.get_all("www-authenticate").iter();
    lines.map(|line| line.to_str().unwrap()).collect::<Vec<_>>().join(", ")
}

/// A question's parameters.
fn parameters(app: &RelyingParty, with: &[(&str, &str)]) -> Vec<(String, String)> {
    let text = app.parameters(with);
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

fn pairs(parameters: &[(String, String)]) -> Vec<(&str, &str)> {
    parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}
