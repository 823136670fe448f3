//! A private Redis on a free port.

use std::time::Duration;

use cloakroom_store_redis::{Connection, Settings};
use cloakroom_testservers::{Redis, redis};

/// The longest that anything is awaited.
pub(crate) const GENEROUS: Duration = Duration::from_secs(30);

/// A running server that asks for a password, and ends with this.
pub(crate) struct Server {
    redis: Redis,
}

impl Server {
    pub(crate) fn start() -> Self {
        let settings = redis::Settings { password: true, ..redis::Settings::default() };
        let redis = Redis::start_with(settings).unwrap();
        Self { redis }
    }

    pub(crate) fn url(&self) -> String {
        self.redis.url()
    }

    /// Ends it and forgets what it held.
    pub(crate) fn stop(&mut self) {
        self.redis.kill().unwrap();
    }

    /// Starts it again, empty.
    pub(crate) fn start_again(&mut self) {
        self.redis.start_empty().unwrap();
    }

    /// Stops it in its tracks.
    pub(crate) fn pause(&self) {
        self.redis.pause().unwrap();
    }

    /// Lets it go on.
    pub(crate) fn go_on(&self) {
        self.redis.go_on().unwrap();
    }
}

/// A way there, under a prefix.
pub(crate) fn connection(server: &Server, prefix: &str) -> Connection {
    let mut settings = Settings::parse(&server.url()).unwrap();
    prefix.clone_into(&mut settings.prefix);
    // What is tried by it is not how fast a busy machine answers.
    settings.connect = Duration::from_secs(5);
    settings.answer = Duration::from_secs(5);
    Connection::open(settings)
}
