//! Clients whose keys lie at a URL of theirs: the real server asks a real one, or refuses to.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use cloakroom_engine::clock::{Clock as _, SystemClock};
use cloakroom_jose::{Algorithm, Signer, SigningKey};
use rcgen::CertifiedKey;
use rustls::{
    ServerConfig, ServerConnection, StreamOwned, crypto::aws_lc_rs, pki_types::PrivateKeyDer,
};
use serde_json::{Value, json};

use crate::{
    program::{Program, Ran},
    server::Server,
};

const HERE: &str = "--danger-fetch-private-networks=127.0.0.0/8,::1/128";

#[tokio::test]
async fn a_server_asks_a_client_for_its_keys_and_no_machine_behind_it() {
    let key = Arc::new(SigningKey::generate(Algorithm::Es256).unwrap());
    let key_set = json!({ "keys": [key.public_jwk().unwrap()] }).to_string();
    let mut program = Program::new();
    let other = Other::start(&program, &found(&key_set));
    registered(&mut program, &other);
    let server = program.serve_with(&["--fetch-ca=other.pem", HERE]);
    let granted = ask(&server, &key).await;
    assert_eq!(granted["token_type"], "Bearer", "{granted}");
    assert_eq!(other.asked(), 1);
    server.stop();

    // The same without the danger: what only this machine can reach is not reached through it.
    let server = program.serve_with(&["--fetch-ca=other.pem"]);
    let refused = ask(&server, &key).await;
    assert_eq!(refused["error"], "invalid_client");
    let told = refused["error_description"].as_str().unwrap();
    assert!(told.contains("an address that is not public"), "{told}");
    assert_eq!(other.asked(), 1, "nobody was asked");
    let log = fs::read_to_string(program.folder().join("server.log")).unwrap();
    let line = log.lines().find(|line| line.contains("a client's keys could not be read"));
    assert!(line.is_some_and(|line| line.contains("billing")), "{log}");
}

#[tokio::test]
async fn what_is_no_key_set_of_a_bearable_size_is_none() {
    let key = Arc::new(SigningKey::generate(Algorithm::Es256).unwrap());
    let key_set = json!({ "keys": [key.public_jwk().unwrap()] }).to_string();
    let mut program = Program::new();
    let other = Other::start(&program, &found(&key_set));
    registered(&mut program, &other);
    let large = found(&format!("{key_set}{}", " ".repeat(64 << 10)));
    let location = format!("location: {}", other.url());
    let moved = format!("HTTP/1.1 302 Found\r\n{location}\r\ncontent-length: 0\r\n\r\n");
    for (answer, why) in [
        (large, "is too large"),
        (moved, "did not answer with a key set"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_owned(), "is not application/"),
    ] {
        other.answer(&answer);
        let asked = other.asked();
        // A server that has just begun remembers nothing.
        let server = program.serve_with(&["--fetch-ca=other.pem", HERE]);
        let refused = ask(&server, &key).await;
        let told = refused["error_description"].as_str().unwrap();
        assert!(told.contains(why), "{told}");
        assert_eq!(other.asked(), asked + 1, "once, and a redirect leads nowhere");
        server.stop();
    }
    other.answer(&found(&key_set));
    let server = program.serve_with(&["--fetch-ca=other.pem", HERE]);
    assert_eq!(ask(&server, &key).await["token_type"], "Bearer");
}

#[test]
fn keys_are_published_by_https_alone() {
    let mut program = Program::new();
    let _server = program.serve();
    for url in ["http://app.example/keys", "ftp://app.example/keys", "keys.json"] {
        let complaint = register(&program, url).refused(2);
        assert!(complaint.contains("jwks_uri: expected a https URL"), "{complaint}");
    }
    let added = register(&program, "https://app.example/keys").json();
    assert_eq!(added["client"]["registration"]["jwks_uri"], "https://app.example/keys");
}

/// The service is there before the server that is asked.
fn registered(program: &mut Program, other: &Other) {
    let server = program.serve();
    register(program, &other.url()).json();
    server.stop();
}

/// A service that signs, with its keys at a URL.
fn register(program: &Program, url: &str) -> Ran {
    program.run(&[
        "client",
        "add",
        "billing",
        "--template=service",
        "--auth-method=private_key_jwt",
        &format!("--jwks-uri={url}"),
        "--json",
    ])
}

/// Asks for a token with an assertion by this key.
async fn ask(server: &Server, key: &Arc<SigningKey>) -> Value {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let url = server.url();
    let now = SystemClock::new().wall().seconds();
    let claims = json!({
        "iss": "billing", "sub": "billing", "aud": url, "exp": now + 60,
        "jti": format!("number {}", ASKED.fetch_add(1, Ordering::SeqCst)),
    });
    let assertion = Signer::new(Arc::clone(key), "client-authentication+jwt").sign(&claims);
    let answer = reqwest::Client::new()
        .post(format!("{url}/oauth/token"))
        .form(&[
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &assertion.unwrap()),
        ])
        .send();
    serde_json::from_str(&answer.await.unwrap().text().await.unwrap()).unwrap()
}

fn found(body: &str) -> String {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ";
    format!("{head}{}\r\n\r\n{body}", body.len())
}

/// Another server on this machine, whose certificate lies in `other.pem`.
struct Other {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
    answer: Arc<Mutex<String>>,
}

impl Other {
    fn start(program: &Program, answer: &str) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(program.folder().join("other.pem"), made.cert.pem()).unwrap();
        let CertifiedKey { cert, signing_key } = made;
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let (config, socket) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
        let address = socket.local_addr().unwrap();
        let (asked, answer) =
            (Arc::<AtomicUsize>::default(), Arc::new(Mutex::new(answer.to_owned())));
        let (counted, said) = (Arc::clone(&asked), Arc::clone(&answer));
        thread::spawn(move || {
            for stream in socket.incoming() {
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = StreamOwned::new(connection, stream.unwrap());
                // A request without a body comes in one piece.
                if stream.read(&mut [0; 4096]).is_ok_and(|read| read > 0) {
                    counted.fetch_add(1, Ordering::SeqCst);
                    let answer = said.lock().unwrap().clone();
                    // Whoever had enough has gone.
                    let _ = stream.write_all(answer.as_bytes());
                    stream.conn.send_close_notify();
                    let _ = stream.flush();
                }
            }
        });
        Self { address, asked, answer }
    }

    fn url(&self) -> String {
        format!("https://localhost:{}/keys", self.address.port())
    }

    fn answer(&self, answer: &str) {
        answer.clone_into(&mut self.answer.lock().unwrap());
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}
