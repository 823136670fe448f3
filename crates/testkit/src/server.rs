//! A server in this process, behind no socket: requests go in at the edge and answers come out of it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use cloakroom_engine::Engine;
use cloakroom_engine::settings::Settings;
use cloakroom_engine::users::{AddUser, Credential};
use cloakroom_model::event::Actor;
use cloakroom_model::password::Password;
use cloakroom_model::user::{Email, Role, User};
use cloakroom_server::app::{self, App};
use cloakroom_server::edge::Edge;
use cloakroom_server::layers::client_certificate::Sources;
use cloakroom_store::Store;
use cloakroom_store::memory::Memory;
use http::Request;

use crate::browser::Browser;
use crate::clock::HandClock;
use crate::engine::{self, ISSUER, PASSWORD};
use crate::fetch::OtherServers;

/// A server in this process. Clones are the same server.
#[derive(Clone)]
pub struct Server {
    edge: Arc<Edge>,
    /// Its engine.
    pub engine: Engine,
    /// Its clock, and the store's.
    pub clock: HandClock,
    /// Other servers, as it sees them.
    pub others: Arc<OtherServers>,
    app: App,
}

/// What a test may want otherwise.
pub struct Setup {
    /// How the engine is set up.
    pub engine: Settings,
    /// How the server is set up.
    pub server: app::Settings,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            engine: engine::settings(),
            server: app::Settings {
                public_url: ISSUER.parse().expect("the issuer is a URL"),
                trusted_proxies: Vec::new(),
                body_limit: 128 * 1024,
                cookie_domain: None,
                forward_auth: Vec::new(),
                mtls_url: None,
                client_certificates: Sources::default(),
            },
        }
    }
}

impl Server {
    /// On the memory store.
    pub async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// On the memory store, set up otherwise.
    pub async fn with(change: impl FnOnce(&mut Setup)) -> Self {
        let clock = HandClock::default();
        let store = Arc::new(Memory::new(clock.for_store()));
        Self::on(store, clock, change).await
    }

    /// On the memory store, known by this URL.
    ///
    /// # Panics
    ///
    /// When it is no URL that a server may have.
    pub async fn called(url: &str) -> Self {
        Self::with(|setup| {
            url.clone_into(&mut setup.engine.issuer);
            setup.server.public_url = url.parse().unwrap();
        })
        .await
    }

    /// On any store whose time is the clock's.
    ///
    /// # Panics
    ///
    /// When the engine does not start.
    pub async fn on(
        store: Arc<dyn Store>,
        clock: HandClock,
        change: impl FnOnce(&mut Setup),
    ) -> Self {
        const SEED: u64 = 0xC10A;
        let mut setup = Setup::default();
        change(&mut setup);
        let engine = engine::on(store, &clock, SEED, setup.engine).await;
        let others = Arc::new(OtherServers::default());
        let app = App::new(engine.clone(), others.clone(), setup.server);
        Self { edge: Arc::new(Edge::new(app.clone())), engine, clock, others, app }
    }

    /// A browser on this machine that has been nowhere.
    #[must_use]
    pub fn browser(&self) -> Browser {
        Browser::new(self.clone())
    }

    /// Adds a user with these roles and the password of all tests, as an operator does.
    ///
    /// # Panics
    ///
    /// When there is one of this name.
    pub async fn add_user(&self, name: &str, roles: &[&str]) -> User {
        let add = AddUser {
            email: Email::parse(&format!("{name}@example.com")).unwrap(),
            username: None,
            roles: roles.iter().map(|role| Role::parse(role).unwrap()).collect(),
            credential: Credential::Password(Password::new(PASSWORD.to_owned()).unwrap()),
        };
        self.engine.add_user(add, Actor::Operator, &engine::visitor()).await.unwrap()
    }

    /// A browser in which an administrator is signed in by cookie.
    pub async fn administrator(&self) -> Browser {
        self.add_user("root", &["admin"]).await;
        self.administrator_again().await
    }

    /// Another browser of the same administrator.
    pub async fn administrator_again(&self) -> Browser {
        let mut browser = self.browser();
        browser.sign_in("root", "cookie").await;
        browser
    }

    /// Where requests come in, for a listener.
    #[must_use]
    pub fn edge(&self) -> Arc<Edge> {
        Arc::clone(&self.edge)
    }

    /// What the operators' listener of this server answers.
    #[must_use]
    pub fn operators(&self) -> cloakroom_server::operators::Operators {
        cloakroom_server::operators::Operators::new(self.app.clone())
    }

    /// Answers a request from this machine.
    pub async fn answer(&self, request: Request<Body>) -> Response {
        self.answer_to(request, SocketAddr::from((Ipv4Addr::LOCALHOST, 40_000))).await
    }

    /// Answers a request from `peer`.
    pub async fn answer_to(&self, request: Request<Body>, peer: SocketAddr) -> Response {
        self.edge.handle(request, peer).await
    }
}
