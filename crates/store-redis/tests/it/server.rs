//! A private Redis on a free port.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, ChildStdout, Command, Stdio};

use std::time::Duration;

use cloakroom_engine::Engine;
use cloakroom_engine::begin::SignedIn;
use cloakroom_engine::sign_up::SignUp;
use cloakroom_engine::visitor::Browser;
use cloakroom_model::password::Password;
use cloakroom_model::session::Carrier;
use cloakroom_store_redis::{Connection, Settings};
use cloakroom_testkit::engine::{PASSWORD, visitor};
use tempfile::TempDir;

/// The longest that anything is awaited.
pub(crate) const GENEROUS: Duration = Duration::from_secs(30);

/// A running server, which ends with this.
pub(crate) struct Server {
    pub(crate) port: u16,
    child: Child,
    /// What it says: a pipe that nobody holds would end it.
    told: BufReader<ChildStdout>,
    folder: TempDir,
}

impl Server {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let folder = tempfile::tempdir().unwrap();
        let (child, told) = run(port, &folder);
        Self { port, child, told, folder }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://:hush@127.0.0.1:{}", self.port)
    }

    /// Ends it and forgets what it held.
    pub(crate) fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again, empty.
    pub(crate) fn start_again(&mut self) {
        (self.child, self.told) = run(self.port, &self.folder);
    }

    /// Stops it in its tracks, or lets it go on.
    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a server and waits until it listens.
fn run(port: u16, folder: &TempDir) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--save", "", "--requirepass", "hush", "--dir"])
        .arg(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("redis-server is installed");
    let mut told = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("Ready to accept connections") {
        line.clear();
        assert_ne!(told.read_line(&mut line).unwrap(), 0, "redis-server ended");
    }
    (child, told)
}

/// A way there, under a prefix.
pub(crate) fn connection(server: &Server, prefix: &str) -> Connection {
    let mut settings = Settings::parse(&server.url()).unwrap();
    prefix.clone_into(&mut settings.prefix);
    Connection::open(settings)
}

/// Ada, signed in at an engine.
pub(crate) async fn ada(engine: &Engine, carry: Carrier) -> SignedIn {
    let wish = SignUp {
        email: "ada@example.com".to_owned(),
        username: None,
        password: Password::new(PASSWORD.to_owned()).unwrap(),
        carry,
        client: None,
        remember: false,
        set_up: None,
        browser: Browser::default(),
    };
    engine.sign_up(wish, &visitor()).await.unwrap()
}
