//! The way out as one value: what is asked, how much at once, and what is remembered.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use cloakroom_engine::clock::Clock;
use cloakroom_engine::fetch::{Fetch, FetchError, Fetched, Limits, Message};
use ipnet::IpNet;
use tokio::sync::Semaphore;
use url::{Position, Url, form_urlencoded};

use crate::address::Addresses;
use crate::connect::Connector;
use crate::exchange::{Post, Question, exchange};
use crate::remembered::{Found, Remembered, Since};
use crate::resolve::Resolve;
use crate::roots::{self, RootsError};
use crate::target::Target;

/// How many other servers are asked at once; more questions wait, and their time runs.
const AT_ONCE: usize = 64;

/// What an operator can set of the way out.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// A file in PEM with an authority that is believed beside the operating system's.
    pub authority: Option<PathBuf>,
    /// Networks that may be asked although they are not public.
    pub danger_private_networks: Vec<IpNet>,
}

/// The only way out.
pub struct Outbound {
    connector: Connector,
    places: Semaphore,
    remembered: Remembered,
    clock: Arc<dyn Clock>,
}

impl Outbound {
    /// Reads the authorities. Nobody is asked yet.
    pub fn new(
        settings: Settings,
        resolver: Arc<dyn Resolve>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, RootsError> {
        let tls = roots::client(settings.authority.as_deref(), Arc::clone(&clock))?;
        let addresses = Addresses::new(settings.danger_private_networks);
        Ok(Self {
            connector: Connector { addresses, resolver, tls: Arc::new(tls) },
            places: Semaphore::new(AT_ONCE),
            remembered: Remembered::new(),
            clock,
        })
    }

    /// What is remembered and new enough, or else what is answered.
    async fn look_up(
        &self,
        url: &Url,
        limits: Limits,
        since: Since,
    ) -> Result<Fetched, FetchError> {
        let target = Target::of(url)?;
        // What stands behind a `#` is nobody's business but a browser's.
        let question = (url[..Position::AfterQuery].into(), limits.bytes);
        let looking = self.remembered.find(&question, since, self.clock.steady());
        // Somebody else may be asking, with more time than this caller has.
        match tokio::time::timeout(limits.time, looking).await {
            Err(_) => Err(FetchError::TooSlow),
            Ok(Found::Answer(answer)) => answer,
            Ok(Found::Nothing(asking)) => {
                let answer = self.ask(&target, Question::Get, limits).await;
                asking.tell(&answer, self.clock.steady());
                answer
            }
        }
    }

    /// Asks, whatever is remembered.
    async fn ask(
        &self,
        target: &Target<'_>,
        question: Question,
        limits: Limits,
    ) -> Result<Fetched, FetchError> {
        let mut place = None;
        let asking = async {
            place = self.places.acquire().await.ok();
            let stream = self.connector.connect(target).await?;
            exchange(stream, target, question, limits).await
        };
        match tokio::time::timeout(limits.time, asking).await {
            Ok(answer) => answer,
            Err(_) if place.is_none() => Err(FetchError::Busy),
            Err(_) => Err(FetchError::TooSlow),
        }
    }
}

#[async_trait]
impl Fetch for Outbound {
    async fn fetch(&self, url: &Url, limits: Limits) -> Result<Fetched, FetchError> {
        self.look_up(url, limits, Since::Ever).await
    }

    async fn fetch_anew(&self, url: &Url, limits: Limits) -> Result<Fetched, FetchError> {
        self.look_up(url, limits, Since::Now).await
    }

    async fn post(
        &self,
        url: &Url,
        form: &[(&str, &str)],
        limits: Limits,
    ) -> Result<Fetched, FetchError> {
        let target = Target::of(url)?;
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.ask(&target, Question::Post(Post::form(body)), limits).await
    }

    async fn send(
        &self,
        url: &Url,
        message: Message<'_>,
        limits: Limits,
    ) -> Result<Fetched, FetchError> {
        let target = Target::of(url)?;
        self.ask(&target, Question::Post(Post::message(message)?), limits).await
    }
}
