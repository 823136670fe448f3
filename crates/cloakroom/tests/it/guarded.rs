//! A service with a guard beside the real program: through a kill, a restart and a new key, and before an issuer with another
//! certificate than it should have.

use std::{
    io,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use cloakroom_engine::clock::{Clock as _, SystemClock};
use cloakroom_guard::{CookieName, Guard, Identity, Refusal, Settings};
use cloakroom_testservers::Port;
use http::request::Parts;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    person::{PASSWORD, Person},
    program::Program,
    server::soon,
    tls::{self, FILES},
};

/// The oldest that the service bears what it remembers to be.
const BOUND: Duration = Duration::from_secs(1);

/// What is logged of a certificate.
const WHY: &str = "invalid peer certificate";

/// What a busy machine may take beyond it.
const GRACE: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_who_signed_out_around_a_kill_is_let_in_beyond_the_bound() {
    Said::of_everybody();
    let mut program = Program::new().with("CLOAKROOM_DANGER_NO_THROTTLE", "true");
    // Nobody is given it while nobody serves there.
    let port = Port::free().unwrap();
    let listen = format!("--listen=localhost:{}", port.number());
    let server = program.serve_with(&[&listen]);
    let guard = Guard::start(settings(&program, server.url())).unwrap();
    let believes = async || guard.health().believes && guard.health().has_keys;
    soon("the guard hears the feed", believes).await;

    let mut ada = Person::at(&server);
    ada.sign_up("ada@example.com").await;
    let mut others = [(); 3].map(|()| Person::at(&server));
    for other in &mut others {
        other.sign_in_by("cloakroom", "ada@example.com").await;
    }
    let [bea, cy, dan] = &others;
    let mut watches = Vec::new();
    for person in [&ada, bea, cy, dan] {
        assert!(is_let_in(&guard, &person.head()).await, "{}", person.sid());
        watches.push(Watch::keep(&guard, person.head()));
    }

    // One signs out and the power fails, before anything else can be said.
    ada.signs_out().await;
    watches[0].ended();
    server.kill();
    // One is ended while nobody serves, and the key that signs becomes another one.
    program.run(&["session", "end", bea.sid()]).text();
    watches[1].ended();
    program.run(&["key", "rotate"]).text();
    soon("nobody is believed, and nobody refused for good", async || {
        matches!(guard.identify(&dan.head()).await, Err(Refusal::Unavailable))
    })
    .await;

    // One signs out as soon as somebody serves again, whether the feed is heard by then or not.
    let server = program.serve_with(&[&listen]);
    cy.signs_out().await;
    watches[2].ended();
    soon("the guard hears the feed again", believes).await;
    soon("who stayed is let in", async || is_let_in(&guard, &dan.head()).await).await;
    for ended in [&ada, bea, cy] {
        let refused = async || {
            // Of a token that the server is asked about, no more is said than that it is not good.
            let found = guard.identify(&ended.head()).await;
            let Err(why) = found else { return false };
            matches!(
                why,
                Refusal::TokenRevoked | Refusal::SessionUnknown | Refusal::InvalidToken(_)
            )
        };
        soon("who signed out is refused", refused).await;
    }
    let mut late = Person::at(&server);
    late.sign_in_by("cloakroom", "ada@example.com").await;
    assert_ne!(kid(&program, &late), kid(&program, dan), "another key signs");
    // Names of keys are worth a question every five seconds.
    soon("a key that is new is asked for", async || is_let_in(&guard, &late.head()).await).await;
    assert!(is_let_in(&guard, &dan.head()).await, "and the one before it is still good");
    for watch in &watches[..3] {
        let after = watch.let_in_after_the_end();
        println!("let in for {after:?} after the end");
        assert!(after <= BOUND + GRACE, "let in for {after:?} after the end");
    }
}

#[tokio::test]
async fn an_issuer_whose_certificate_is_not_vouched_for_is_never_believed_and_the_log_says_why() {
    let said = Said::of_everybody();
    let mut program = Program::new();
    let shown = tls::write_pair(program.folder());
    let server = program.serve_with(&FILES);
    let wish = json!({ "email": "ada@example.com", "password": PASSWORD, "carry": "token" });
    let wish = wish.to_string();
    let host = server.url().strip_prefix("https://").unwrap();
    let length = wish.len();
    let request = format!(
        "POST /api/v1/sign-up HTTP/1.1\r\nhost: {host}\r\norigin: https://{host}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{wish}"
    );
    let answer = tls::send(server.address(), &request, &shown).unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    let signed_up: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"));
    let mut ada = http::Request::get("/").body(()).unwrap().into_parts().0;
    let token = signed_up["access_token"].as_str().unwrap();
    ada.headers.insert("authorization", format!("Bearer {token}").parse().unwrap());

    let settings = settings(&program, server.url());
    let trusting = Guard::start(settings.clone().authority(shown.cert.pem())).unwrap();
    soon("who trusts the certificate lets her in", async || is_let_in(&trusting, &ada).await).await;

    let another = tls::write_pair(tempfile::tempdir().unwrap().path());
    let wary = Guard::start(settings.authority(another.cert.pem())).unwrap();
    soon("the log says why", async || {
        let refused = wary.identify(&ada).await;
        assert!(matches!(refused, Err(Refusal::Unavailable)), "{refused:?}");
        let text = said.text();
        ["the feed is not heard", "the provider's keys could not be fetched"]
            .iter()
            .all(|what| text.lines().any(|it| it.contains(what) && it.contains(WHY)))
    })
    .await;
    let health = wary.health();
    assert!(!health.believes && !health.has_keys && health.unheard_for.is_none(), "{health:?}");
}

/// A service on this machine that believes this issuer: its client is registered by a command beside the server.
fn settings(program: &Program, issuer: &str) -> Settings {
    let line = ["client", "add", "billing", "--template", "service", "--json"];
    let asks = ["--scope", "revocations", "--audience", issuer];
    let added = program.run(&[&line[..], &asks].concat()).json();
    let secret = added["secret"].as_str().unwrap();
    Settings::new(issuer, issuer)
        .service("billing", secret)
        .cookie(CookieName::SameHost)
        .max_staleness(BOUND)
}

async fn is_let_in(guard: &Guard, head: &Parts) -> bool {
    let found = guard.identify(head).await;
    found.ok().flatten().as_ref().and_then(Identity::user).is_some()
}

/// The name of the key that signed somebody's token.
fn kid(program: &Program, person: &Person) -> Value {
    let token = person.access_token().unwrap();
    let inspected = program.run_with(&["token", "inspect", "--json"], token);
    inspected.json()["header"]["kid"].clone()
}

/// Somebody who comes to the service again and again.
struct Watch {
    clock: Arc<SystemClock>,
    let_in: Arc<Mutex<Duration>>,
    ended: Mutex<Option<Duration>>,
    task: JoinHandle<()>,
}

impl Watch {
    fn keep(guard: &Guard, head: Parts) -> Self {
        let clock = Arc::new(SystemClock::new());
        let let_in = Arc::new(Mutex::new(Duration::ZERO));
        let (guard, here, noted) = (guard.clone(), Arc::clone(&clock), Arc::clone(&let_in));
        let task = tokio::spawn(async move {
            let mut turns = tokio::time::interval(Duration::from_millis(10));
            loop {
                turns.tick().await;
                if is_let_in(&guard, &head).await {
                    *noted.lock().unwrap() = here.steady();
                }
            }
        });
        Self { clock, let_in, ended: Mutex::default(), task }
    }

    /// Their session has ended: that was acknowledged.
    fn ended(&self) {
        *self.ended.lock().unwrap() = Some(self.clock.steady());
    }

    /// How long after that they were let in.
    fn let_in_after_the_end(&self) -> Duration {
        let ended = self.ended.lock().unwrap().expect("the session has ended");
        self.let_in.lock().unwrap().saturating_sub(ended)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What was logged.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl Said {
    /// One log for the whole process. Of one that is some threads' alone, another thread that comes first to a line may have
    /// nobody hear it.
    fn of_everybody() -> Self {
        static SAID: LazyLock<Said> = LazyLock::new(|| {
            let said = Said::default();
            let log = tracing_subscriber::fmt().with_writer(said.clone()).with_ansi(false);
            log.init();
            said
        });
        SAID.clone()
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Said {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Said {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
