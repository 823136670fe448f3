//! Sentences that may lead somewhere.

use std::borrow::Cow;

use askama::Template;
use askama::filters::HtmlSafe;

/// Plain words with links among them.
#[derive(Clone, Debug, Template)]
#[template(path = "part/sentence.html")]
pub struct Sentence {
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Words(Cow<'static, str>),
    Link { href: Cow<'static, str>, words: &'static str },
}

impl Sentence {
    /// A sentence, or the beginning of one.
    #[must_use]
    pub fn new(words: impl Into<Cow<'static, str>>) -> Self {
        Self { parts: vec![Part::Words(words.into())] }
    }

    /// Goes on with a link.
    #[must_use]
    pub fn link(mut self, href: impl Into<Cow<'static, str>>, words: &'static str) -> Self {
        self.parts.push(Part::Link { href: href.into(), words });
        self
    }

    /// Goes on with words.
    #[must_use]
    pub fn then(mut self, words: &'static str) -> Self {
        self.parts.push(Part::Words(words.into()));
        self
    }
}

/// The template escapes the words and the addresses.
impl HtmlSafe for Sentence {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_addresses_are_escaped() {
        let sentence = Sentence::new("<b> & ").link("/a?b=\"><script>", "there").then(".");
        assert_eq!(
            sentence.to_string(),
            "&#60;b&#62; &#38; <a href=\"/a?b=&#34;&#62;&#60;script&#62;\">there</a>."
        );
    }
}
