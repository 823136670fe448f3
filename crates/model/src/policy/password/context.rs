//! The words that somebody who attacks this server, or this user, would try first.

use zeroize::Zeroizing;

use super::fold;

/// Words of the service: the product's name, the host it is reached by, and each label of that host.
#[derive(Clone, Debug, Default)]
pub struct ServiceWords(Vec<String>);

impl ServiceWords {
    /// The words of a server that people reach at `host`, and `more` that the operator names (the company, the
    /// product, the project).
    #[must_use]
    pub fn new<'a>(host: &'a str, more: impl IntoIterator<Item = &'a str>) -> Self {
        let words = ["cloakroom", host].into_iter().chain(host.split('.')).chain(more);
        Self(
            words
                .map(|word| fold(word.trim()).to_string())
                .filter(|word| !word.is_empty())
                .collect(),
        )
    }

    pub(super) fn contains(&self, folded: &str) -> bool {
        self.0.iter().any(|word| word == folded)
    }
}

/// The names of the one whose password it will be.
#[derive(Clone, Copy, Debug, Default)]
pub struct About<'a> {
    /// The whole address is such a word, and so are both its sides.
    pub email: Option<&'a str>,
    /// The name to sign in with.
    pub username: Option<&'a str>,
}

impl About<'_> {
    pub(super) fn words(&self) -> Vec<Zeroizing<String>> {
        let sides = self.email.and_then(|email| email.split_once('@'));
        let (local, domain) = sides.unzip();
        let names = [self.email, local, domain, self.username].into_iter().flatten();
        names.filter(|name| !name.is_empty()).map(fold).collect()
    }
}
