//! Other servers, as a test has them: pages in a map, and what was posted.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use cloakroom_engine::fetch::{Fetch, FetchError, Fetched, Limits, Message};
use url::Url;

/// Other servers. Whoever asks for what is not in the map is told that nobody answers.
#[derive(Debug, Default)]
pub struct OtherServers {
    pages: Mutex<BTreeMap<String, Result<Fetched, FetchError>>>,
    asked: Mutex<Vec<String>>,
    posted: Mutex<Vec<Posted>>,
    sent: Mutex<Vec<Sent>>,
}

/// A message that was posted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sent {
    /// To where.
    pub url: String,
    /// As what.
    pub content_type: String,
    /// For which answer.
    pub accept: String,
    /// With what in `Authorization`.
    pub authorization: Option<String>,
    /// The message.
    pub body: String,
}

/// A form that was posted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Posted {
    /// To where.
    pub url: String,
    /// Its fields.
    pub form: Vec<(String, String)>,
}

impl OtherServers {
    /// From now on this is what is at a URL.
    pub fn put(&self, url: &str, content_type: &str, body: &str) {
        let fetched = Fetched {
            status: 200,
            content_type: Some(content_type.to_owned()),
            body: body.as_bytes().into(),
            fresh_for: Duration::from_mins(5),
        };
        self.answer(url, fetched);
    }

    /// From now on this is what is answered at a URL.
    pub fn answer(&self, url: &str, fetched: Fetched) {
        self.pages().insert(url.to_owned(), Ok(fetched));
    }

    /// From now on there is no answer at a URL.
    pub fn fail(&self, url: &str, why: FetchError) {
        self.pages().insert(url.to_owned(), Err(why));
    }

    /// The URLs that were got so far, whatever was there.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on nobody answers at a URL.
    pub fn take(&self, url: &str) {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).remove(url);
    }

    /// What was posted so far, to whichever URL.
    #[must_use]
    pub fn posted(&self) -> Vec<Posted> {
        self.posted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The messages that were posted so far, to whichever URL.
    #[must_use]
    pub fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn pages(&self) -> MutexGuard<'_, BTreeMap<String, Result<Fetched, FetchError>>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, url: &Url, limits: Limits) -> Result<Fetched, FetchError> {
        if url.scheme() != "https" {
            return Err(FetchError::Url("it is not https"));
        }
        let page = self.pages().get(url.as_str()).cloned();
        let page = page.ok_or_else(|| FetchError::Unreachable("nothing is there".to_owned()))??;
        if page.body.len() > limits.bytes { Err(FetchError::TooLarge) } else { Ok(page) }
    }
}

#[async_trait]
impl Fetch for OtherServers {
    async fn fetch(&self, url: &Url, limits: Limits) -> Result<Fetched, FetchError> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(url.as_str().to_owned());
        self.find(url, limits)
    }

    /// Nothing is remembered here, so every answer is new.
    async fn fetch_anew(&self, url: &Url, limits: Limits) -> Result<Fetched, FetchError> {
        self.fetch(url, limits).await
    }

    async fn post(
        &self,
        url: &Url,
        form: &[(&str, &str)],
        limits: Limits,
    ) -> Result<Fetched, FetchError> {
        let own = |text: &&str| (*text).to_owned();
        let form = form.iter().map(|(name, value)| (own(name), own(value))).collect();
        let answer = self.find(url, limits)?;
        let mut posted = self.posted.lock().unwrap_or_else(PoisonError::into_inner);
        posted.push(Posted { url: url.as_str().to_owned(), form });
        Ok(answer)
    }

    async fn send(
        &self,
        url: &Url,
        message: Message<'_>,
        limits: Limits,
    ) -> Result<Fetched, FetchError> {
        let answer = self.find(url, limits)?;
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.push(Sent {
            url: url.as_str().to_owned(),
            content_type: message.content_type.to_owned(),
            accept: message.accept.to_owned(),
            authorization: message.authorization.map(str::to_owned),
            body: message.body.to_owned(),
        });
        Ok(answer)
    }
}
