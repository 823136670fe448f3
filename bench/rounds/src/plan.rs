//! What is asked, and what is learned from the answers.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::connection::Answer;

/// What a connection knows, by names that stand in braces where it is said.
pub(crate) type Known = BTreeMap<String, String>;

#[derive(Deserialize, Serialize)]
pub(crate) struct Plan {
    /// A round is each of them once, in this order.
    pub(crate) steps: Vec<Step>,
    /// What each connection knows in the beginning.
    pub(crate) connections: Vec<Known>,
}

#[derive(Deserialize, Serialize)]
pub(crate) struct Step {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
    /// That of a good answer.
    status: u16,
    /// What is learned from a good answer: a name, and between which texts it stands.
    learn: Vec<(String, String, String)>,
}

impl Step {
    /// The request, as it is sent.
    pub(crate) fn request(&self, known: &Known, port: u16) -> String {
        let Self { method, path, headers, body, .. } = self;
        let path = filled(path, known);
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: localhost:{port}\r\n");
        for (name, value) in headers {
            request.extend([name, ": ", &filled(value, known), "\r\n"]);
        }
        let body = body.as_ref().map(|body| filled(body, known));
        if let Some(body) = &body {
            request.extend(["content-length: ", &body.len().to_string(), "\r\n"]);
        }
        request.extend(["\r\n", body.as_deref().unwrap_or_default()]);
        request
    }

    /// Holds an answer to what was expected, and keeps what later steps need.
    pub(crate) fn learn(&self, Answer { status, text }: &Answer, known: &mut Known) -> Result<()> {
        let Self { method, path, .. } = self;
        ensure!(*status == self.status, "{method} {path} was answered\n{text}");
        for (name, after, before) in &self.learn {
            let value = text.split_once(after).and_then(|(_, rest)| rest.split_once(before));
            let (value, _) =
                value.with_context(|| format!("{method} {path}: no {name} in\n{text}"))?;
            known.insert(name.clone(), value.to_owned());
        }
        Ok(())
    }
}

/// The text with what is known in place of the names in braces.
fn filled(text: &str, known: &Known) -> String {
    let mut filled = text.to_owned();
    for (name, value) in known {
        filled = filled.replace(&format!("{{{name}}}"), value);
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_says_what_the_one_before_it_learned() {
        let mut known = Known::from([("cookie".to_owned(), "a=b".to_owned())]);
        step().learn(&answer(303, "location: /?code=c1&state=s\r\n\r\n"), &mut known).unwrap();
        assert_eq!(known["code"], "c1");
        let next = Step { body: Some("code={code}".to_owned()), ..step() };
        assert_eq!(
            next.request(&known, 80),
            "GET / HTTP/1.1\r\nhost: localhost:80\r\ncookie: a=b\r\ncontent-length: 7\r\n\r\ncode=c1"
        );
    }

    #[test]
    fn an_answer_that_was_not_expected_is_an_error() {
        let learned = |status, text| step().learn(&answer(status, text), &mut Known::new());
        assert!(learned(303, "location: /?code=c1&state=s").is_ok());
        assert!(learned(400, "location: /?code=c1&state=s").is_err());
        assert!(learned(303, "location: /?error=denied&state=s").is_err());
    }

    fn step() -> Step {
        Step {
            method: "GET".to_owned(),
            path: "/".to_owned(),
            headers: vec![("cookie".to_owned(), "{cookie}".to_owned())],
            body: None,
            status: 303,
            learn: vec![("code".to_owned(), "code=".to_owned(), "&".to_owned())],
        }
    }

    fn answer(status: u16, text: &str) -> Answer {
        Answer { status, text: text.to_owned() }
    }
}
