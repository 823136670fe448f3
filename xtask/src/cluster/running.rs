//! What runs together: nodes, what they share, and who stands before them.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use cloakroom_testservers::{HaProxy, Nginx};
use serde_json::json;

use super::RECOVERS_WITHIN;
use super::faults::{self, Fault};
use super::load::{self, Door, Place};
use super::nodes::Node;
use super::shared::Shared;
use crate::http::{Connection, Request};
use crate::server::{World, binary, free_port};
use crate::stopwatch::Stopwatch;

const EMAIL: &str = "admin@example.test";
const PASSWORD: &str = "an administrator of tests";

/// A name, how it is started below a folder, and the faults that it stands.
type Kind = (&'static str, fn(&Path) -> Result<Running>, &'static [Fault]);

pub(crate) const KINDS: &[Kind] = &[
    ("one node on SQLite", Running::alone, faults::OF_ONE_NODE),
    ("three nodes on PostgreSQL and Redis", Running::several, faults::OF_SEVERAL_NODES),
];

const NODES: usize = 3;

pub(crate) struct Running {
    pub(crate) nodes: Vec<Node>,
    pub(crate) shared: Option<Shared>,
    place: Arc<Place>,
    _balancers: Option<(Nginx, HaProxy)>,
}

impl Running {
    /// One node with a database of its own.
    fn alone(folder: &Path) -> Result<Self> {
        let (node, host) = one(folder, None)?;
        let known = prepare(&node, &host)?;
        Ok(Self::open(vec![node], None, host, known))
    }

    /// The same with a database that does not outlive it.
    ///
    /// Nobody administrates it, since the command line does not reach into its memory.
    pub(crate) fn forgetful(folder: &Path) -> Result<Self> {
        let (node, host) = one(folder, Some("memory:".to_owned()))?;
        Ok(Self::open(vec![node], None, host, (String::new(), String::new())))
    }

    fn several(folder: &Path) -> Result<Self> {
        Self::several_of(&binary(), folder)
    }

    /// Several nodes of one build that share PostgreSQL and Redis, behind nginx, whose name they have, and behind `HAProxy`.
    pub(crate) fn several_of(build: &Path, folder: &Path) -> Result<Self> {
        let shared = Shared::start(NODES)?;
        let ports = (0..NODES).map(|_| free_port()).collect::<Result<Vec<_>>>()?;
        let nginx = Nginx::in_front_of(&ports)?;
        let haproxy = HaProxy::in_front_of(&ports, Some("/healthz"))?;
        let host = format!("localhost:{}", nginx.port());
        // All at once, as an orchestrator starts them, on a database where there is nothing yet.
        let start = &|(number, port): (usize, u16)| {
            let world = World {
                database: Some(shared.database_url(number)),
                redis: Some(shared.redis_url(number)),
            };
            let name = format!("node{}", number + 1);
            Node::start(build, &name, folder, port, &host, world)
        };
        let nodes = thread::scope(|scope| {
            let each = ports.into_iter().enumerate();
            let starting: Vec<_> = each.map(|node| scope.spawn(move || start(node))).collect();
            let started = starting.into_iter().map(|it| it.join().expect("a start does not panic"));
            started.collect::<Result<Vec<_>>>()
        })?;
        let known = prepare(&nodes[0], &host)?;
        let mut running = Self::open(nodes, Some((nginx, haproxy)), host, known);
        running.shared = Some(shared);
        Ok(running)
    }

    fn open(
        nodes: Vec<Node>,
        balancers: Option<(Nginx, HaProxy)>,
        host: String,
        (administrator, app_secret): (String, String),
    ) -> Self {
        let door = |name: &str, port, is_node| Door { name: name.into(), port, is_node };
        let mut doors: Vec<Door> =
            nodes.iter().map(|node| door(&node.name, node.port, true)).collect();
        if let Some((nginx, haproxy)) = &balancers {
            doors.push(door("nginx", nginx.port(), false));
            doors.push(door("haproxy", haproxy.port(), false));
        }
        let place = Arc::new(Place { doors, host, administrator, app_secret });
        Self { nodes, shared: None, place, _balancers: balancers }
    }

    pub(crate) fn place(&self) -> &Arc<Place> {
        &self.place
    }

    /// Waits until everything can be done through every door again, and tells how long that took.
    ///
    /// # Errors
    ///
    /// When that takes longer than is stated.
    pub(crate) fn await_recovery(&self) -> Result<Duration> {
        let watch = Stopwatch::start();
        for door in &self.place.doors {
            while let Err(error) = self.place.try_all(door) {
                if watch.elapsed() > RECOVERS_WITHIN {
                    let words: Vec<String> = self.nodes.iter().map(Node::last_words).collect();
                    let (seconds, words) = (RECOVERS_WITHIN.as_secs(), words.join("\n--\n"));
                    bail!("{} does not serve after {seconds} s: {error:#}\n{words}", door.name);
                }
                thread::sleep(Duration::from_millis(50));
            }
        }
        Ok(watch.elapsed())
    }
}

/// One node, and what it is called.
fn one(folder: &Path, database: Option<String>) -> Result<(Node, String)> {
    let port = free_port()?;
    let host = format!("localhost:{port}");
    let world = World { database, redis: None };
    Ok((Node::start(&binary(), "node1", folder, port, &host, world)?, host))
}

impl Place {
    /// Asks for one thing of each kind: something that is kept for good, and something that may be lost.
    fn try_all(&self, door: &Door) -> Result<()> {
        let mut connection = Connection::calling(&self.host, door.port, Duration::from_secs(5))?;
        let write =
            Request::new("PATCH", "/api/v1/session/data/recovered").json(&json!({"well": 1}));
        let answer = connection.send(&write.header("cookie", self.administrator.as_str()))?;
        ensure!(answer.status == 200, "a write was answered {answer:?}");
        let guest = Request::post("/api/v1/guest").json(&json!({"carry": "cookie"}));
        let answer = connection.send(&guest)?;
        ensure!(answer.status == 201, "a guest was answered {answer:?}");
        Ok(())
    }
}

/// Makes an administrator and an app; gives the session of the one and the secret of the other.
fn prepare(node: &Node, host: &str) -> Result<(String, String)> {
    node.add_administrator(EMAIL, PASSWORD)?;
    let mut connection = Connection::calling(host, node.port, Duration::from_secs(30))?;
    let credentials = json!({"identifier": EMAIL, "password": PASSWORD, "carry": "cookie"});
    let answer = connection.send(&Request::post("/api/v1/sign-in").json(&credentials))?;
    ensure!(answer.status == 200, "the administrator was answered {answer:?}");
    let administrator = answer.cookie().context("no cookie")?.to_owned();
    let app = json!({
        "client_id": "app",
        "name": "An app of our own",
        "template": "web",
        "first_party": true,
        "scopes": ["openid"],
        "registration": {
            "redirect_uris": [load::CALLBACK],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "client_secret_post",
        },
    });
    let request = Request::post("/api/v1/admin/clients").header("cookie", administrator.as_str());
    let answer = connection.send(&request.json(&app))?;
    ensure!(answer.status == 201, "a client was answered {answer:?}");
    let app_secret = answer.json()["client_secret"].as_str().context("no secret")?.to_owned();
    Ok((administrator, app_secret))
}
