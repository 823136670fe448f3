//! What a client says of itself, beside a page that it sent somebody to. Nobody has checked it, and its logo is a link like
//! the rest: no page of ours asks another host for anything.

/// A client's name and the addresses it gave, as it says.
#[derive(Clone, Debug, Default)]
pub struct Says {
    /// Its name for people.
    pub client: String,
    /// Its home page, policy, terms and logo, with the words for each.
    pub links: Vec<(&'static str, String)>,
}
