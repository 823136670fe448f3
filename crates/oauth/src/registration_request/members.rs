//! RFC 7591 §2: the members of a client's metadata, each read as what it must be, or refused by its name.

use cloakroom_jose::{Algorithms, strict_json};
use serde_json::{Map, Value};

use crate::error::{Code, Error};
use crate::uri::Absolute;

/// The longest document that is read, in bytes.
const MAX_BYTES: usize = 64 * 1024;
/// The deepest nesting of it; a key set needs four.
const MAX_DEPTH: usize = 8;
/// The longest text in it but for a key set, in bytes.
const MAX_TEXT: usize = 2048;
/// The most texts of a list.
const MAX_TEXTS: usize = 32;
/// The longest name for people, in characters.
const MAX_NAME: usize = 100;

/// The members of one document. One that is null is not there.
pub(crate) struct Members(Map<String, Value>);

pub(crate) fn invalid(name: &str, why: &str) -> Error {
    Error::new(Code::InvalidClientMetadata, format!("{name}: {why}"))
}

impl Members {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Error> {
        let refused = |why: &'static str| Error::new(Code::InvalidClientMetadata, why);
        if body.len() > MAX_BYTES {
            return Err(refused("the metadata is too long"));
        }
        strict_json::check(body, MAX_DEPTH)
            .map_err(|why| Error::new(Code::InvalidClientMetadata, why.to_string()))?;
        match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            _ => Err(refused("expected a JSON object")),
        }
    }

    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Error> {
        self.value(name)
            .map(|value| short(value).ok_or_else(|| invalid(name, "expected a text")))
            .transpose()
    }

    /// A list of texts, empty where there is none.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>, Error> {
        let Some(value) = self.value(name) else { return Ok(Vec::new()) };
        let texts = value.as_array().filter(|texts| texts.len() <= MAX_TEXTS);
        texts
            .and_then(|texts| texts.iter().map(|text| short(text).map(str::to_owned)).collect())
            .ok_or_else(|| invalid(name, "expected a list of texts, and not a long one"))
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool, Error> {
        let Some(value) = self.value(name) else { return Ok(false) };
        value.as_bool().ok_or_else(|| invalid(name, "expected true or false"))
    }

    pub(crate) fn seconds(&self, name: &str) -> Result<Option<u64>, Error> {
        self.value(name)
            .map(|value| {
                let seconds = value.as_u64().filter(|seconds| u32::try_from(*seconds).is_ok());
                seconds.ok_or_else(|| invalid(name, "expected a number of seconds"))
            })
            .transpose()
    }

    /// The thing that a word names.
    pub(crate) fn one_of<T>(
        &self,
        name: &str,
        words: impl Iterator<Item = (&'static str, T)>,
    ) -> Result<Option<T>, Error> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        find(name, text, words).map(Some)
    }

    /// The things that a list of words names; `None` where there is no list.
    pub(crate) fn several_of<T, const N: usize>(
        &self,
        name: &str,
        words: [(&'static str, T); N],
    ) -> Result<Option<Vec<T>>, Error>
    where
        T: Copy,
    {
        if !self.has(name) {
            return Ok(None);
        }
        let texts = self.texts(name)?;
        texts
            .iter()
            .map(|text| find(name, text, words.into_iter()))
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// The name of one of these algorithms.
    pub(crate) fn algorithm(
        &self,
        name: &str,
        allowed: Algorithms,
    ) -> Result<Option<String>, Error> {
        let words = allowed.iter().map(|algorithm| (algorithm.name(), algorithm));
        Ok(self.one_of(name, words)?.map(|algorithm| algorithm.name().to_owned()))
    }

    /// The client's name for people: one line, and not a long one.
    pub(crate) fn name(&self) -> Result<Option<String>, Error> {
        let Some(name) = self.text("client_name")?.map(str::trim) else { return Ok(None) };
        let line = name.chars().count() <= MAX_NAME && !name.chars().any(char::is_control);
        if !line {
            return Err(invalid("client_name", "expected one line of at most 100 characters"));
        }
        Ok((!name.is_empty()).then(|| name.to_owned()))
    }

    /// Where something can be fetched from: `https`.
    pub(crate) fn address(&self, name: &str) -> Result<Option<String>, Error> {
        self.url(name, "expected a https URL", |url| url.scheme() == "https")
    }

    /// Several of them.
    pub(crate) fn addresses(&self, name: &str) -> Result<Vec<String>, Error> {
        let texts = self.texts(name)?;
        let good = |text: &String| {
            Absolute::parse(text).is_ok_and(|url| url.scheme() == "https" && url.host().is_some())
        };
        if texts.iter().all(good) { Ok(texts) } else { Err(invalid(name, "expected https URLs")) }
    }

    /// Where this server or a browser goes by itself: `https`, or `http` on this very machine.
    pub(crate) fn endpoint(&self, name: &str) -> Result<Option<String>, Error> {
        let expected = "expected a https URL without a fragment, or one of http on localhost";
        self.url(name, expected, |url| {
            let local = matches!(url.host(), Some("localhost" | "127.0.0.1" | "[::1]"));
            !url.has_fragment() && (url.scheme() == "https" || url.scheme() == "http" && local)
        })
    }

    /// Where a person may go.
    pub(crate) fn page(&self, name: &str) -> Result<Option<String>, Error> {
        self.url(name, "expected a URL of the web", |url| matches!(url.scheme(), "https" | "http"))
    }

    fn url(
        &self,
        name: &str,
        expected: &str,
        is_good: impl Fn(&Absolute) -> bool,
    ) -> Result<Option<String>, Error> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        match Absolute::parse(text) {
            Ok(url) if url.host().is_some() && is_good(&url) => Ok(Some(text.to_owned())),
            _ => Err(invalid(name, expected)),
        }
    }
}

fn short(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| text.len() <= MAX_TEXT)
}

fn find<T>(
    name: &str,
    text: &str,
    words: impl Iterator<Item = (&'static str, T)>,
) -> Result<T, Error> {
    let mut known = Vec::new();
    for (word, thing) in words {
        if word == text {
            return Ok(thing);
        }
        known.push(word);
    }
    Err(invalid(name, &format!("expected one of {}", known.join(", "))))
}
