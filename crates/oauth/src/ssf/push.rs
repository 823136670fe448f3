//! RFC 8935: a token is posted to its receiver, which takes it or says what is wrong with it.

use cloakroom_jose::strict_json;
use serde_json::Value;

/// What a receiver answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    /// It has the token (§2.2).
    Taken,
    /// It cannot take the token, and says why (§2.3).
    Refused(String),
    /// It takes nothing from this sender, or not now.
    Failed(String),
}

impl Answer {
    /// What a status and a body say.
    #[must_use]
    pub fn of(status: u16, body: &[u8]) -> Self {
        match status {
            // §2.2 says 202; frameworks put others in its place.
            200..=299 => Self::Taken,
            400 => match error(body) {
                // The receiver does not know who sends: another credential may come, and the token is good.
                Some((code, _)) if matches!(&*code, "authentication_failed" | "access_denied") => {
                    Self::Failed(code)
                }
                Some((code, sentence)) => Self::Refused(told(&code, &sentence)),
                None => Self::Failed("it answered 400".to_owned()),
            },
            status => Self::Failed(format!("it answered {status}")),
        }
    }
}

/// A code and a sentence, short enough for a line of a log and without what could forge one.
pub(super) fn told(code: &str, sentence: &str) -> String {
    let printable = |text: &str, most: usize| -> String {
        text.chars().filter(|letter| !letter.is_control()).take(most).collect()
    };
    match printable(sentence, 200) {
        sentence if sentence.is_empty() => printable(code, 50),
        sentence => format!("{}: {sentence}", printable(code, 50)),
    }
}

fn error(body: &[u8]) -> Option<(String, String)> {
    strict_json::check(body, 4).ok()?;
    let body: Value = serde_json::from_slice(body).ok()?;
    let text = |name| body.get(name).and_then(Value::as_str).map(str::to_owned);
    Some((text("err")?, text("description").unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_takes_a_token_or_says_what_is_wrong() {
        let refused = br#"{"err":"invalid_key","description":"no\nsuch key"}"#;
        for (status, body, expected) in [
            (202, &b""[..], Answer::Taken),
            (200, b"", Answer::Taken),
            (204, b"", Answer::Taken),
            (400, refused, Answer::Refused("invalid_key: nosuch key".into())),
            (400, br#"{"err":"access_denied"}"#, Answer::Failed("access_denied".into())),
            (400, b"<html>", Answer::Failed("it answered 400".into())),
            (401, refused, Answer::Failed("it answered 401".into())),
            (302, b"", Answer::Failed("it answered 302".into())),
            (503, b"", Answer::Failed("it answered 503".into())),
        ] {
            assert_eq!(Answer::of(status, body), expected, "{status}");
        }
    }
}
